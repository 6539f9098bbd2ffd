"""Rasa graph components. The only folder that imports rasa."""

from parlance.components.action_results import check_schema_once
from parlance.components.dialogue_policy import DialoguePolicy
from parlance.components.transformer_nlu import TransformerNLU
from parlance.components.turn_policy import TurnPolicy

__all__ = ["DialoguePolicy", "TransformerNLU", "TurnPolicy"]

check_schema_once()
