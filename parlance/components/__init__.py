"""Rasa graph components. The only folder that imports rasa."""

from parlance.components.action_calls import make_action_calls_cheap
from parlance.components.dialogue_policy import DialoguePolicy
from parlance.components.graph_runner import answer_without_dask
from parlance.components.transformer_nlu import TransformerNLU
from parlance.components.turn_policy import TurnPolicy

__all__ = ["DialoguePolicy", "TransformerNLU", "TurnPolicy"]

make_action_calls_cheap()
answer_without_dask()
