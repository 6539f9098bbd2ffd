"""Two requests in one message: "cancel the lamp, and when do you open on Sunday?".

A message is cut where a sentence ends or a word such as "and" joins clauses, and both sides are understood by
themselves. They are two requests where each side is, with confidence, a request, and the two are not one matter. The
end of a sentence goes before any other cut: what was said with the first request stays with it, such as the address in
"cancel 10434, my e-mail is ada@example.com. When do you open?".
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from parlance.inference.model import NLUModel
from parlance.inference.prediction import Prediction

FURTHER_REQUEST = "further_request"
"""The entity whose value is the parse result of a message's second request."""

CONFIDENCE = 0.8
MOST_CUTS = 4
FEWEST_WORDS = 2

_CUT = re.compile(
    r"(?P<sentence>(?<![.!?])[.!?]+\s+|(?<!\s)\s*\n\s*)|;\s+|,\s+(?:and\s+|also\s+|but\s+)?"
    r"|(?<!\s)\s+(?:and|also|plus|then|&)\s+(?:also\s+)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Cut:
    """Where a text can be cut in two: the end of the left side and the start of the right one, in characters."""

    end: int
    start: int
    ends_sentence: bool


@dataclass(frozen=True)
class TwoRequests:
    """The first and the second request of a message, and where in its text the second begins."""

    first: Prediction
    second: Prediction
    second_start: int


def cuts(text: str) -> list[Cut]:
    """The most promising places to cut a text at, ends of sentences first."""
    places = [Cut(match.start(), match.end(), match["sentence"] is not None) for match in _CUT.finditer(text)]
    long_enough = [
        cut for cut in places if min(len(text[: cut.end].split()), len(text[cut.start :].split())) >= FEWEST_WORDS
    ]
    return sorted(long_enough, key=lambda cut: not cut.ends_sentence)[:MOST_CUTS]


def known_matters(groups: Sequence[Sequence[str]], intents: Iterable[str]) -> dict[str, int]:
    """The number of its matter for every intent of ``groups`` that a model knows.

    Empty where it knows fewer than two matters: no message of its can hold two requests, and none need be cut.
    """
    known = {intent.split("/", 1)[0] for intent in intents}
    matters = {intent: number for number, group in enumerate(groups) for intent in group if intent in known}
    return matters if len(set(matters.values())) > 1 else {}


def two_requests(model: NLUModel, text: str, matters: Mapping[str, int]) -> TwoRequests | None:
    """The two requests that a message holds; None where it holds one or none.

    Args:
        model: Understands the sides.
        text: The message.
        matters: For every intent that is a request the number of its matter; two of one matter are one request.
    """
    places = cuts(text)
    if not places:
        return None
    sides = model.predict_batch([side for cut in places for side in (text[: cut.end], text[cut.start :])])
    found = [
        (cut.ends_sentence, TwoRequests(left, right, cut.start))
        for left, right, cut in zip(sides[::2], sides[1::2], places, strict=True)
        if _are_two((left, right), matters)
    ]
    _, best = max(found, key=lambda one: (one[0], _certainty(one[1])), default=(False, None))
    return best


def _are_two(sides: Sequence[Prediction], matters: Mapping[str, int]) -> bool:
    intents = [side.intent for side in sides]
    if not all(intent and intent.confidence >= CONFIDENCE for intent in intents):
        return False
    numbers = [matters.get(intent.name.split("/", 1)[0]) for intent in intents if intent]
    return None not in numbers and numbers[0] != numbers[1]


def _certainty(requests: TwoRequests) -> float:
    return min(side.intent.confidence for side in (requests.first, requests.second) if side.intent)
