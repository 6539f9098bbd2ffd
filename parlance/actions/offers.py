"""What the assistant offers to do next, and the answers to it: "yes", "no", a detail that nobody asked for."""

import json
from abc import ABC, abstractmethod
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from parlance.actions import consent
from parlance.actions.action import Action
from parlance.actions.messages import earlier_events, latest_text
from parlance.actions.pending_requests import next_request, take_up, waiting
from parlance.actions.settings import settings

WORDS_OF_AN_OFFER = (
    "show tell get send try again once look chase compare take day a person more other others next know how"
)
"""With which a yes to an offer may say again what was offered."""
WORDS_OF_A_PERSON = "get find fetch pass put hand over through person human"
"""With which a yes to a person may: "yes, tell me more" opens no ticket."""


def offering(intent: str, **details: str) -> str:
    """A value for the slot ``offer``: an intent, and the entities that go with it, as in a button's payload."""
    return intent + (json.dumps(details) if details else "")


def fresh_offer(tracker: Tracker) -> str | dict[str, Any] | None:
    """What the assistant offered in its last turn, as ``offering`` wrote it, or as a message to take up again (its
    parse result); an older offer is not what a "yes" means."""
    offers = (e.get("value") for e in earlier_events(tracker) if e["event"] == "slot" and e.get("name") == "offer")
    return next(offers, None)


class ActionAccept(Action):
    """A "yes" outside of a form: takes up what the last turn offered (slot ``offer``), or asks what is wanted."""

    def name(self) -> str:
        return "action_accept"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        offer = fresh_offer(tracker)
        words = WORDS_OF_A_PERSON if offer == settings().person else WORDS_OF_AN_OFFER
        if offer and latest_text(tracker) and not consent.is_yes(tracker.latest_message, words, _said_last(tracker)):
            dispatcher.utter_message(response="utter_offer_stands")
            return [SlotSet("offer", offer)]
        if isinstance(offer, dict):
            return [SlotSet("offer", None), *take_up(domain, offer["intent"]["name"], offer, goes_on=True)]
        if offer:
            intent, brace, details = offer.partition("{")
            entities = [{"entity": name, "value": value} for name, value in json.loads(brace + details or "{}").items()]
            parsed = {"text": f"/{offer}", "entities": entities}
            return [SlotSet("offer", None), *take_up(domain, intent, parsed, goes_on=True)]
        dispatcher.utter_message(response="utter_go_on" if tracker.active_loop.get("name") else "utter_what_else")
        return []


def _said_last(tracker: Tracker) -> list[str]:
    """What the assistant said in its last turn."""
    return [str(e["text"]) for e in earlier_events(tracker) if e["event"] == "bot" and e.get("text")]


class Decline(Action, ABC):
    """A "no" outside of a question that a form understands."""

    def name(self) -> str:
        return "action_decline"

    @abstractmethod
    def wanted_by_details(self, tracker: Tracker) -> str | None:
        """The intent that the details in the latest message are for: "no, friday"."""

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        in_form = bool(tracker.active_loop.get("name"))
        wanted = None if in_form else self.wanted_by_details(tracker)
        if wanted:
            return [SlotSet("offer", None), *take_up(domain, wanted, dict(tracker.latest_message))]
        if not in_form and waiting(tracker):  # for this answer
            return [SlotSet("offer", None), *next_request(dispatcher, tracker, domain)]
        dispatcher.utter_message(response="utter_form_declined" if in_form else "utter_all_done")
        return [SlotSet("offer", None)]


class UseDetails(Action, ABC):
    """Details that nobody asked for just now: goes on with what they are most likely for, or with the open form."""

    def name(self) -> str:
        return "action_use_details"

    @abstractmethod
    def wanted_by_details(self, tracker: Tracker) -> str | None:
        """The intent that the details in the latest message are most likely for."""

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        form = tracker.active_loop.get("name")
        if form:  # which had given way to another question, such as whether to get a person
            return [FollowupAction(form)]
        intent = self.wanted_by_details(tracker)
        if intent:
            return take_up(domain, intent, dict(tracker.latest_message))
        dispatcher.utter_message(response="utter_what_else")
        return []
