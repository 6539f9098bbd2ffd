"""The photos of a claim: asking for one, and adding one that comes later."""

import logging
import re

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.shop_access import ask_shop
from parlance.actions.action import Action
from parlance.actions.messages import entity, free_answer, intent_of, is_asked_for, latest_text
from parlance.actions.offers import offering
from shop.claims import PhotoOutcome, attach_photo
from shop.errors import ShopUnavailable

logger = logging.getLogger(__name__)

NO_PHOTO = "none"
PHOTO_ID = re.compile(r"[\w-]{1,64}")
SAYS_NO_PHOTO = re.compile(
    r"\b(?:(?:no|without) (?:\w+ )?(?:photo|pic|picture|image|camera)|none|later|can'?t|cannot|(?:don'?t|do not) have|"
    r"haven'?t|have not|not (?:now|yet|possible))",
    re.I,
)
ASKS = re.compile(r"\?|\bhow\b", re.I)
WORDS_OF_A_DETAIL = 4
"""So many words where a photo was asked for add to what is wrong."""


class ActionAskPhoto(Action):
    """Asks for a photo; says how to send one to whoever agrees without sending it."""

    def name(self) -> str:
        return "action_ask_photo"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        agreed = is_asked_for(tracker, "photo") and intent_of(tracker) in ("affirm", "send_photo")
        dispatcher.utter_message(response="utter_photo_how" if agreed else "utter_ask_photo")
        return []


class ActionAttachPhoto(Action):
    """A photo outside of the question for one: goes to the claim that was opened, or waits for one to be."""

    def name(self) -> str:
        return "action_attach_photo"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        photo, claim = entity(tracker, "photo"), tracker.get_slot("claim")
        if photo is None:
            dispatcher.utter_message(response="utter_photo_how_to_attach")
            return []
        if not PHOTO_ID.fullmatch(photo):
            return [SlotSet("photo", None)]
        if claim is None:
            in_form = bool(tracker.active_loop.get("name"))
            dispatcher.utter_message(response="utter_photo_noted" if in_form else "utter_photo_of_what")
            return []
        try:
            outcome = await ask_shop(attach_photo, claim, photo)
        except ShopUnavailable as error:
            logger.error("%s", error)
            dispatcher.utter_message(response="utter_photo_unavailable")
            return [SlotSet("offer", offering("send_photo", photo=photo))]
        if outcome is PhotoOutcome.NOT_FOUND:  # the claim is closed
            dispatcher.utter_message(response="utter_photo_of_what")
            return [SlotSet("claim", None)]
        dispatcher.utter_message(response=f"utter_photo_{outcome.value}", reference=claim)
        return [SlotSet("photo", None)]


def says_no_photo(tracker: Tracker) -> bool:
    """Whether the customer has no photo to send, or not now; "later" is no goodbye here."""
    text = latest_text(tracker)
    if intent_of(tracker) == "deny":
        return True
    answers = free_answer(tracker, "photo", ("send_photo",)) is not None or len(text.split()) < WORDS_OF_A_DETAIL
    return answers and bool(SAYS_NO_PHOTO.search(text)) and not ASKS.search(text)
