"""Rasa graph components. The only folder that imports rasa."""

from parlance.rasa.action_calls import make_action_calls_cheap
from parlance.rasa.dialogue_policy import DialoguePolicy
from parlance.rasa.graph_runner import answer_without_dask
from parlance.rasa.transformer_nlu import TransformerNLU
from parlance.rasa.turn_policy import TurnPolicy

__all__ = ["DialoguePolicy", "TransformerNLU", "TurnPolicy"]

make_action_calls_cheap()
answer_without_dask()
