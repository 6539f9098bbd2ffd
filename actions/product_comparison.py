"""Comparing two products."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict
from sqlalchemy.orm import Session

from actions.product_answers import facts_of
from actions.product_cards import shown_products
from actions.product_mentions import MOST_TO_CHOOSE_FROM, in_order, named, shown_skus
from actions.product_search import SUGGESTED
from actions.product_wishes import FILTERS, merged
from actions.product_words import aspect_in
from actions.shop_access import ask_shop
from parlance.actions.action import Action
from parlance.actions.form_endings import ask_again_later
from parlance.actions.in_hand import hold, refs
from parlance.actions.messages import entities, latest_text, marked_in, picked
from parlance.actions.wording import listing
from shop.browsing import Filters, browse
from shop.errors import ShopUnavailable
from shop.product_choice import Aspect, first_by
from shop.product_summary import ProductSummary
from shop.products import compare


class ActionCompareProducts(Action):
    """Shows where two products differ; one that is not named is the one that was talked about last."""

    def name(self) -> str:
        return "action_compare_products"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        aspect = aspect_in(latest_text(tracker))
        try:
            several = await ask_shop(products_to_choose_from, tracker) if aspect else ()
            if aspect and len(several) > 1:
                return tell_first(dispatcher, tracker, several, aspect)
            pair = await ask_shop(products_to_compare, tracker)
        except ShopUnavailable as error:
            return ask_again_later(dispatcher, tracker, error)
        if len(pair) < 2:
            response = "utter_compare_with_what" if pair else "utter_compare_what"
            dispatcher.utter_message(response=response, name=pair[0].name if pair else "")
            last = [SlotSet("product", pair[0].sku)] if pair else []
            return [*last, SlotSet("offer", "compare_products")]
        first, second = pair
        differences = compare(first, second)
        lines = "\n".join(f"{one.aspect.capitalize()}: {one.first or '-'} / {one.second or '-'}" for one in differences)
        dispatcher.utter_message(
            response="utter_comparison" if differences else "utter_no_difference",
            first=first.name,
            second=second.name,
            lines=lines,
        )
        return [SlotSet("product", None), SlotSet("offer", None), *shown_products(tracker, pair, self.name())]


def tell_first(
    dispatcher: CollectingDispatcher, tracker: Tracker, several: Sequence[ProductSummary], aspect: Aspect
) -> list[EventType]:
    """Say which of several has most of an aspect: "which is lighter". It is "it" from now on."""
    first = first_by(several, aspect)
    shown = shown_products(tracker, several, "action_compare_products")
    if first is None:
        dispatcher.utter_message(response="utter_compare_alike", names=listing([product.name for product in several]))
        return [*shown, SlotSet("product", None), SlotSet("offer", None)]
    dispatcher.utter_message(response=f"utter_compare_{aspect.value}", **facts_of(first))
    held = hold(tracker, "product", first.sku, "action_compare_products")
    return [*shown, SlotSet("product", first.sku), SlotSet("offer", None), *held]


def products_to_choose_from(session: Session, tracker: Tracker) -> tuple[ProductSummary, ...]:
    """Those of which "which is lighter" asks for one: the pair that is named, else what was shown, else the last two
    that were talked about."""
    if entities(tracker, "product") or any(entity.get("group") for entity in marked_in(tracker.latest_message)):
        return tuple(products_to_compare(session, tracker))
    shown = shown_skus(tracker)
    return in_order(session, shown if len(shown) > 1 else refs(tracker, "product")[:2])


def products_to_compare(session: Session, tracker: Tracker) -> list[ProductSummary]:
    """Up to two products: named, picked by number, of two kinds ("jute or wool"), or the last one and those shown."""
    shown = shown_skus(tracker)
    found = [named(session, str(name), shown) for name in entities(tracker, "product")[:MOST_TO_CHOOSE_FROM]]
    unknown = any(not products for products in found)
    found += [_best_of_group(session, tracker, group) for group in ("1", "2")]
    found += [in_order(session, [shown[position]]) for position in picked(tracker, len(shown))]
    pair = list(dict.fromkeys(products[0] for products in found if products))
    last = [tracker.get_slot("product")] if tracker.get_slot("product") else []
    if not pair and len(shown) > 1:
        # "What's the difference?" is about those that were shown.
        pair += in_order(session, shown[:2])
    elif not unknown:
        pair += in_order(session, list(dict.fromkeys([*last, *refs(tracker, "product")])))
    return list(dict.fromkeys(pair))[:2]


def _best_of_group(session: Session, tracker: Tracker, group: str) -> tuple[ProductSummary, ...]:
    """The best product of one side of "a jute rug or a wool one", where the side has no product's name."""
    message = dict(tracker.latest_message)
    all_said = marked_in(message)
    side = [entity for entity in all_said if entity.get("group") == group]
    if not side or any(entity["entity"] == "product" for entity in side):
        return ()
    # "The Pebble" may look like a material.
    called = named(session, str(side[0]["value"]))
    if len(called) == 1:
        return called
    both = [entity for entity in all_said if not entity.get("group")]
    filters = Filters()
    for entity in [*both, *side]:
        if entity["entity"] in FILTERS:
            one: dict[str, Any] = {entity["entity"]: str(entity["value"])}
            filters = replace(filters, **one)
    searched = {name: value for name, value in (tracker.get_slot("search") or {}).items() if name != SUGGESTED}
    if filters.category is None and searched:
        filters = merged(Filters.of(searched), filters)
    return browse(session, filters, 1).products
