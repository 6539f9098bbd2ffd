"""Handing a conversation to a person."""

import logging
import re

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customers import known_customer
from actions.refusals import REFUSABLE
from actions.shop_access import ask_shop
from parlance.actions import consent
from parlance.actions.action import Action
from parlance.actions.in_hand import hold
from parlance.actions.messages import intent_of, latest_text, transcript
from parlance.actions.offers import WORDS_OF_A_PERSON
from parlance.actions.refusals import NEGATIONS, is_refusal
from shop.customers import address_on_file
from shop.emails import find_email
from shop.errors import ShopUnavailable
from shop.order_numbers import find_order_number
from shop.tickets import open_ticket

LONGEST = 1000

logger = logging.getLogger(__name__)


PEOPLE = frozenset(
    f"{REFUSABLE['human_handoff']} anyone anybody manager supervisor boss staff team employee executive service "
    "support care ticket escalate callback call ring phone speak talk transfer".split()
)
"""Words of which one is in a message that asks for a person."""
DOUBTS = NEGATIONS | frozenset("if wait unless instead number numbers home consult sleep him her them".split())
"""Words with which a message may mean something else: "can somebody call me, no wait", "phone number"."""
_SOMEBODY = re.compile(r"\b(?:to|with|of|call|ring|phone|ask|tell) (?:my|our|his|her|the|a|an) (\w{1,30})")
_ASKS = re.compile(r"(?:is|are|was|will|would|does|do|did|has|how|why|what|when|where|who|if)\b")
"""How a question begins that is none for a person: "is somebody going to ring me?"."""
OF_THE_SHOP = PEOPLE | frozenset("shop store company customer real actual proper live different nice".split())
"""Who or what is spoken to in such a message; anybody else is the customer's own: "I need to speak to my sister"."""


def asks_plainly(text: str) -> bool:
    """Whether a message asks for a person and says nothing that speaks against it; a button does."""
    plain = " ".join(text.lower()[:LONGEST].split())
    words = set(re.findall(r"[a-z']+", plain))
    is_own = any(somebody not in OF_THE_SHOP for somebody in _SOMEBODY.findall(plain))
    return not text or bool(words & PEOPLE) and not words & DOUBTS and not is_own and not _ASKS.match(plain)


def address_told(tracker: Tracker) -> str:
    """The e-mail address that was told last, as it was typed: a slot may hold a part that NLU marked. Empty where it
    did not belong to the order that was told with it."""
    if tracker.get_slot("unverified_email"):
        return ""
    said = (event.get("text") or "" for event in reversed(tracker.events) if event.get("event") == "user")
    return next((email for text in said if (email := find_email(text))), "")


class ActionHumanHandoff(Action):
    """Opens a ticket with the transcript and tells the customer its number. Reads ``email`` and ``order_number``."""

    def name(self) -> str:
        return "action_human_handoff"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        if is_refusal(latest_text(tracker), "human_handoff"):
            dispatcher.utter_message(response="utter_not_wanted")
            return [SlotSet("offer", None)]
        # The rules run this after "affirm" too, which "hold on" has been taken for.
        answer = latest_text(tracker) if intent_of(tracker) == "affirm" else ""
        if answer and not consent.is_plain_yes(answer, WORDS_OF_A_PERSON):
            dispatcher.utter_message(response="utter_offer_stands")
            return [SlotSet("offer", "human_handoff")]
        if intent_of(tracker) == "human_handoff" and not asks_plainly(latest_text(tracker)):
            dispatcher.utter_message(response="utter_confirm_person")
            return [SlotSet("offer", "human_handoff")]
        customer = known_customer(tracker)
        try:
            # What the conversation knows may be older than a change of the address.
            on_file = await ask_shop(address_on_file, customer.id) if customer else None
            email = on_file or address_told(tracker)
            ticket = await ask_shop(
                open_ticket,
                conversation_id=tracker.sender_id,
                transcript=transcript(tracker),
                email=email,
                # A slot holds what NLU took for one, such as a code.
                order_number=find_order_number(str(tracker.get_slot("order_number") or "")) or "",
            )
        except ShopUnavailable as error:
            logger.error("%s", error)
            dispatcher.utter_message(response="utter_handoff_unavailable")
            return []
        if not ticket.is_new:
            dispatcher.utter_message(response="utter_handoff_again", ticket=ticket.number)
        elif email:
            dispatcher.utter_message(response="utter_handoff_by_email", ticket=ticket.number, email=email)
        else:
            dispatcher.utter_message(response="utter_handoff", ticket=ticket.number)
        held = hold(tracker, "case", ticket.number, self.name())
        return [SlotSet("ticket_number", ticket.number), SlotSet("ticket_open", True), *held]


class ActionOtherLanguage(Action):
    """Says, in the language of the message, that Fern speaks English alone, and offers a person."""

    def name(self) -> str:
        return "action_other_language"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        dispatcher.utter_message(response="utter_other_language")
        return [SlotSet("offer", "human_handoff")]
