"""From logits to confidences that mean something, also for what is none of the assistant's business.

The confidence of an intent is P(in scope) x P(intent | in scope). The second factor is the softmax of the logits
divided by a temperature (Guo et al. 2017, "On Calibration of Modern Neural Networks"). The first is a logistic
function of an outlier score, which two measures give better than either: the Mahalanobis distance of its
embedding to the nearest intent's mean under one shared covariance (Lee et al. 2018, "A Simple Unified Framework for
Detecting Out-of-Distribution Samples"), and the energy of its logits (Liu et al. 2020, "Energy-based
Out-of-distribution Detection"). Neither needs an out-of-scope example. A small project has too few utterances to
tell by; it learns from messages that are foreign to it, so that the energy alone is the log-odds of being in scope
(Hendrycks et al. 2019, "Deep Anomaly Detection with Outlier Exposure"), and the distance's weight is 0.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save

SHRINKAGE = 0.1
"""Share of the average variance added to every direction, so that few utterances still give a covariance."""


@dataclass(frozen=True)
class Statistics:
    """Where the intents lie: C intents, H hidden units."""

    whitening: np.ndarray  # (H, H) float32: turns Mahalanobis distance into Euclidean
    means: np.ndarray  # (C, H) float32, whitened; infinite for an intent without an utterance

    @classmethod
    def of(cls, unit: np.ndarray, intents: np.ndarray, count: int) -> "Statistics":
        """Fit to unit embeddings, shape (utterances, H), and their intent numbers."""
        hidden = unit.shape[1]
        unit = unit.astype(np.float64)
        sizes = np.bincount(intents, minlength=count)
        means = np.full((count, hidden), np.inf)
        for intent in np.flatnonzero(sizes):
            means[intent] = unit[intents == intent].mean(axis=0)
        centred = unit - means[intents]
        covariance = centred.T @ centred / max(1, len(unit))
        covariance += (SHRINKAGE * np.trace(covariance) / hidden + 1e-6) * np.eye(hidden)
        whitening = np.linalg.cholesky(np.linalg.inv(covariance))
        known = sizes > 0
        means[known] = means[known] @ whitening
        return cls(whitening.astype(np.float32), means.astype(np.float32))

    def distances(self, unit: np.ndarray) -> np.ndarray:
        """Distance of unit embeddings, shape (B, H), to the nearest intent, divided by sqrt(H); shape (B,)."""
        # Not `@`: for so little work BLAS would wake its threads, which wait in a loop for more and cost a server
        # more than everything else in a message.
        white = np.einsum("bh,hk->bk", unit, self.whitening)
        known, lengths = self._known
        squared = (white**2).sum(1)[:, None] - 2 * np.einsum("bh,ch->bc", white, known) + lengths
        return np.sqrt(np.maximum(squared.min(axis=1), 0) / unit.shape[1])

    @cached_property
    def _known(self) -> tuple[np.ndarray, np.ndarray]:
        """The means of intents with an utterance, (K, H), and their squared lengths, (K,)."""
        known = self.means[np.isfinite(self.means[:, 0])]
        return known, (known**2).sum(1)


@dataclass(frozen=True)
class Calibration:
    """The numbers that the hold-out gave; they are in the model's metadata."""

    temperature: float = 1.0
    distance_weight: float = 0.0
    energy_weight: float = 0.0
    middle: float = 30.0
    """The outlier score at which a message is as likely out of scope as in."""
    width: float = 1.0
    """How far from the middle P(in scope) is 0.27 or 0.73, in units of the outlier score."""
    act_temperature: float = 1.0


@dataclass(frozen=True)
class Scope:
    """The calibration, and where the intents lie."""

    calibration: Calibration
    statistics: Statistics

    @property
    def hidden_size(self) -> int:
        """H, the length of an embedding."""
        return len(self.statistics.whitening)

    def outlier_score(self, logits: np.ndarray, unit: np.ndarray) -> np.ndarray:
        """Weighted sum of distance and energy: logits (B, C) and unit embeddings (B, H) to (B,)."""
        known = self.calibration
        energy = -log_sum_exp(logits)
        return known.distance_weight * self.statistics.distances(unit) + known.energy_weight * energy

    def confidences(self, logits: np.ndarray, unit: np.ndarray) -> np.ndarray:
        """Confidence of every intent: logits (B, C) and unit embeddings (B, H) to (B, C)."""
        if not logits.shape[1]:
            return logits
        scaled = logits / self.calibration.temperature
        return np.exp(scaled - log_sum_exp(scaled)[:, None]) * self.in_scope(logits, unit)[:, None]

    def with_statistics(self, unit: np.ndarray, intents: np.ndarray, count: int) -> "Scope":
        """The same calibration over another model's embeddings, (n, H), their intent numbers, (n,), and all intents."""
        return replace(self, statistics=Statistics.of(unit, intents, count))

    def covering(self, logits: np.ndarray, unit: np.ndarray) -> "Scope":
        """The same, moved so that utterances like those that were learned, (n, C) and (n, H), are in scope.

        All but the fiftieth with the highest outlier scores get P(in scope) of 0.73 or more.
        """
        if not len(logits) or not logits.shape[1]:
            return self
        highest = float(np.quantile(self.outlier_score(logits, unit), 0.98))
        middle = max(self.calibration.middle, highest + self.calibration.width)
        return replace(self, calibration=replace(self.calibration, middle=middle))

    def in_scope(self, logits: np.ndarray, unit: np.ndarray) -> np.ndarray:
        """P(in scope): logits (B, C) and unit embeddings (B, H) to (B,)."""
        beyond = (self.outlier_score(logits, unit) - self.calibration.middle) / self.calibration.width
        return np.asarray(1 / (1 + np.exp(np.minimum(np.maximum(beyond, -30), 30))))

    def save(self, path: Path) -> None:
        """Write the arrays."""
        path.write_bytes(save({"whitening": self.statistics.whitening, "means": self.statistics.means}))

    @classmethod
    def load(cls, path: Path, calibration: dict[str, float]) -> "Scope":
        """Read the arrays; the calibration is the metadata's."""
        arrays = load_file(path)
        return cls(Calibration(**calibration), Statistics(arrays["whitening"], arrays["means"]))


def log_sum_exp(logits: np.ndarray) -> np.ndarray:
    """log(sum(exp(logits))) of each row, (B, C) to (B,), without overflow."""
    highest = logits.max(axis=1)
    return highest + np.log(np.exp(logits - highest[:, None]).sum(axis=1))
