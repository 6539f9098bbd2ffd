"""How a form ends before its time, what an action after it does then, and what is said where it goes on."""

import logging
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from parlance.actions.errors import ServiceUnavailable
from parlance.actions.messages import REQUESTED
from parlance.actions.settings import settings

logger = logging.getLogger(__name__)

ATTEMPTS_BEFORE_A_PERSON = 3
ENDED = "form_ended"
"""The slot that says why a form ended before its time: gave_up, unavailable, refused by rules, or a word of the
project's."""


def ended(tracker: Tracker, forgets: tuple[str, ...] = ()) -> list[EventType]:
    """What an action does after a form that ended before its time: empty its slots, unless another try needs them."""
    forgotten = () if tracker.get_slot(ENDED) == "unavailable" else forgets
    return [SlotSet(ENDED, None), *(SlotSet(slot, None) for slot in forgotten)]


def not_understood(dispatcher: CollectingDispatcher, tracker: Tracker, response: str, **blanks: Any) -> list[EventType]:
    """Say why an answer cannot be used, or end the form and offer a person when this has failed too often."""
    failed = (tracker.get_slot("failed_attempts") or 0.0) + 1
    if failed >= ATTEMPTS_BEFORE_A_PERSON:
        return give_up(dispatcher)
    dispatcher.utter_message(response=response, **blanks)
    return [SlotSet("failed_attempts", failed)]


def give_up(dispatcher: CollectingDispatcher, response: str = "utter_offer_person") -> list[EventType]:
    """End the form and offer a person."""
    dispatcher.utter_message(response=response)
    return [SlotSet(ENDED, "gave_up"), SlotSet("failed_attempts", 0.0), SlotSet("offer", settings().person)]


def refuse(dispatcher: CollectingDispatcher, response: str, offer: str | None = None, **blanks: Any) -> list[EventType]:
    """End the form because rules do not allow what it is for; say why, and offer something else."""
    dispatcher.utter_message(response=response, **blanks)
    return [SlotSet(ENDED, "refused"), SlotSet("failed_attempts", 0.0), SlotSet("offer", offer)]


def unavailable(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
    """Say that a system cannot be reached; a "yes" then asks again for what the user last wanted."""
    dispatcher.utter_message(response="utter_unavailable")
    return [SlotSet(ENDED, "unavailable"), SlotSet("offer", tracker.get_slot("request"))]


def end_unavailable(dispatcher: CollectingDispatcher, tracker: Tracker, error: ServiceUnavailable) -> list[EventType]:
    """End a form that cannot ask its question because a system cannot be reached."""
    logger.error("%s", error)
    return [*unavailable(dispatcher, tracker), SlotSet(REQUESTED, None)]


def try_again_later(dispatcher: CollectingDispatcher, tracker: Tracker, error: ServiceUnavailable) -> list[EventType]:
    """What an action after a form says where a system cannot be reached; what was collected stays."""
    logger.error("%s", error)
    return [event for event in unavailable(dispatcher, tracker) if event["name"] != ENDED]


def ask_again_later(dispatcher: CollectingDispatcher, tracker: Tracker, error: ServiceUnavailable) -> list[EventType]:
    """What an action without a form says where a system cannot be reached: a "yes" takes up the same message again."""
    logger.error("%s", error)
    dispatcher.utter_message(response="utter_unavailable")
    message = {key: tracker.latest_message.get(key) for key in ("text", "intent", "entities")}
    return [SlotSet("offer", message)]
