"""Serving: ONNX Runtime and tokenizers only. Imports neither torch, transformers nor rasa."""

from parlance.inference.model import NLUModel
from parlance.inference.prediction import EntitySpan, IntentScore, Prediction, bare_ranking

__all__ = ["EntitySpan", "IntentScore", "NLUModel", "Prediction", "bare_ranking"]
