"""What is measured of a model, and its form as JSON."""

from dataclasses import dataclass
from typing import Any

from parlance.evaluation.metrics import GroupedScores, ReliabilityBin, Scores


@dataclass(frozen=True)
class IntentFigures:
    """``scores.micro.f1`` equals ``accuracy`` unless a message got no intent at all.

    Retrieval intents count by their answers (``faq/returns``) in ``scores``, and as one intent each (``faq``) in
    ``bare``, which is what ``rasa test nlu`` counts.
    """

    examples: int
    accuracy: float
    scores: GroupedScores
    bare_accuracy: float
    bare: GroupedScores
    confused: list[tuple[str, str | None, int]]
    """Expected intent, predicted intent, how often; most often first."""

    @property
    def has_answers(self) -> bool:
        """Whether some intent is an answer of a retrieval intent, so that the two ways of counting can differ."""
        return any("/" in label for label in self.scores.by_label)

    def as_dict(self) -> dict[str, Any]:
        """The figures as JSON-ready data."""
        return {
            "examples": self.examples,
            "accuracy": self.accuracy,
            "f1_micro": self.scores.micro.f1,
            "f1_macro": self.scores.f1_macro,
            "bare": {
                "accuracy": self.bare_accuracy,
                "f1_micro": self.bare.micro.f1,
                "f1_macro": self.bare.f1_macro,
            },
            "per_intent": _per_label(self.scores),
            "confused": [
                {"expected": expected, "predicted": predicted, "count": count}
                for expected, predicted, count in self.confused
            ],
        }


@dataclass(frozen=True)
class ActFigures:
    """How well it is told what messages do to what is open; of those that have an act and follow something."""

    examples: int
    accuracy: float
    scores: GroupedScores

    def as_dict(self) -> dict[str, Any]:
        """The figures as JSON-ready data."""
        return {
            "examples": self.examples,
            "accuracy": self.accuracy,
            "f1_macro": self.scores.f1_macro,
            "per_act": _per_label(self.scores),
        }


@dataclass(frozen=True)
class EntityFigures:
    """How many entities there are and were found, scored by their exact spans and by any overlap."""

    gold: int
    predicted: int
    exact: GroupedScores
    overlap: GroupedScores

    def as_dict(self) -> dict[str, Any]:
        """The figures as JSON-ready data."""
        exact, overlap = self.exact.micro, self.overlap.micro
        return {
            "gold": self.gold,
            "predicted": self.predicted,
            "f1_micro": exact.f1,
            "f1_macro": self.exact.f1_macro,
            "precision_micro": exact.precision,
            "recall_micro": exact.recall,
            "f1_overlap": overlap.f1,
            "precision_overlap": overlap.precision,
            "recall_overlap": overlap.recall,
            "per_type": _per_label(self.exact),
        }


@dataclass(frozen=True)
class Calibration:
    """Expected calibration error, and the bins of confidence it is computed from."""

    ece: float
    bins: list[ReliabilityBin]

    def as_dict(self) -> dict[str, Any]:
        """The figures as JSON-ready data."""
        return {"ece": self.ece, "bins": [vars(part) for part in self.bins]}


@dataclass(frozen=True)
class OutOfScopeFigures:
    """How well out-of-scope messages are told from others; the last two are None where there are no others."""

    examples: int
    scores: Scores
    auroc: float | None
    false_positive_rate: float | None

    def as_dict(self) -> dict[str, Any]:
        """The figures as JSON-ready data."""
        return {
            "examples": self.examples,
            "auroc": self.auroc,
            "recall": self.scores.recall,
            "precision": self.scores.precision,
            "false_positive_rate": self.false_positive_rate,
        }


@dataclass(frozen=True)
class Latency:
    """Milliseconds for one message."""

    p50: float
    p99: float
    mean: float


@dataclass(frozen=True)
class Mistake:
    """One message that came out wrong; ``kind`` is intent, act, entities or out_of_scope.

    ``expected`` and ``predicted`` are names of intents or acts, or lists of entities as Rasa writes them.
    """

    kind: str
    text: str
    expected: Any
    predicted: Any
    confidence: float | None
    source: str


@dataclass(frozen=True)
class Report:
    """Everything that was measured. A part is None where the examples have nothing to measure it on."""

    examples: int
    threshold: float
    latency: Latency
    intent: IntentFigures | None
    calibration: Calibration | None
    entities: EntityFigures | None
    out_of_scope: OutOfScopeFigures | None
    mistakes: list[Mistake]
    act: ActFigures | None = None

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON-ready data; figures from 0 to 1, latency in milliseconds."""
        report: dict[str, Any] = {"examples": self.examples, "threshold": self.threshold}
        if self.intent:
            report["intent"] = self.intent.as_dict()
        if self.act:
            report["act"] = self.act.as_dict()
        if self.entities:
            report["entities"] = self.entities.as_dict()
        if self.calibration:
            report["calibration"] = self.calibration.as_dict()
        if self.out_of_scope:
            report["oos"] = {**self.out_of_scope.as_dict(), "threshold": self.threshold}
        report["latency_ms"] = vars(self.latency)
        report["errors"] = [vars(mistake) for mistake in self.mistakes]
        return report


def _per_label(scores: GroupedScores) -> dict[str, dict[str, float]]:
    return {label: dict(vars(score)) for label, score in scores.by_label.items()}
