"""Training: examples to model to trainer to export. Imports torch, never rasa."""

from typing import TYPE_CHECKING, Any

from parlance.finetuning.options import FinetuneOptions

if TYPE_CHECKING:
    from parlance.finetuning.job import finetune

__all__ = ["FinetuneOptions", "finetune"]


def __getattr__(name: str) -> Any:
    """Import torch only for whoever trains: the options alone serve the Rasa component of a serving install."""
    if name == "finetune":
        from parlance.finetuning.job import finetune

        return finetune
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
