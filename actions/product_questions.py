"""Further questions about a product in hand: its price, colours, whether it fits, what it comes with, its delivery,
whether it is good for something, why it was recommended. The shop's data answer; what they do not say is not known."""

import re
from collections.abc import Mapping
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.product_answers import ProductAnswer, facts_of, tell_details, tell_stock
from actions.product_cards import cards
from actions.product_words import use_in
from actions.wording import money
from parlance.actions.in_hand import topic_of
from parlance.actions.messages import last_shown, latest_text, messages_of_request
from shop.delivery import FREE_DELIVERY_FROM_PENCE, STANDARD, TWO_PERSON
from shop.fitting import Fit, fitting
from shop.product_summary import ProductSummary

SENTENCE = re.compile(r"[^.;]{1,300}[.;]?")
BELONGS = re.compile(
    r"\b(?:comes? (?:with|in|apart)|takes? (?:one|two|an? |E27|AA)|battery|bulbs?|charges|includ\w{2,4}|sold apart"
    r"|fixes|screws?|legs|hooks|rings|pad|base|lids?|pillowcases?|drip tray|saucer|underlay|heading|fastening|zip"
    r"|plug|cable|set|pair|pieces|lining|covers?)\b",
    re.IGNORECASE,
)
"""Of a sentence that says what comes with a product, or what it needs."""
FURNITURE = "Furniture"
FITS = {
    Fit.FITS: "utter_product_fits",
    Fit.TOO_LARGE: "utter_product_too_large",
    Fit.TOO_SMALL: "utter_product_too_small",
}
KIND_OF_USE = {"outdoors": "garden", "children": "children's room"}
"""The room that a use stands for in the catalogue."""
SIMPLE = {"price": "utter_product_question/price", "colours": "utter_product_question/colours"}
"""The topics that one response answers of any product."""
SHORT = {"price": "utter_each_price", "colours": "utter_each_colour", "fit": "utter_each_dimensions"}
"""By topic what is said of one of several; of the others what it is."""


class ActionProductQuestion(ProductAnswer):
    """Answers the question that ``product_question`` asked."""

    def name(self) -> str:
        return "action_product_question"

    async def tell(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict, product: ProductSummary
    ) -> list[EventType]:
        topic = topic_of(tracker, "product_question")
        if topic == "picture":
            dispatcher.utter_message(
                response="utter_product_question/picture", json_message=cards([product], domain), name=product.name
            )
            return [SlotSet("offer", None)]
        if topic == "delivery" and not product.stock:
            return tell_stock(dispatcher, product)
        response, blanks = _answer(topic, tracker, product)
        if not response:
            return tell_details(dispatcher, tracker, domain, product)
        dispatcher.utter_message(response=response, **facts_of(product), **blanks)
        person = response in ("utter_product_suits_unknown", "utter_product_comes_with_unknown")
        return [SlotSet("offer", "human_handoff" if person else None)]

    def short(self, tracker: Tracker, product: ProductSummary) -> str:
        topic = topic_of(tracker, "product_question")
        if topic == "suitability":
            return "utter_each_rooms"
        return SHORT.get(topic, "utter_each_details")


class ActionProductDimensions(ProductAnswer):
    """Says how large and heavy a product is, and whether it fits a space that the customer has named."""

    def name(self) -> str:
        return "action_product_dimensions"

    async def tell(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict, product: ProductSummary
    ) -> list[EventType]:
        response, blanks = _fit(tracker, product, "utter_product_dimensions")
        dispatcher.utter_message(response=response, **facts_of(product), **blanks)
        return [SlotSet("offer", None)]

    def short(self, tracker: Tracker, product: ProductSummary) -> str:
        return "utter_each_dimensions"


def _answer(topic: str, tracker: Tracker, product: ProductSummary) -> tuple[str, Mapping[str, Any]]:
    """The response to a topic and what fills it besides the product's facts; empty where the description says it."""
    if topic == "fit":
        return _fit(tracker, product, "utter_product_question/fit")
    if topic == "comes_with":
        return _comes_with(product)
    if topic == "delivery":
        return _delivery(product)
    if topic == "suitability":
        return _suitability(question_text(tracker), product)
    if topic == "why_recommended":
        return _why_recommended(tracker, product)
    return SIMPLE.get(topic, ""), {}


def question_text(tracker: Tracker) -> str:
    """The words of the question, which may be a turn ago where the form has asked for the product."""
    request = tracker.get_slot("request")
    asked = (m for m in messages_of_request(tracker) if (m.get("intent") or {}).get("name") == request)
    return str(next(asked, {}).get("text") or latest_text(tracker))


def _fit(tracker: Tracker, product: ProductSummary, otherwise: str) -> tuple[str, Mapping[str, Any]]:
    found = fitting(product, question_text(tracker))
    if found is None:
        return otherwise, {}
    return FITS[found.fit], {"side": f"{found.side_cm:g} cm", "space": f"{found.space_cm:g} cm"}


def _comes_with(product: ProductSummary) -> tuple[str, Mapping[str, Any]]:
    told = [part.strip(" .;") for part in SENTENCE.findall(product.description) if BELONGS.search(part)]
    if not told:
        return "utter_product_comes_with_unknown", {}
    return "utter_product_question/comes_with", {"what": "; ".join(told)}


def _delivery(product: ProductSummary) -> tuple[str, Mapping[str, Any]]:
    """What it costs to have this one sent, and how long it takes."""
    if product.category == FURNITURE:
        first, last = TWO_PERSON.days
        return "utter_product_delivery_two_person", {
            "delivery": money(TWO_PERSON.price_pence),
            "days": f"{first} to {last}",
        }
    free = product.price_pence >= FREE_DELIVERY_FROM_PENCE
    first, last = STANDARD.days
    return "utter_product_delivery_free" if free else "utter_product_question/delivery", {
        "delivery": money(STANDARD.price_pence),
        "free_from": money(FREE_DELIVERY_FROM_PENCE),
        "days": f"{first} to {last}",
    }


def _suitability(text: str, product: ProductSummary) -> tuple[str, Mapping[str, Any]]:
    """Whether it is good for something, by the rooms that it is made for."""
    use = use_in(text)
    room = KIND_OF_USE.get(use, use)
    if room in product.rooms or (use == "outdoors" and "outdoor" in f"{product.care} {product.description}".lower()):
        return "utter_product_question/suitability", {}
    if use == "outdoors" or (use and room == use and use != "pets"):
        return "utter_product_suits_not", {}
    return "utter_product_suits_unknown", {}


def _why_recommended(tracker: Tracker, product: ProductSummary) -> tuple[str, Mapping[str, Any]]:
    reasons = {str(thing["ref"]): thing.get("because") for thing in last_shown(tracker, "product")}
    because = reasons.get(product.sku)
    if because:
        return "utter_product_question/why_recommended", {"because": because}
    return "utter_product_why_unknown", {}
