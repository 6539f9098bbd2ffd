"""What is in hand: what the conversation is about, so that "it", "them" and "the one from before" can be answered.

The slot ``in_hand`` is a list of things, what was talked about last first: ``{kind, ref}`` and, of the last thing, the
action that told of it (``answer``). Which kinds there are is the project's affair: an order, a product, a claim. A list
of several things of a kind that was shown is a thing of its own kind, ``shown``; what was in it is in the slot
``shown``. Nothing of this proves anything: who may hear of an order is checked where it is read.
"""

import re
from collections.abc import Mapping
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from parlance.actions.messages import in_small_letters

IN_HAND = "in_hand"
"""The slot."""
SHOWN = "shown"
"""The kind of a list of several things; its ``ref`` is the kind of the things."""
MOST_IN_HAND = 12
"""So many things are remembered; what was talked about before them is not meant by "the one from before" any more."""
TOPIC = "topic"
"""The entity with which a button asks one of a retrieval intent's questions: ``/booking_question{"topic": "room"}``."""

_BOTH = re.compile(r"\b(?:both|either|neither|each|the two|those two|these two|them (?:all|two)|all of them)\b")
_EARLIER = re.compile(
    r"\b(?:from (?:before|earlier)|before that|earlier|previous|other one|original|very first|first one (?:you|we|i))\b"
    r"|\b(?:we|i|you) (?:\w{1,12} ){0,2}(?:before|first|earlier)\b"
)


def things(tracker: Tracker, *kinds: str) -> list[dict[str, Any]]:
    """What is in hand, the latest first; of these kinds where some are given."""
    return [thing for thing in tracker.get_slot(IN_HAND) or [] if not kinds or thing["kind"] in kinds]


def latest(tracker: Tracker, *kinds: str) -> dict[str, Any] | None:
    """What was talked about last; of these kinds where some are given."""
    return next(iter(things(tracker, *kinds)), None)


def refs(tracker: Tracker, kind: str) -> list[str]:
    """The things of a kind that were talked about, by what they go by, the latest first."""
    return [str(thing["ref"]) for thing in things(tracker, kind)]


def hold(tracker: Tracker, kind: str, ref: Any, answer: str = "") -> list[EventType]:
    """Take a thing into the hand; from now on it is "it".

    Args:
        tracker: The conversation; its slot is brought up to date, too, for what is taken after it in this turn.
        kind: What it is.
        ref: What it goes by: a number, a reference.
        answer: The action that tells of it.
    """
    if ref in (None, ""):
        return []
    thing = {"kind": kind, "ref": str(ref), **({"answer": answer} if answer else {})}
    before = [old for old in things(tracker) if (old["kind"], old["ref"]) != (kind, str(ref))]
    held = SlotSet(IN_HAND, [thing, *before][:MOST_IN_HAND])
    tracker.slots[IN_HAND] = held["value"]
    return [held]


def hold_list(tracker: Tracker, kind: str, answer: str = "") -> list[EventType]:
    """Several things of a kind were shown, which the slot ``shown`` holds; "them" are these."""
    return hold(tracker, SHOWN, kind, answer)


def is_list_in_hand(tracker: Tracker, kind: str) -> bool:
    """Whether several of a kind were shown after any single one was talked about."""
    thing = latest(tracker, kind, SHOWN)
    return thing is not None and (thing["kind"], thing["ref"]) == (SHOWN, kind)


def means_both(text: str) -> bool:
    """Whether a message is about two things or more. "They" are not: curtains are one product."""
    return _BOTH.search(in_small_letters(text)) is not None


def means_an_earlier_one(text: str) -> bool:
    """Whether a message goes back to something before the last: "the one from before", "the other one"."""
    return _EARLIER.search(in_small_letters(text)) is not None


def topic_of(tracker: Tracker, intent: str) -> str:
    """Which of a retrieval intent's questions was asked, such as courier for ``order_question/courier``: by the message
    that made the request, which may be some turns ago. A button that names none, as the fallback's, is about the words
    before it. Empty where none was asked.
    """
    messages = [event.get("parse_data") or event for event in reversed(tracker.events) if event.get("event") == "user"]
    asked = next((n for n, m in enumerate(messages) if (m.get("intent") or {}).get("name") == intent), len(messages))
    return next((topic for message in messages[asked : asked + 2] if (topic := _topic(message, intent))), "")


def _topic(message: Mapping[str, Any], intent: str) -> str:
    chosen = next((e["value"] for e in message.get("entities") or [] if e["entity"] == TOPIC), None)
    found = ((message.get("response_selector") or {}).get(intent) or {}).get("response") or {}
    return str(chosen or str(found.get("intent_response_key") or "").partition("/")[2])
