"""How often a form has put its question, and what it shows in place of putting it a third time."""

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from parlance.actions.action import Action
from parlance.actions.fallback import likely_intents
from parlance.actions.messages import CHANGES_FORM, REQUESTED, applied_events
from parlance.actions.settings import settings

MOST_ASKED = 2
"""So often the same question is put."""
WAYS_ON = "ways_on"
"""What the form asks for, in Rasa's slot ``requested_slot``, when it shows the ways on instead of its question."""
MOST_MEANT, LIKELY = 2, 0.1
"""So many meanings of a message are shown, of those that are so likely."""
_TITLES = {"leave": "Stop here", "person": "Talk to a person"}


def times_asked(tracker: Tracker, slot: str) -> int:
    """How often the open form has asked for a slot, whatever was said in between; the ways on count, too.

    It asks when it sets Rasa's slot in its own run. Rasa sets the slot once more, before each run, for the validation.
    """
    times, asked, form, action = 0, None, None, None
    for event in applied_events(tracker):
        if event["event"] in CHANGES_FORM and event.get("name") != form:
            times, form = 0, event.get("name")
        elif event["event"] == "action":
            action = event.get("name")
        elif event["event"] == "slot" and event.get("name") == REQUESTED and action == form:
            asked = event.get("value") if event.get("value") != WAYS_ON else asked
            times += asked == slot
    return times


def slot_asked_for(tracker: Tracker) -> Any:
    """The slot that the open question is about; that of the question whose place the ways on have taken."""
    asked = tracker.get_slot(REQUESTED)
    if asked != WAYS_ON:
        return asked
    values = (e.get("value") for e in reversed(tracker.events) if e["event"] == "slot" and e.get("name") == REQUESTED)
    return next((value for value in values if value != WAYS_ON), None)


def was_rejected(tracker: Tracker, form: str) -> bool:
    """Whether a form had no use for the latest message, so that something else has answered it."""
    for event in reversed(tracker.events):
        if event["event"] == "user":
            return False
        if event["event"] == "action_execution_rejected" and event.get("name") == form:
            return True
    return False


class ActionAskWaysOn(Action):
    """Shows what the user may choose to get on: the buttons of the question, what the message may have meant, leaving
    it, and a person."""

    def name(self) -> str:
        return f"action_ask_{WAYS_ON}"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        buttons = {button["payload"]: button for button in (*_of_the_question(tracker), *ways_out(tracker))}
        dispatcher.utter_message(response="utter_ways_on", buttons=list(buttons.values()))
        return []


def ways_out(tracker: Tracker) -> list[dict[str, str]]:
    """Buttons for what the latest message may have meant, for leaving it, and for a person."""
    known, titles = settings(), settings().titles
    ranking = [score for score in tracker.latest_message.get("intent_ranking") or [] if score["confidence"] >= LIKELY]
    likely = likely_intents({"intent_ranking": ranking}, titles)
    meant = [intent for intent in likely if intent not in (known.leave, known.person)]
    return [
        *({"title": titles[intent], "payload": f"/{intent}"} for intent in meant[:MOST_MEANT]),
        {"title": titles.get(known.leave, _TITLES["leave"]), "payload": f"/{known.leave}"},
        {"title": titles.get(known.person, _TITLES["person"]), "payload": f"/{known.person}"},
    ]


def _of_the_question(tracker: Tracker) -> list[dict[str, str]]:
    """The buttons that the question had when it was put last."""
    for event in reversed(tracker.events):
        buttons = (event.get("data") or {}).get("buttons") if event["event"] == "bot" else None
        if buttons or event["event"] == "active_loop":
            return list(buttons or [])
    return []
