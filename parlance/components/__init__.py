"""Rasa graph components. The only folder that imports rasa."""

from parlance.components.transformer_nlu import TransformerNLU

__all__ = ["TransformerNLU"]
