"""A refusal of a thing is not a request for it: "no, I don't want a person", "don't cancel it"."""

import re

from actions.messages import in_small_letters

REFUSABLE = {
    "human_handoff": (
        "person human agent advisor adviser someone somebody operator colleague representative rep ticket "
        "people humans agents"
    ),
    "cancel_order": "cancel cancelled canceled cancelling canceling cancellation",
    "change_address": "change changing redirect redirecting",
    "delete_data": "delete deleted deleting erase erased erasing close closing",
    "forget_preferences": "forget forgetting",
    "start_return": "return returned returning back",
    "exchange_item": "exchange exchanged exchanging swap swapping replacement",
    "parcel_missing": "search searched searching chase chasing",
    "item_damaged": "claim claiming",
    "wrong_item": "claim claiming",
}
"""By intent the words that ask for it."""
NEGATIONS = frozenset("don't dont not didn't didnt won't wont wouldn't wouldnt never no without".split())
BETWEEN = frozenset(
    "want wanna need wish like have going plan planning mean meant asking asked ask trying saying said to for a an the "
    "any my me you i it them that this be us talk speak with another real actual bloody stupid order account get put "
    "through send sending contact your one of".split()
)
"""What may stand between a negation and the word that it refuses."""
DISOWNING = re.compile(r"\b(?:am|i'm|was|is|it's|that's)(?:n't|nt| not) (?P<who>\w{1,30})\b")
WRONG_PERSON = re.compile(r"\bwrong (?:person|customer)\b")
MOST_WORDS = 100


def is_refusal(text: str, intent: str) -> bool:
    """Whether a message speaks of what an intent asks for only to refuse it, each time it does.

    Args:
        text: What the customer wrote; empty for a button.
        intent: What it was taken for.
    """
    plain = in_small_letters(text).replace("do not", "don't")
    # Signs end what a negation reaches: "I'm not happy, cancel it".
    words = re.findall(r"[a-z']+|[.,;:!?]", plain)[:MOST_WORDS]
    asked_for = REFUSABLE.get(intent, "").split()
    places = [place for place, word in enumerate(words) if word in asked_for]
    return bool(places) and all(_is_negated(words[:place]) for place in places)


def disowns(text: str, name: str) -> bool:
    """Whether somebody says that they are not the customer whom the conversation knows: "that wasn't me", "I'm not
    Ada", "you've got the wrong person".

    Args:
        text: What the customer wrote.
        name: The first name of the customer.
    """
    plain = in_small_letters(text)
    told = DISOWNING.search(plain)
    return bool(told and told["who"] in ("me", name.lower())) or bool(WRONG_PERSON.search(plain))


def _is_negated(before: list[str]) -> bool:
    """Whether the words before one reach back to a negation."""
    while before and before[-1] in BETWEEN:
        before.pop()
    return bool(before) and before[-1] in NEGATIONS
