"""What Rasa runs: components, policies and stores. Beside ``channels``, the only folder that imports Rasa."""

from parlance.rasa.dialogue_policy import DialoguePolicy
from parlance.rasa.other_language import OtherLanguage
from parlance.rasa.transformer_nlu import TransformerNLU
from parlance.rasa.turn_policy import TurnPolicy

__all__ = ["DialoguePolicy", "OtherLanguage", "TransformerNLU", "TurnPolicy"]
