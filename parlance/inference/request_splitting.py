"""Two requests in one message: "cancel the lamp, and when do you open on Sunday?".

A message is cut where a sentence ends or a word such as "and" joins clauses, and both sides are understood by
themselves. They are two requests where each side is, with confidence, a request, and the two are not of one group. The
end of a sentence goes before any other cut: what was said with the first request stays with it, such as the address in
"cancel 10434, my e-mail is ada@example.com. When do you open?".

Nothing else may be in the message: each clause of a side asks for what the side asks for, or may stand beside it, such
as a greeting or that address. A complaint, a story or a death in the family is a third thing, whatever is asked for
beside it, and such a message stays whole; so does a long one.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from parlance.inference.context import Context
from parlance.inference.model import NLUModel
from parlance.inference.prediction import Prediction

FURTHER_REQUEST = "further_request"
"""The entity whose value is the parse result of a message's second request."""

CONFIDENCE = 0.8
CONFIDENCE_OF_A_CLAUSE = 0.5
MOST_CUTS = 4
FEWEST_WORDS = 2
MOST_WORDS = 12
"""Words of the longest side; of 95 double requests that were written to measure this none had more."""
MOST_CHARACTERS = 300
"""A longer message is not looked into, so that its length costs nothing."""
SHARE_OF_A_DETAIL = 0.2
"""Of a clause that is a detail, such as "the number is 10434", so many characters at least are entities."""

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
    """The most promising places to cut a text at, ends of sentences first; none where the text is long."""
    if len(text) > MOST_CHARACTERS:
        return []
    lengths = range(FEWEST_WORDS, MOST_WORDS + 1)
    places = [
        cut
        for cut in _places(text)
        if len(text[: cut.end].split()) in lengths and len(text[cut.start :].split()) in lengths
    ]
    return sorted(places, key=lambda cut: not cut.ends_sentence)[:MOST_CUTS]


def known_request_groups(groups: Sequence[Sequence[str]], intents: Iterable[str]) -> dict[str, int]:
    """The number of its group for every intent of ``groups`` that a model knows.

    Empty where it knows fewer than two groups: no message of its can hold two requests, and none need be cut.
    """
    known = {_bare(intent) for intent in intents}
    numbers = {intent: number for number, group in enumerate(groups) for intent in group if intent in known}
    return numbers if len(set(numbers.values())) > 1 else {}


def two_requests(
    model: NLUModel,
    text: str,
    groups: Mapping[str, int],
    beside: Collection[str] = (),
    context: Context | None = None,
) -> TwoRequests | None:
    """The two requests that a message holds; None where it holds one or none, or says something else as well.

    Args:
        model: Understands the sides.
        text: The message.
        groups: For every intent that is a request the number of its group; two of one group are one request.
        beside: Intents of clauses that may stand beside requests: greetings, thanks, details.
        context: What was said before the message.
    """
    places = cuts(text)
    if not places:
        return None
    halves = [side for cut in places for side in (text[: cut.end], text[cut.start :])]
    sides = model.predict_batch(halves, [context] * len(halves))
    found = [
        (cut.ends_sentence, TwoRequests(left, right, cut.start))
        for left, right, cut in zip(sides[::2], sides[1::2], places, strict=True)
        if _are_two((left, right), groups)
    ]
    if not found:
        return None
    found.sort(key=lambda one: (one[0], _certainty(one[1])), reverse=True)
    starts, clauses = _clauses(text)
    understood = list(zip(starts, model.predict_batch(clauses, [context] * len(clauses)), strict=True))
    return next((requests for _, requests in found if _is_all(requests, understood, groups, beside)), None)


def _are_two(sides: Sequence[Prediction], groups: Mapping[str, int]) -> bool:
    intents = [side.intent for side in sides]
    if not all(intent and intent.confidence >= CONFIDENCE for intent in intents):
        return False
    numbers = [_group_of(intent.name, groups) for intent in intents if intent]
    return None not in numbers and numbers[0] != numbers[1]


def _places(text: str) -> list[Cut]:
    return [Cut(match.start(), match.end(), match["sentence"] is not None) for match in _CUT.finditer(text)]


def _clauses(text: str) -> tuple[list[int], list[str]]:
    """Where the text's clauses begin, and what they are."""
    places = _places(text)
    starts, ends = [0, *(cut.start for cut in places)], [*(cut.end for cut in places), len(text)]
    return starts, [text[start:end] for start, end in zip(starts, ends, strict=True)]


def _is_all(
    requests: TwoRequests,
    clauses: Sequence[tuple[int, Prediction]],
    groups: Mapping[str, int],
    beside: Collection[str],
) -> bool:
    """Whether each clause belongs to the request that it stands with."""
    return all(
        _belongs(clause, requests.first if start < requests.second_start else requests.second, groups, beside)
        for start, clause in clauses
    )


def _belongs(clause: Prediction, request: Prediction, groups: Mapping[str, int], beside: Collection[str]) -> bool:
    """Whether a clause asks for what a request does, or may stand beside it. One word alone says too little to matter.

    "My husband died on friday" may be understood as a detail of something. What is one is mostly entities.
    """
    intent = clause.intent
    if len(clause.text.split()) < FEWEST_WORDS:
        return True
    if not intent or not request.intent:
        return False
    if _group_of(intent.name, groups) == _group_of(request.intent.name, groups):
        return intent.confidence >= CONFIDENCE_OF_A_CLAUSE
    marked = sum(entity.end - entity.start for entity in clause.entities)
    is_known = intent.confidence >= CONFIDENCE and (intent.name in beside or _bare(intent.name) in beside)
    return is_known and not 0 < marked < SHARE_OF_A_DETAIL * len(clause.text)


def _group_of(intent: str, groups: Mapping[str, int]) -> int | None:
    return groups.get(_bare(intent))


def _bare(intent: str) -> str:
    """The intent of a retrieval intent's answer."""
    return intent.split("/", 1)[0]


def _certainty(requests: TwoRequests) -> float:
    return min(side.intent.confidence for side in (requests.first, requests.second) if side.intent)
