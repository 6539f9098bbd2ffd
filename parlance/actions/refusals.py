"""A refusal of a thing is not a request for it: "no, I don't want a person", "don't cancel it"."""

import re

from parlance.actions.messages import in_small_letters
from parlance.actions.settings import settings

NEGATIONS = frozenset("don't dont not didn't didnt won't wont wouldn't wouldnt never no without".split())
BETWEEN = frozenset(
    "want wanna need wish like have going plan planning mean meant asking asked ask trying saying said to for a an the "
    "any my me you i it them that this be us talk speak with another real actual bloody stupid get put "
    "through send sending contact your one of".split()
)
"""What may stand between a negation and the word that it refuses."""
MOST_WORDS = 100


def is_refusal(text: str, intent: str) -> bool:
    """Whether a message speaks of what an intent asks for only to refuse it, each time it does.

    Args:
        text: What the user wrote; empty for a button.
        intent: What it was taken for.
    """
    plain = in_small_letters(text).replace("do not", "don't")
    # Signs end what a negation reaches: "I'm not happy, cancel it".
    words = re.findall(r"[a-z']+|[.,;:!?]", plain)[:MOST_WORDS]
    asked_for = settings().refusable.get(intent, "").split()
    places = [place for place, word in enumerate(words) if word in asked_for]
    return bool(places) and all(_is_negated(words[:place]) for place in places)


def _is_negated(before: list[str]) -> bool:
    """Whether the words before one reach back to a negation."""
    own = settings().between.split()
    while before and (before[-1] in BETWEEN or before[-1] in own):
        before.pop()
    return bool(before) and before[-1] in NEGATIONS
