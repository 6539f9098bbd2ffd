"""What the customer's latest message and the conversation before it say; reading only."""

from collections.abc import Iterator
from typing import Any

from rasa_sdk import Tracker

from shop.order_numbers import find_order_number

COMMANDS = frozenset(
    "stop start_over human_handoff goodbye help repeat bot_challenge who_are_you faq smalltalk out_of_scope "
    "thumbs_up thumbs_down praise greet thank".split()
)
"""Intents that are never the answer to a form's open question."""
SURE = 0.7

ORDINALS = {
    "first": 0, "1st": 0, "one": 0, "1": 0, "top": 0,
    "second": 1, "2nd": 1, "two": 1, "2": 1,
    "third": 2, "3rd": 2, "three": 2, "3": 2,
    "fourth": 3, "4th": 3, "four": 3, "4": 3,
    "fifth": 4, "5th": 4, "five": 4, "5": 4,
    "last": -1, "bottom": -1, "final": -1,
}  # fmt: skip


def intent_of(tracker: Tracker) -> str:
    """The intent of the latest message."""
    return str((tracker.latest_message.get("intent") or {}).get("name") or "")


def is_command(tracker: Tracker) -> bool:
    """Whether the latest message surely wants something else than to answer a question."""
    intent = tracker.latest_message.get("intent") or {}
    return intent.get("name") in COMMANDS and float(intent.get("confidence") or 0.0) >= SURE


def latest_text(tracker: Tracker) -> str:
    """What the customer wrote last; empty for a button."""
    text = tracker.latest_message.get("text") or ""
    return "" if text.startswith("/") else str(text)


def entities(tracker: Tracker, name: str, role: str | None = None) -> list[Any]:
    """The values of an entity in the latest message, in its order; those of one role where it is given."""
    return [
        entity["value"]
        for entity in tracker.latest_message.get("entities") or []
        if entity["entity"] == name and (role is None or entity.get("role") == role)
    ]


def entity(tracker: Tracker, name: str, role: str | None = None) -> str | None:
    """The last value of an entity in the latest message."""
    found = entities(tracker, name, role)
    return str(found[-1]) if found else None


def is_asked_for(tracker: Tracker, slot: str) -> bool:
    """Whether the form's open question is about this slot."""
    return bool(tracker.get_slot("requested_slot") == slot)


def free_answer(tracker: Tracker, slot: str) -> str | None:
    """The latest message as the answer to the open question about a slot; None where it is something else."""
    text = latest_text(tracker).strip()
    return text if text and is_asked_for(tracker, slot) and not is_command(tracker) else None


def yes_or_no(tracker: Tracker, slot: str) -> bool | None:
    """A yes or a no to the open question about a slot."""
    return {"affirm": True, "deny": False}.get(intent_of(tracker)) if is_asked_for(tracker, slot) else None


def chosen(tracker: Tracker, count: int) -> int | None:
    """Which of ``count`` things on offer the latest message picks ("the second one", "last"), from 0."""
    for value in entities(tracker, "ordinal"):
        position = ORDINALS.get(str(value).lower().removeprefix("the ").strip())
        if position is not None and -count <= position < count:
            return position % count
    return None


def order_number_in(tracker: Tracker) -> str | None:
    """An order number in the latest message, whatever intent and entities it was taken for."""
    return find_order_number(latest_text(tracker))


def transcript(tracker: Tracker) -> str:
    """The conversation so far, one message a line, as a colleague wants to read it."""
    speakers = {"user": "Customer", "bot": "Fern"}
    return "\n".join(
        f"{speakers[event['event']]}: {event['text']}"
        for event in tracker.events
        if event.get("event") in speakers and event.get("text")
    )


def earlier_events(tracker: Tracker, turns: int = 1) -> Iterator[dict[str, Any]]:
    """The events of the turns before the latest message, the newest first.

    Args:
        tracker: The conversation.
        turns: How many of the customer's messages to go back over.
    """
    seen = 0
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            seen += 1
        if 1 <= seen <= turns and event.get("event") != "user":
            yield event
        if seen > turns:
            return


def value_before_this_turn(tracker: Tracker, slot: str) -> Any:
    """The value that a slot had before the customer's latest message."""
    return next(
        (
            e.get("value")
            for e in earlier_events(tracker, turns=10_000)
            if e.get("name") == slot and e["event"] == "slot"
        ),
        None,
    )
