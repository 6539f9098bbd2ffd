"""What a customer wants instead of goods that go back: a product by its name, its place in a list, or its looks."""

from collections.abc import Sequence

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict
from sqlalchemy.orm import Session

from actions.items import Line, ask_which, goods_in, named_in
from actions.shop_access import ask_shop
from parlance.actions.action import Action
from parlance.actions.messages import (
    chosen,
    entities,
    entity,
    free_answer,
    is_asked_for,
    last_shown,
    marked_in,
    messages_of_request,
    set_this_turn,
)
from shop.products import ProductSummary, by_sku, find_by_name, search
from shop.returns import ReturnableLine

OPTIONS = 4
NAMES_A_PRODUCT = frozenset(
    "exchange_item find_product refine_search select_option product_details check_stock change_items".split()
)
"""Intents that an answer to "what would you like instead?" may be taken for."""


class ActionAskExchangeFor(Action):
    """Asks what is wanted instead, or which of the products that the answer may have meant."""

    def name(self) -> str:
        return "action_ask_exchange_for"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        options = last_shown(tracker, "product") if set_this_turn(tracker, "shown") else []
        if options:
            ask_which(dispatcher, "utter_ask_which_exchange", options)
        else:
            dispatcher.utter_message(response="utter_ask_exchange_for")
        return []


async def find_exchange(
    dispatcher: CollectingDispatcher, tracker: Tracker, line: ReturnableLine, lines: Sequence[Line]
) -> list[EventType]:
    """The slot ``exchange_for``, or the products to choose from in ``shown``; nothing where nothing fits.

    Raises:
        ShopUnavailable: The database cannot be used.
    """
    if not is_asked_for(tracker, "exchange_for"):
        options = await ask_shop(named_at_first, tracker, lines)
        return [_chosen(options[0])] if len(options) == 1 and options[0].stock else []
    options = await ask_shop(wanted_instead, tracker, line)
    in_stock = [product for product in options if product.stock]
    if options and not in_stock:
        dispatcher.utter_message(response="utter_exchange_out_of_stock", exchange=options[0].name)
        return [SlotSet("exchange_for", None)]
    if len(in_stock) == 1:
        return [_chosen(in_stock[0])]
    listed = [{"kind": "product", "ref": product.sku, "name": product.name} for product in in_stock]
    return [SlotSet("shown", listed)] if listed else []


def named_at_first(session: Session, tracker: Tracker, lines: Sequence[Line]) -> tuple[ProductSummary, ...]:
    """In "swap the bowl for the Heron lamp" the product that is on no line of the order."""
    asked = (m for m in messages_of_request(tracker) if (m.get("intent") or {}).get("name") == "exchange_item")
    message = next(asked, {})
    named = [str(found["value"]) for found in marked_in(message) if found["entity"] == "product"]
    others = [name for name in named if len(goods_in(message)) > 1 and named_in([name], lines) is None]
    return find_by_name(session, others[-1], OPTIONS) if others else ()


def wanted_instead(session: Session, tracker: Tracker, line: ReturnableLine) -> tuple[ProductSummary, ...]:
    """What the answer to "what would you like instead?" may mean."""
    listed = last_shown(tracker, "product")
    position = chosen(tracker, len(listed))
    if position is not None:
        product = by_sku(session, listed[position]["ref"])
        return (product,) if product else ()
    name, category = entity(tracker, "product"), entity(tracker, "category")
    if name:
        return find_by_name(session, name, OPTIONS)
    if category or any(entities(tracker, feature) for feature in ("colour", "material", "size")):
        return _like_it(session, tracker, line, category)
    answer = free_answer(tracker, "exchange_for", NAMES_A_PRODUCT)
    return find_by_name(session, answer, OPTIONS) or search(session, text=answer, limit=OPTIONS) if answer else ()


def _like_it(
    session: Session, tracker: Tracker, line: ReturnableLine, category: str | None
) -> tuple[ProductSummary, ...]:
    """Another colour, material or size: of the kind that was named, or of what goes back."""
    sent_back = by_sku(session, line.sku)
    shelf = sent_back.category if sent_back else None
    # The last word of a name says what it is: "Moss velvet cushion".
    kinds = [category] if category else [line.name.split()[-1], shelf]
    for kind in kinds:
        found = search(
            session,
            category=kind,
            colour=entity(tracker, "colour"),
            material=entity(tracker, "material"),
            size=entity(tracker, "size"),
            limit=OPTIONS + 1,
        )
        others = tuple(product for product in found if product.sku != line.sku)
        if others:
            return others[:OPTIONS]
    return ()


def _chosen(product: ProductSummary) -> EventType:
    return SlotSet("exchange_for", {"sku": product.sku, "name": product.name})
