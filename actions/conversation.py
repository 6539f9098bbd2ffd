"""Courtesies that need more than a fixed answer."""

import logging
import re

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customers import recognise
from actions.shop_access import ask_shop
from actions.visits import NEW_VISIT, begin_page_anew, everything_forgotten, log_out
from parlance.actions.action import Action
from parlance.actions.messages import earlier_events, in_small_letters, latest_text
from parlance.actions.offers import fresh_offer
from shop import preferences
from shop.errors import ShopUnavailable

logger = logging.getLogger(__name__)

GREETINGS_IN_TONE = frozenset({"short", "formal"})
ASKS_ABOUT_LOGGING_OUT = re.compile(
    r"\bshould (?:i|we)\b|\bdo (?:i|we) (?:have|need)\b|\bwill i\b|\bwhat (?:if|happens)\b|\bif (?:i|we) (?:log|sign)\b"
    r"|\bwhy\b|\balone\b|\bnot yet\b|\bdon'?t (?:log|sign)\b|\bat the end\b|\brather\b"
    r"|\b(?:talk|speak|discuss|ask)\b|\bhmm\b"
)
LOGS_OUT = re.compile(
    r"\b(?:log|sign)\w{0,5}\b.{0,20}?\b(?:out|off|in)\b|\b(?:logout|signout|logof|lgo|logg)\b|^\W*log of\W*$"
    r"|\b(?:forget|forgot|session|account|switch|swap|user|customer|person|login|else|another|other|different"
    r"|disconnect|unlink|handing|passing)\b|\bsome(?:one|body)\b|\b(?:not|wasn'?t) (?:me|her|him)\b"
    r"|\bit'?s (?:not )?me\b|\bwho i am\b|\bstop calling me\b"
)
"""What is in a message that means it; "log it" has been taken for "log out"."""


class ActionGreet(Action):
    """Greets; a known customer by the name they like to be called."""

    def name(self) -> str:
        return "action_greet"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        if tracker.active_loop.get("name"):
            dispatcher.utter_message(response="utter_greet_again")
            return []
        try:
            customer, events = await recognise(tracker)
            if customer:
                liked = await ask_shop(preferences.of, customer.id)
                greet_known(dispatcher, liked.call_me or customer.first_name, liked.tone)
                return events
        except ShopUnavailable as error:
            logger.error("%s", error)
        name = (tracker.get_slot("preferences") or {}).get("call_me")
        if name:
            greet_known(dispatcher, name, tracker.get_slot("tone"))
        else:
            dispatcher.utter_message(response="utter_greet")
        return []


def greet_known(dispatcher: CollectingDispatcher, name: str, tone: str | None) -> None:
    """Greet somebody by name, in the tone that they like."""
    in_tone = f"_{tone}" if tone in GREETINGS_IN_TONE else ""
    dispatcher.utter_message(response=f"utter_greet_known{in_tone}", name=name)


class ActionRepeat(Action):
    """Says again what Fern said last, with its buttons."""

    def name(self) -> str:
        return "action_repeat"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        said = [
            event
            for event in earlier_events(tracker)
            if event.get("event") == "bot" and (event.get("data") or {}).get("custom") != NEW_VISIT
        ]
        for event in reversed(said):
            data = event.get("data") or {}
            dispatcher.utter_message(
                text=event.get("text"),
                buttons=data.get("buttons"),
                image=data.get("image"),
                json_message=data.get("custom"),
            )
        if not said:
            dispatcher.utter_message(response="utter_nothing_to_repeat")
        offer = fresh_offer(tracker)  # what is said again is offered again
        return [SlotSet("offer", offer)] if offer else []


class ActionStartOver(Action):
    """Forgets what the conversation was about, and who it was with."""

    def name(self) -> str:
        return "action_start_over"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        begin_page_anew(dispatcher, tracker)
        dispatcher.utter_message(response="utter_start_over")
        return everything_forgotten(tracker)


class ActionLogOut(Action):
    """Forgets who the conversation was with, and all that they said."""

    def name(self) -> str:
        return "action_log_out"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        said = in_small_letters(latest_text(tracker))
        if said and (ASKS_ABOUT_LOGGING_OUT.search(said) or not LOGS_OUT.search(said)):
            # It ends more than the message may have meant: "should I log out?", "leave my account alone".
            dispatcher.utter_message(response="utter_log_out_how")
            return []
        return log_out(dispatcher, tracker)
