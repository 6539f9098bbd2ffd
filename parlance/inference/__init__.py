"""Serving: ONNX Runtime and tokenizers only. Imports neither torch, transformers nor rasa."""

from parlance.inference.context import Context
from parlance.inference.model import NLUModel
from parlance.inference.prediction import ActScore, EntitySpan, IntentScore, Prediction, bare_ranking

__all__ = ["ActScore", "Context", "EntitySpan", "IntentScore", "NLUModel", "Prediction", "bare_ranking"]
