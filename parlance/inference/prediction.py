"""What a model says about one message."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np


class IntentScore(NamedTuple):
    """An intent and the calibrated probability that it is the right one."""

    name: str
    confidence: float


class ActScore(NamedTuple):
    """What a message does to what is open, and the calibrated probability of that."""

    name: str
    confidence: float


def bare_ranking(scores: Sequence[IntentScore]) -> list[IntentScore]:
    """The scores with the answers of a retrieval intent (``faq/returns``) summed up as their intent (``faq``)."""
    total: dict[str, float] = {}
    for score in scores:
        name = score.name.split("/", 1)[0]
        total[name] = total.get(name, 0.0) + score.confidence
    return [IntentScore(*pair) for pair in sorted(total.items(), key=lambda pair: -pair[1])]


@dataclass(frozen=True)
class EntitySpan:
    """An entity found in ``text[start:end]`` (characters)."""

    start: int
    end: int
    type: str
    value: str
    confidence: float
    role: str | None = None
    group: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """As Rasa writes an entity; role and group only where there is one.

        One tag carries type, role and group, so the confidence in it is that of each.
        """
        found: dict[str, Any] = {
            "entity": self.type,
            "start": self.start,
            "end": self.end,
            "value": self.value,
            "confidence_entity": self.confidence,
        }
        if self.role:
            found |= {"role": self.role, "confidence_role": self.confidence}
        if self.group:
            found |= {"group": self.group, "confidence_group": self.confidence}
        return found


@dataclass(frozen=True)
class Prediction:
    """Intents from the likeliest down, entities from left to right, and the sentence's embedding.

    ``ranking`` is empty where the encoder knows nothing of the message. ``embedding`` has shape (hidden,), unit length,
    float32.
    """

    text: str
    ranking: tuple[IntentScore, ...] = ()
    entities: tuple[EntitySpan, ...] = ()
    embedding: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.float32), compare=False)
    act: ActScore | None = None
    """None where nothing was said before, or where the model has no acts."""

    @property
    def intent(self) -> IntentScore | None:
        """The likeliest intent; None where nothing was understood."""
        return self.ranking[0] if self.ranking else None

    def as_dict(self, ranking_length: int = 10) -> dict[str, Any]:
        """The prediction as JSON-ready data, in the shape of Rasa's parse result."""
        scores = [{"name": score.name, "confidence": score.confidence} for score in self.ranking[:ranking_length]]
        parsed = {
            "text": self.text,
            "intent": scores[0] if scores else {"name": None, "confidence": 0.0},
            "intent_ranking": scores,
            "entities": [entity.as_dict() for entity in self.entities],
        }
        return parsed | {"act": self.act._asdict()} if self.act else parsed
