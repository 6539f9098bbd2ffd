"""The figures that a model is judged by. Needs numpy only."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray


class LabelledSpan(Protocol):
    """What gold and predicted entities have in common; ``end`` is the character after the last."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def type(self) -> str: ...
    @property
    def role(self) -> str | None: ...
    @property
    def group(self) -> str | None: ...


@dataclass(frozen=True)
class Scores:
    """Precision, recall and their harmonic mean, each from 0 to 1; 0 where the denominator is 0.

    ``support`` is how many there are in the gold annotation.
    """

    precision: float
    recall: float
    f1: float
    support: int

    @classmethod
    def from_counts(cls, hits: int, missed: int, wrong: int) -> "Scores":
        """From true positives, false negatives and false positives."""
        return cls(
            precision=_ratio(hits, hits + wrong),
            recall=_ratio(hits, hits + missed),
            f1=_ratio(2 * hits, 2 * hits + missed + wrong),
            support=hits + missed,
        )


@dataclass(frozen=True)
class GroupedScores:
    """Scores over everything (micro) and for each label by itself."""

    micro: Scores
    by_label: dict[str, Scores]

    @property
    def f1_macro(self) -> float:
        """Mean F1 over every label that is gold or predicted, each with the same weight."""
        return float(np.mean([scores.f1 for scores in self.by_label.values()])) if self.by_label else 0.0


def accuracy(gold: Sequence[str], predicted: Sequence[str | None]) -> float:
    """Share of examples whose predicted label is the gold one; 0 for no examples."""
    return _ratio(sum(a == b for a, b in zip(gold, predicted, strict=True)), len(gold))


def intent_scores(gold: Sequence[str], predicted: Sequence[str | None]) -> GroupedScores:
    """Precision, recall and F1 of one label an example; None is no prediction, and so only a miss.

    With a prediction for every example, micro F1 equals accuracy.
    """
    pairs = list(zip(gold, predicted, strict=True))
    return _grouped(
        hits=Counter(a for a, b in pairs if a == b),
        missed=Counter(a for a, b in pairs if a != b),
        wrong=Counter(b for a, b in pairs if a != b and b is not None),
    )


def confused_pairs(gold: Sequence[str], predicted: Sequence[str | None]) -> list[tuple[str, str | None, int]]:
    """Gold label, the different label that was predicted, and how often; most often first."""
    wrong = Counter((a, b) for a, b in zip(gold, predicted, strict=True) if a != b)
    return [(a, b, count) for (a, b), count in sorted(wrong.items(), key=lambda item: (-item[1], str(item[0])))]


Spans = Sequence[LabelledSpan]


def span_key(span: LabelledSpan) -> Hashable:
    """What two spans share that are exactly the same: characters, type, role and group."""
    return span.start, span.end, span.type, span.role or None, span.group or None


def entity_scores(gold: Sequence[Spans], predicted: Sequence[Spans]) -> GroupedScores:
    """Entities that are exactly right: same characters, type, role and group.

    Args:
        gold: The annotated entities of each example.
        predicted: The entities found in each example, in the same order of examples. Two that are the same (from
            two extractors) count once.
    """
    hits: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for spans, found in zip(gold, predicted, strict=True):
        is_gold = {span_key(span): span.type for span in spans}
        is_found = {span_key(span): span.type for span in found}
        hits.update(type for key, type in is_gold.items() if key in is_found)
        missed.update(type for key, type in is_gold.items() if key not in is_found)
        wrong.update(type for key, type in is_found.items() if key not in is_gold)
    return _grouped(hits, missed, wrong)


def entity_overlap_scores(gold: Sequence[Spans], predicted: Sequence[Spans]) -> GroupedScores:
    """Entities of the right type in about the right place, as the HERMIT and DIET papers count them.

    A gold entity is a true positive when a predicted one of the same type shares some of it, whatever the borders;
    otherwise it is a miss. A predicted entity that shares nothing with any gold one of its type is a false positive.
    So one long prediction may match two gold entities, and two predictions inside one gold entity are one true
    positive. Role and group do not count. Summed over all examples: F1 = 2 TP / (2 TP + FN + FP).

    This is the count of ``evaluation_nlu_evaluation_data.py`` in https://github.com/RasaHQ/DIET-paper (Bunk et al.
    2020, arXiv:2004.09936), which took it from HERMIT NLU (Vanzo, Bastianelli and Lemon 2019, arXiv:1910.00912).
    Two differences: that script swaps the names of precision and recall, which leaves F1 as it is; and it looks for
    a shared word wherever it stands in the text, where this looks at positions, so that this is never the higher one
    for entities of whole words.
    """
    hits: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for spans, found in zip(gold, predicted, strict=True):
        for span in _distinct(spans):
            (hits if any(_overlap(span, other) for other in found) else missed)[span.type] += 1
        wrong.update(span.type for span in _distinct(found) if not any(_overlap(span, other) for other in spans))
    return _grouped(hits, missed, wrong)


