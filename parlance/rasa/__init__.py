"""What Rasa runs: components, policies and stores. Beside ``channels``, the only folder that imports Rasa."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # read also by scripts/training_code.py, which follows imports to name a model
    from parlance.rasa.dialogue_policy import DialoguePolicy
    from parlance.rasa.transformer_nlu import TransformerNLU
    from parlance.rasa.turn_policy import TurnPolicy

_MODULES = {
    "DialoguePolicy": "parlance.rasa.dialogue_policy",
    "TransformerNLU": "parlance.rasa.transformer_nlu",
    "TurnPolicy": "parlance.rasa.turn_policy",
}

__all__ = ["DialoguePolicy", "TransformerNLU", "TurnPolicy"]


def __getattr__(name: str) -> Any:
    """The classes by the names that stand in ``config.yml``; each is imported when it is asked for."""
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
