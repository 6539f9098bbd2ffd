"""Wrapping what is in the basket as a gift, with a note."""

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.basket import say_empty
from actions.baskets import item_meant, request_text, shopper_of
from actions.customer_forms import CompletedForm, Form
from actions.customers import KnownCustomer, Proof
from actions.shop_access import ask_shop
from actions.wording import money
from parlance.actions.form_endings import ENDED, unavailable
from parlance.actions.messages import SURE, intent_of, is_asked_for, latest_text
from parlance.actions.wording import listing
from shop import baskets
from shop.baskets import WRAP_PENCE, BasketItem
from shop.errors import ShopUnavailable

NOTE = "gift_note"
"""The slot for what the card says; empty where it shall say nothing."""
ALL_OF_IT = "everything"
"""What the slot ``to_wrap`` holds where no one thing is meant."""
LEAVES = frozenset("stop goodbye human_handoff start_over help repeat faq show_basket checkout log_out".split())
"""Intents of which no note is, where NLU is sure."""
_QUOTED = re.compile(r"[\"“”]([^\"“”]{1,300})[\"“”]")
_SAYING = re.compile(
    r"\b(?:note|card|message|tag|label)\b.{0,40}?(?:\bsaying|\bsays?|\breads?|\breading|:)[\s:]{0,3}(.{1,300})"
    r"|^\W{0,3}(?:make it say|just put|put|write|say|it should say|please write|please say)[\s:]{1,3}(.{1,300})$",
    re.IGNORECASE | re.DOTALL,
)
_NO_NOTE = re.compile(
    r"^\W{0,5}(?:no|nope|nah|none|nothing|without|skip|leave it blank|blank|just (?:the )?wrap\w{0,5})\b.{0,40}$",
    re.IGNORECASE | re.DOTALL,
)
_IT = re.compile(r"\b(?:it|that|this)\b", re.IGNORECASE)
UNWRAP = re.compile(
    r"\b(?:un-?wrap\w{0,5}|(?:no|don'?t|do not|not|without|remove|cancel|take off|forget|drop|scrap) (?:\w{1,12} ){0,4}"
    r"(?:gift|wrap|wrapped|wrapping|paper))\b",
    re.IGNORECASE,
)


class ValidateWrapForm(Form):
    """What the card shall say."""

    is_aside = True

    def name(self) -> str:
        return "validate_wrap_form"

    def wanted(self, tracker: Tracker) -> list[str]:
        return ["to_wrap", NOTE]

    def extract_to_wrap(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> dict[str, Any]:
        """Nothing: ``look_up`` knows what is in the basket."""
        return {}

    def extract_gift_note(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """A note in quotes or after "saying"; whatever is answered to the question; none for who wants none."""
        text = latest_text(tracker).strip()
        if UNWRAP.search(text):
            return {NOTE: ""}
        if is_asked_for(tracker, NOTE):
            intent = tracker.latest_message.get("intent") or {}
            if intent_of(tracker) in LEAVES and float(intent.get("confidence") or 0.0) >= SURE:
                return {}
            if intent_of(tracker) == "deny" or _NO_NOTE.match(text):
                return {NOTE: ""}
            return {NOTE: note_in(text) or text} if text else {}
        note = note_in(text) if intent_of(tracker) == "wrap_gift" else None
        return {NOTE: note} if note else {}

    async def look_up(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict, said: dict[str, Any]
    ) -> list[EventType]:
        """What is meant; there is nothing to wrap in an empty basket."""
        if tracker.get_slot("to_wrap") and intent_of(tracker) != "wrap_gift":
            return []
        try:
            shopper, events = await shopper_of(tracker)
            basket = await ask_shop(baskets.show, shopper.owner)
        except ShopUnavailable:
            return unavailable(dispatcher, tracker)
        if not basket.items:
            return [*events, *say_empty(dispatcher), SlotSet(ENDED, "refused")]
        item = meant_as_gift(tracker, basket.items)
        return [*events, SlotSet("to_wrap", item.sku if item else ALL_OF_IT)]


class ActionWrapGift(CompletedForm):
    """Wraps it, or takes the paper off again."""

    needs_proof: ClassVar[Proof] = Proof.NOBODY
    forgets: ClassVar[tuple[str, ...]] = ("to_wrap", NOTE)

    def name(self) -> str:
        return "action_wrap_gift"

    async def complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer | None
    ) -> list[EventType]:
        shopper, events = await shopper_of(tracker)
        before = await ask_shop(baskets.show, shopper.owner)
        wanted = tracker.get_slot("to_wrap")
        skus = [item.sku for item in before.items if wanted in (item.sku, ALL_OF_IT)]
        wrapped, note = not UNWRAP.search(request_text(tracker)), tracker.get_slot(NOTE) or ""
        basket = await ask_shop(baskets.wrap, shopper.owner, skus, wrapped, note)
        response = "utter_unwrapped" if not wrapped else "utter_wrapped_with_note" if note else "utter_wrapped"
        dispatcher.utter_message(
            response=response,
            goods=listing([item.name for item in basket.items if item.sku in skus]),
            note=note,
            price=money(WRAP_PENCE),
            total=money(basket.total_pence),
        )
        return [*events, SlotSet("offer", "checkout")]


def meant_as_gift(tracker: Tracker, items: Sequence[BasketItem]) -> BasketItem | None:
    """The one thing that shall be wrapped, by its name or as "it"; None where all of it shall be."""
    named = item_meant(tracker, items, only_named=True)
    if named is None and _IT.search(latest_text(tracker)):
        return next((item for item in items if item.sku == tracker.get_slot("product")), None)
    return named


def note_in(text: str) -> str | None:
    """What the card shall say, where a message says so."""
    quoted = _QUOTED.search(text)
    if quoted:
        return quoted[1].strip()
    found = _SAYING.search(text)
    return (found[1] or found[2]).strip() if found else None
