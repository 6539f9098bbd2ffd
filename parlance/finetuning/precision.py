"""What a precision costs on the hold-out, where each message is understood alone, as it is when it is served."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from parlance.data.examples import Example
from parlance.evaluation.metrics import accuracy, entity_scores, span_key
from parlance.inference.model import NLUModel

MAY_COST = 0.002
"""The share of the hold-out's utterances that a lower precision may spoil."""

ENOUGH = 1000
"""Utterances to look at where nothing was held out and all of the data would take minutes."""


@dataclass(frozen=True)
class Understanding:
    """How a graph understands utterances one at a time."""

    figures: dict[str, float]
    """``intent_accuracy`` and ``entity_f1``, of exact spans; 1 where there is nothing to find and nothing was found."""
    right: np.ndarray
    """Shape (utterances, 2), bool: whether the intent is right, and whether all entities are; right without a label."""


def understanding(served: NLUModel, examples: Sequence[Example]) -> Understanding:
    """What a served graph makes of annotated utterances, of about ``ENOUGH`` where there are more."""
    examples = examples[:: max(1, len(examples) // ENOUGH)]
    predictions = [served.predict(example.text) for example in examples]
    gold, found = [example.entities for example in examples], [prediction.entities for prediction in predictions]
    intents = [(e.intent, p.intent.name) for e, p in zip(examples, predictions, strict=True) if e.intent and p.intent]
    figures = {
        "intent_accuracy": accuracy(*zip(*intents, strict=True)) if intents else 1.0,
        "entity_f1": entity_scores(gold, found).micro.f1 if any(gold) or any(found) else 1.0,
    }
    right = [
        (
            not (example.intent and prediction.intent) or example.intent == prediction.intent.name,
            {*map(span_key, example.entities)} == {*map(span_key, prediction.entities)},
        )
        for example, prediction in zip(examples, predictions, strict=True)
    ]
    return Understanding(figures, np.array(right, dtype=bool).reshape(-1, 2))


def costs_too_much(full: Understanding, lower: Understanding) -> bool:
    """Whether a lower precision loses more than ``MAY_COST`` in intents or entities, beyond chance.

    In some utterances it is wrong where full precision is right, in others the reverse; the difference of both counts
    is the loss, and the root of their sum its standard error, which is taken off twice: among a few hundred utterances
    four that happen to fall the wrong way are not worth a graph that is twice as large and slow.
    """
    change = full.right.astype(int) - lower.right
    loss, error = change.mean(axis=0), np.sqrt(np.abs(change).sum(axis=0)) / len(change)
    return bool((loss - 2 * error > MAY_COST).any())
