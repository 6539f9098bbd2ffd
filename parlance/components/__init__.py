"""Rasa graph components. The only folder that imports rasa."""

from parlance.components.transformer_nlu import TransformerNLU
from parlance.components.turn_policy import TurnPolicy

__all__ = ["TransformerNLU", "TurnPolicy"]