@dataclass(frozen=True)
class ReliabilityBin:
    """The predictions whose confidence is above ``lower`` and at most ``upper``: mean confidence and accuracy."""

    lower: float
    upper: float
    count: int
    confidence: float
    accuracy: float


def reliability(confidences: ArrayLike, correct: ArrayLike, bins: int = 15) -> list[ReliabilityBin]:
    """Predictions in bins of equal width by their confidence; bins with none in them are left out.

    Args:
        confidences: Confidence of the predicted label, shape (examples,), 0 to 1.
        correct: Whether the predicted label is the gold one, shape (examples,).
        bins: How many bins from 0 to 1.
    """
    confidence = np.asarray(confidences, dtype=np.float64)
    is_correct = np.asarray(correct, dtype=np.float64)
    edges = np.linspace(0.0, 1.0, bins + 1)
    places = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    found = []
    for place in range(bins):
        inside = places == place
        if inside.any():
            found.append(
                ReliabilityBin(
                    float(edges[place]),
                    float(edges[place + 1]),
                    int(inside.sum()),
                    float(confidence[inside].mean()),
                    float(is_correct[inside].mean()),
                )
            )
    return found


def expected_calibration_error(bins: Sequence[ReliabilityBin]) -> float:
    """How far confidence is from accuracy: sum over bins of (count / all) * abs(accuracy - confidence), 0 to 1.

    Guo et al. 2017, "On Calibration of Modern Neural Networks" (arXiv:1706.04599), equation 3, with 15 bins.
    """
    total = sum(part.count for part in bins)
    return _ratio(sum(part.count * abs(part.accuracy - part.confidence) for part in bins), total)


def auroc(positive: ArrayLike, negative: ArrayLike) -> float | None:
    """Chance that a positive example has a higher score than a negative one; a tie counts half.

    The Mann-Whitney statistic, which is the area under the ROC curve (Hanley and McNeil 1982). 0.5 is guessing.

    Args:
        positive: Scores of the examples to be found, shape (positives,).
        negative: Scores of the others, shape (negatives,).

    Returns:
        None where there are no positive or no negative examples.
    """
    high = np.asarray(positive, dtype=np.float64)
    low = np.sort(np.asarray(negative, dtype=np.float64))
    if not len(high) or not len(low):
        return None
    below = np.searchsorted(low, high, side="left")
    below_or_equal = np.searchsorted(low, high, side="right")
    return float((below + below_or_equal).mean() / (2 * len(low)))


def detection_scores(is_positive: ArrayLike, is_flagged: ArrayLike) -> Scores:
    """Precision and recall of a yes-or-no detector; both arguments have shape (examples,)."""
    gold: NDArray[np.bool_] = np.asarray(is_positive, dtype=bool)
    flagged: NDArray[np.bool_] = np.asarray(is_flagged, dtype=bool)
    return Scores.from_counts(
        hits=int((gold & flagged).sum()), missed=int((gold & ~flagged).sum()), wrong=int((~gold & flagged).sum())
    )


def _grouped(hits: Counter[str], missed: Counter[str], wrong: Counter[str]) -> GroupedScores:
    labels = sorted({*hits, *missed, *wrong})
    return GroupedScores(
        micro=Scores.from_counts(sum(hits.values()), sum(missed.values()), sum(wrong.values())),
        by_label={label: Scores.from_counts(hits[label], missed[label], wrong[label]) for label in labels},
    )


def _distinct(spans: Iterable[LabelledSpan]) -> list[LabelledSpan]:
    return list({(span.start, span.end, span.type): span for span in spans}.values())


def _overlap(a: LabelledSpan, b: LabelledSpan) -> bool:
    return a.type == b.type and a.start < b.end and b.start < a.end


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0
