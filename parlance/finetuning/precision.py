"""What a precision costs on the hold-out, where each message is understood alone, as it is when it is served."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from parlance.data.examples import Example
from parlance.evaluation.evaluate import context_of
from parlance.evaluation.metrics import accuracy, entity_scores, span_key
from parlance.finetuning.augmentation import mistyped
from parlance.inference.model import NLUModel

MAY_COST = 0.002
"""The share of the hold-out's utterances that a lower precision may spoil."""

ENOUGH = 1000
"""Utterances to look at where nothing was held out and all of the data would take minutes."""


ENOUGH_TO_COMPARE = 500
"""Held-out utterances from which on accuracy tells whether int8 costs anything; below, the outputs must agree."""

MAY_DIFFER = 0.005
"""The share of messages of which int8 may find another intent, or other entities, where agreement decides."""

MAY_SHIFT = 0.02
"""How far confidences may then lie apart on average."""

FEWEST_TO_AGREE_ON, MOST_TO_AGREE_ON = 200, 400
"""Messages that are compared: the training's, and with typing errors, which are nearer to being misunderstood."""


@dataclass(frozen=True)
class Agreement:
    """How far two graphs say the same of messages, whether it is right or not."""

    figures: dict[str, float]
    """``messages``; the shares of them with another intent, other entities and another act; the mean ``shift`` of the
    confidence in an intent."""

    @property
    def is_enough(self) -> bool:
        """Whether one may stand for the other."""
        differ = max(share for name, share in self.figures.items() if name.endswith("_differ"))
        return differ <= MAY_DIFFER and self.figures["shift"] <= MAY_SHIFT


def messages_to_agree_on(examples: Sequence[Example], seed: int) -> list[Example]:
    """Some of the training's messages, and as many or more of them mistyped."""
    random = np.random.default_rng(seed)
    chosen = [examples[row] for row in random.permutation(len(examples))[: MOST_TO_AGREE_ON // 2]]
    copies = max(1, -(-FEWEST_TO_AGREE_ON // max(1, len(chosen))) - 1)
    return chosen + [example for _ in range(copies) for example in mistyped(chosen, 1.0, random)]


def agreement_of(full: NLUModel, lower: NLUModel, messages: Sequence[Example]) -> Agreement:
    """Compare what two graphs say of messages, each by itself."""
    pairs = [tuple(model.predict(m.text, context_of(m)) for model in (full, lower)) for m in messages]
    acts = [(a.act, b.act) for a, b in pairs if a.act and b.act]
    intents = [(a.intent, b.intent) for a, b in pairs if a.intent and b.intent]
    spans = [({*map(span_key, a.entities)}, {*map(span_key, b.entities)}) for a, b in pairs]
    return Agreement(
        {
            "messages": len(messages),
            "intents_differ": float(np.mean([a.name != b.name for a, b in intents])) if intents else 0.0,
            "entities_differ": float(np.mean([a != b for a, b in spans])) if spans else 0.0,
            **({"acts_differ": float(np.mean([a.name != b.name for a, b in acts]))} if acts else {}),
            "shift": float(np.mean([abs(a.confidence - b.confidence) for a, b in intents])) if intents else 0.0,
        }
    )


@dataclass(frozen=True)
class Understanding:
    """How a graph understands utterances one at a time."""

    figures: dict[str, float]
    """``intent_accuracy``, ``entity_f1`` of exact spans and ``act_accuracy``; each only where there is something to
    score."""
    right: np.ndarray
    """Shape (utterances, 3), bool: whether the intent is right, all entities are, the act is; right without a label."""


def understanding(served: NLUModel, examples: Sequence[Example]) -> Understanding:
    """What a served graph makes of annotated utterances, of about ``ENOUGH`` where there are more."""
    examples = examples[:: max(1, len(examples) // ENOUGH)]
    predictions = [served.predict(example.text, context_of(example)) for example in examples]
    gold, found = [example.entities for example in examples], [prediction.entities for prediction in predictions]
    intents = [(e.intent, p.intent.name) for e, p in zip(examples, predictions, strict=True) if e.intent and p.intent]
    figures = {}
    if intents:
        figures["intent_accuracy"] = accuracy(*zip(*intents, strict=True))
    if any(gold) or any(found):
        figures["entity_f1"] = entity_scores(gold, found).micro.f1
    acts = [(e.act, p.act.name) for e, p in zip(examples, predictions, strict=True) if e.act and p.act]
    if acts:
        figures["act_accuracy"] = accuracy(*zip(*acts, strict=True))
    right = [
        (
            not (example.intent and prediction.intent) or example.intent == prediction.intent.name,
            {*map(span_key, example.entities)} == {*map(span_key, prediction.entities)},
            not (example.act and prediction.act) or example.act == prediction.act.name,
        )
        for example, prediction in zip(examples, predictions, strict=True)
    ]
    return Understanding(figures, np.array(right, dtype=bool).reshape(-1, 3))


def costs_too_much(full: Understanding, lower: Understanding) -> bool:
    """Whether a lower precision loses more than ``MAY_COST`` in intents, entities or acts, beyond chance.

    In some utterances it is wrong where full precision is right, in others the reverse; the difference of both counts
    is the loss, and the root of their sum its standard error, which is taken off twice: among a few hundred utterances
    four that happen to fall the wrong way are not worth a graph that is twice as large and slow.
    """
    change = full.right.astype(int) - lower.right
    loss, error = change.mean(axis=0), np.sqrt(np.abs(change).sum(axis=0)) / len(change)
    return bool((loss - 2 * error > MAY_COST).any())
