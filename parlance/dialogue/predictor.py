"""Serving a dialogue model with ONNX Runtime."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from parlance.dialogue.features import FeatureSpace, State
from parlance.inference.folder import GRAPH, read_metadata
from parlance.inference.model import open_session


class ActionPredictor:
    """Calibrated probabilities of the next action. Safe to use from several threads."""

    def __init__(self, metadata: dict[str, Any], session: onnxruntime.InferenceSession) -> None:
        self.actions: tuple[str, ...] = tuple(metadata["actions"])
        self.max_history = int(metadata["options"]["max_history"])
        self._space = FeatureSpace(tuple(metadata["features"]))
        self._temperature = float(metadata["temperature"])
        self._session = session

    @classmethod
    def load(cls, folder: Path) -> "ActionPredictor":
        """Load a model folder.

        Raises:
            ParlanceError: The folder is no model, is damaged, or is of another version of the format.
        """
        return cls(read_metadata(folder, GRAPH), open_session(folder / GRAPH))

    def knows_intent(self, intent: str) -> bool:
        """Whether a story has this intent."""
        return f"intent {intent}" in self._space.names

    def predict(self, states: Sequence[State]) -> np.ndarray:
        """Probabilities of ``actions``, shape (actions,), after the states of a conversation, oldest first."""
        rows = self._space.encode(states[-self.max_history :])[None]
        (logits,) = self._session.run(["logits"], {"states": rows, "mask": np.ones(rows.shape[:2], dtype=np.float32)})
        scaled = np.exp((logits[0] - logits[0].max()) / self._temperature)
        probabilities: np.ndarray = scaled / scaled.sum()
        return probabilities
