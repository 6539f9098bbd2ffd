"""A form's answers die with it: what an earlier form was told is not for the one that opens."""

from collections.abc import Iterable

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from parlance.actions.consent import CONSENT
from parlance.actions.messages import CHANGES_FORM, GOES_ON, earlier_events, value_before_this_turn
from parlance.actions.settings import settings


def form_before(tracker: Tracker) -> str | None:
    """The form that was open when the latest message came."""
    loops = (e for e in earlier_events(tracker, turns=len(tracker.events)) if e["event"] in CHANGES_FORM)
    return next((event.get("name") for event in loops), None)


def empty_left_overs(tracker: Tracker, slots: Iterable[str]) -> list[EventType]:
    """Empty what an earlier form, or this one at another time, was told.

    What stays is what the assistant's settings keep; and everything where the user goes on with what was interrupted
    (``pending_requests.take_up``).
    """
    if tracker.latest_message.get(GOES_ON):
        return []
    kept = settings()
    stays = kept.kept_between_forms | (kept.kept_by_the_next_form if form_before(tracker) else frozenset())
    before = {slot: value_before_this_turn(tracker, slot) for slot in {*slots, CONSENT} - stays}
    old = [
        slot
        for slot, value in before.items()
        if value is not None
        and value == tracker.get_slot(slot)
        and (slot not in kept.kept_from_outside or _told_in_a_form(tracker, slot))
    ]
    # Rasa appends what it would fill the form with, and each of these would be validated as an answer.
    tracker.events = [e for e in tracker.events if not (e["event"] == "slot" and e["name"] in old)]
    emptied = [SlotSet(slot, None) for slot in old]
    tracker.slots.update(dict.fromkeys(old))
    return emptied


def _told_in_a_form(tracker: Tracker, slot: str) -> bool:
    """Whether a form was open when a slot was set last, before the latest message."""
    found = False
    for event in earlier_events(tracker, turns=len(tracker.events)):
        if event["event"] == "slot" and event.get("name") == slot:
            found = True
        if found and event["event"] in CHANGES_FORM:
            return bool(event.get("name"))
    return False
