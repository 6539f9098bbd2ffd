"""One customer at a time: when another one writes in a conversation, nothing of the first is left for them.

Rasa fills slots before any action is run, and the first of Fern's actions in a turn may be any; so every action begins
with ``leave_earlier_visits`` (``actions/__init__.py``). What belongs to the visit is read from the events, which Rasa
stores, and not from a slot that might be lost.
"""

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customers import CUSTOMER, is_from_customer, known_customer, signed_in_as, token_of
from actions.refusals import disowns
from parlance.actions.messages import CHANGES_FORM, latest_text
from shop.identity import identity_of
from shop.recognition import recognition_in

LEAVE_TAKING = frozenset({"action_log_out", "action_start_over"})
"""The actions with which a visit ends."""
OF_RASA = frozenset({"session_started_metadata"})
"""Slots that Rasa fills by itself."""
NEW_VISIT = {"type": "new_visit"}
"""Has the web chat begin its page anew (docs/web-chat.md)."""


def leave_earlier_visits(tracker: Tracker, domain: DomainDict, action: str) -> list[EventType]:
    """Takes from the tracker all that is older than this visit; the events that have Rasa forget it, too."""
    start = start_of_visit(tracker)
    if not start:
        return []
    events = tracker.events[start:]
    told = {event.get("name") for event in _without_candidates(events, action) if event.get("event") == "slot"}
    first = {slot: settings.get("initial_value") for slot, settings in domain.get("slots", {}).items()}
    old = {
        slot
        for slot, value in tracker.slots.items()
        if slot not in told | OF_RASA and value not in (None, first.get(slot))
    }
    is_form_old = not any(event.get("event") in CHANGES_FORM for event in events)
    tracker.events = [event for event in events if event.get("event") != "slot" or event.get("name") not in old]
    tracker.slots.update({slot: first.get(slot) for slot in old})
    emptied = [SlotSet(slot, first.get(slot)) for slot in sorted(old)]
    return [*([ActiveLoop(None)] if tracker.active_loop.get("name") and is_form_old else []), *emptied]


def _without_candidates(events: list[dict[str, Any]], action: str) -> list[dict[str, Any]]:
    """The events without those by which Rasa hands a form's validation the slots that are filled already."""
    runs = [number for number, event in enumerate(events) if event.get("event") == "action"]
    is_validation = bool(runs) and action == f"validate_{events[runs[-1]].get('name')}"
    return events[: runs[-1]] if is_validation else events


def start_of_visit(tracker: Tracker) -> int:
    """Which of the events is the first of this visit: 0, where there was no other before.

    A visit begins with the first message of another customer, and with that of somebody who is not signed in any more;
    also where the proof of who it was has run out, and after a farewell.
    """
    start = message = 0
    signed_in, recognised, token = "", None, ""
    for number, event in enumerate(tracker.events):
        kind, name = event.get("event"), event.get("name")
        if is_from_customer(event):
            message = number
            if token_of(event) != token:
                token = token_of(event)
                now = _who_signed(token)
                is_other = recognised is not None and recognised.email != now
                if now != signed_in and (signed_in or is_other):
                    start, recognised = number, None
                signed_in = now
        elif kind == "slot" and name == CUSTOMER:
            if event.get("value") is None and recognised is not None:
                start = message
            recognised = recognition_in(event.get("value"), tracker.sender_id, even_if_expired=True)
        elif (kind == "action" and name in LEAVE_TAKING) or kind == "restart":
            start, recognised = number, None
    is_nobody = tracker.get_slot(CUSTOMER) is not None and known_customer(tracker) is None
    is_signed_out = bool(signed_in) and not signed_in_as(tracker)  # while the message waited for its turn
    return message if is_nobody or is_signed_out else start


def is_disowned(tracker: Tracker) -> bool:
    """Whether whoever writes now says that they are not the customer whom the conversation knows."""
    customer = known_customer(tracker)
    return customer is not None and disowns(latest_text(tracker), customer.first_name)


def log_out(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
    """Say that nothing is known any more of who the conversation was with, and forget it.

    Nobody can be signed out of the shop here, whose next token would be believed as this one was.
    """
    begin_page_anew(dispatcher, tracker)
    signed_in = "_signed_in" if signed_in_as(tracker) else ""
    dispatcher.utter_message(response=f"utter_logged_out{signed_in}")
    return everything_forgotten(tracker)


def begin_page_anew(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    """Has the web chat show nothing any more of what was said; no other channel could take it back."""
    if tracker.get_latest_input_channel() == "web":
        dispatcher.utter_message(json_message=NEW_VISIT)


def everything_forgotten(tracker: Tracker) -> list[EventType]:
    """What leaves nothing for whoever writes next. Earlier messages are left out by ``leave_earlier_visits``."""
    emptied = [slot for slot, value in tracker.slots.items() if value is not None and slot not in OF_RASA]
    return [ActiveLoop(None), *(SlotSet(slot, None) for slot in emptied)]


def _who_signed(token: str) -> str:
    identity = identity_of(token, even_if_expired=True) if token else None
    return identity.email if identity else ""
