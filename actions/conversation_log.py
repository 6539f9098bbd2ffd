"""Reading what was said from a tracker."""

from typing import Any

from rasa_sdk import Tracker


def transcript(tracker: Tracker) -> str:
    """The conversation so far, one message a line, as a colleague wants to read it."""
    speakers = {"user": "Customer", "bot": "Fern"}
    return "\n".join(
        f"{speakers[event['event']]}: {event['text']}"
        for event in tracker.events
        if event.get("event") in speakers and event.get("text")
    )


def latest_text(tracker: Tracker) -> str:
    """What the customer wrote last; empty for a button."""
    text = tracker.latest_message.get("text") or ""
    return "" if text.startswith("/") else str(text)


def slot_before_this_turn(tracker: Tracker, slot: str) -> Any:
    """The value that a slot had before the customer's latest message."""
    this_turn = True
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            this_turn = False
        elif not this_turn and event.get("event") == "slot" and event.get("name") == slot:
            return event.get("value")
    return None
