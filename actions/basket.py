"""The basket: putting in, showing, changing, emptying, a code, and how it shall come."""

import re
from abc import ABC, abstractmethod
from dataclasses import replace

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.baskets import Shopper, item_meant, lines_of, shopper_of, shown_basket
from actions.items import NUMBERS, quantity_given
from actions.order_quantities import NONE_OF_IT
from actions.payment import find_code, say_promo
from actions.product_mentions import find_mention, in_order, named, shown_skus
from actions.shop_access import ask_shop
from actions.wording import money
from parlance.actions.action import Action
from parlance.actions.dates import find_date
from parlance.actions.form_endings import ask_again_later
from parlance.actions.messages import entities, entity, latest_text, marked_in
from parlance.actions.offers import offering
from parlance.actions.refusals import is_refusal
from parlance.actions.wording import day
from shop import baskets
from shop.baskets import Basket, DeliveryOutcome, Put, PutOutcome
from shop.delivery import COLLECT, DELIVERY_OPTIONS, NAMED_DAY, STANDARD, TWO_PERSON
from shop.errors import ShopUnavailable
from shop.models import today
from shop.payments import PromoOutcome, check_promo
from shop.product_summary import ProductSummary

MOST_AT_ONCE = 4
"""So many products of one message go into the basket."""
MORE = re.compile(r"\b(?:another|more|extra|additional|as well)\b", re.IGNORECASE)
FEWER = re.compile(r"\b(?:fewer|less)\b", re.IGNORECASE)
WAYS = {
    STANDARD.name: r"standard|normal|ordinary|regular|cheapest|free (?:delivery|one)|usual",
    "Express": r"express|next[- ]day|tomorrow|fast(?:er|est)?|quick(?:er|est)?|soonest|asap",
    NAMED_DAY.name: r"named[- ]day|(?:set|specific|particular|certain|choose (?:a|the)|pick (?:a|the)) (?:\w+ )?day",
    COLLECT.name: r"click (?:and|&|n) collect|collect(?:ion|ing)?|pick (?:it |them |that )?up|parcel shop|pickup",
    TWO_PERSON.name: r"(?:two|2)[- ]?(?:person|people|man|men)",
}
"""The words for each way of delivery, by its name."""
_WAYS = {option: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for option, words in WAYS.items()}


class BasketAction(Action, ABC):
    """Something done with the basket of whoever writes."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        try:
            shopper, events = await shopper_of(tracker)
            return [*events, *await self.do(dispatcher, tracker, shopper)]
        except ShopUnavailable as error:
            return ask_again_later(dispatcher, tracker, error)

    @abstractmethod
    async def do(self, dispatcher: CollectingDispatcher, tracker: Tracker, shopper: Shopper) -> list[EventType]:
        """Do it, say so, and return slots to set. May raise ShopUnavailable."""


class ActionAddToBasket(BasketAction):
    """Puts one or several products into the basket."""

    def name(self) -> str:
        return "action_add_to_basket"

    async def do(self, dispatcher: CollectingDispatcher, tracker: Tracker, shopper: Shopper) -> list[EventType]:
        wanted = counted(tracker)
        if len(wanted) > 1:
            events: list[EventType] = []
            for name, quantity in wanted[:MOST_AT_ONCE]:
                products = await ask_shop(named, name, shown_skus(tracker))
                events = [*events, *await self._put(dispatcher, tracker, shopper, products, quantity, name)]
            if len(wanted) > MOST_AT_ONCE:
                dispatcher.utter_message(response="utter_too_many_at_once", name=wanted[MOST_AT_ONCE - 1][0])
            return events
        mention = await ask_shop(find_mention, tracker)
        products = mention.products
        if not mention.said and not products:
            products = await ask_shop(in_order, [tracker.get_slot("product") or ""])
        quantity = quantity_given(tracker) or 1
        return await self._put(dispatcher, tracker, shopper, products, quantity, mention.said)

    async def _put(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        shopper: Shopper,
        products: tuple[ProductSummary, ...],
        quantity: int,
        said: str,
    ) -> list[EventType]:
        """One product goes in; of several, and of none, it is asked which is meant."""
        if len(products) == 1:
            done = await ask_shop(baskets.put, shopper.owner, products[0].sku, quantity)
            say_put(dispatcher, done, quantity)
            offer = {PutOutcome.DONE: "checkout", PutOutcome.SOLD_OUT: "back_in_stock"}.get(done.outcome)
            return [SlotSet("product", products[0].sku), SlotSet("offer", offer)]
        if said and not products:
            dispatcher.utter_message(response="utter_product_not_found", name=said)
            return [SlotSet("offer", "add_to_basket")]
        choice = products or await ask_shop(in_order, shown_skus(tracker))
        buttons = [
            {"title": p.name, "payload": f'/add_to_basket{{"product": "{p.sku}", "quantity": "{quantity}"}}'}
            for p in choice
        ]
        dispatcher.utter_message(response="utter_ask_what_to_add", buttons=buttons)
        return [SlotSet("offer", "add_to_basket")]


class ActionShowBasket(BasketAction):
    """Lists what is in the basket, and what it comes to."""

    def name(self) -> str:
        return "action_show_basket"

    async def do(self, dispatcher: CollectingDispatcher, tracker: Tracker, shopper: Shopper) -> list[EventType]:
        basket = await ask_shop(baskets.show, shopper.owner)
        if not basket.items:
            return say_empty(dispatcher)
        discount = "_discounted" if basket.discount_pence else ""
        dispatcher.utter_message(
            response=f"utter_basket{discount}",
            lines=lines_of(basket),
            delivery=way_of(basket),
            delivery_price=money(basket.delivery_pence),
            code=basket.promo_code,
            discount=money(basket.discount_pence),
            total=money(basket.total_pence),
        )
        return [shown_basket(basket), SlotSet("offer", "checkout")]


class ActionChangeBasket(BasketAction):
    """Changes how many of something are in the basket, or takes it out."""

    def name(self) -> str:
        return "action_change_basket"

    async def do(self, dispatcher: CollectingDispatcher, tracker: Tracker, shopper: Shopper) -> list[EventType]:
        basket = await ask_shop(baskets.show, shopper.owner)
        if not basket.items:
            return say_empty(dispatcher)
        item = item_meant(tracker, basket.items)
        count = quantity_given(tracker)
        if count is None and NONE_OF_IT & set(re.findall(r"\w+", latest_text(tracker).lower())):
            count = 0
        if item is None:
            also = "" if count is None else f', "quantity": "{count}"'
            buttons = [
                {"title": one.name, "payload": f'/change_basket{{"product": "{one.sku}"{also}}}'}
                for one in basket.items
            ]
            dispatcher.utter_message(response="utter_ask_what_to_change", buttons=buttons)
            return [shown_basket(basket), SlotSet("offer", "change_basket")]
        step = 1 if MORE.search(latest_text(tracker)) else -1 if FEWER.search(latest_text(tracker)) else 0
        if step:
            count = max(item.quantity + step * (count or 1), 0)
        if count is None:
            dispatcher.utter_message(response="utter_ask_how_many", name=item.name, quantity=item.quantity)
            return [SlotSet("product", item.sku), SlotSet("offer", "change_basket")]
        done = await ask_shop(baskets.put, shopper.owner, item.sku, count, False)
        say_put(dispatcher, done, count)
        return [SlotSet("product", item.sku), SlotSet("offer", "checkout" if done.basket.items else None)]


class ActionEmptyBasket(BasketAction):
    """Takes everything out, once it is sure that everything is meant: by a button or a yes."""

    def name(self) -> str:
        return "action_empty_basket"

    async def do(self, dispatcher: CollectingDispatcher, tracker: Tracker, shopper: Shopper) -> list[EventType]:
        if is_refusal(latest_text(tracker), "empty_basket"):
            dispatcher.utter_message(response="utter_not_wanted")
            return []
        basket = await ask_shop(baskets.show, shopper.owner)
        if not basket.items:
            return say_empty(dispatcher)
        if latest_text(tracker):
            dispatcher.utter_message(response="utter_confirm_empty_basket", count=len(basket.items))
            return [SlotSet("offer", "empty_basket")]
        await ask_shop(baskets.empty, shopper.owner)
        dispatcher.utter_message(response="utter_basket_emptied")
        return [SlotSet("offer", None)]


class ActionUseCode(BasketAction):
    """Tries a promo code on the basket."""

    def name(self) -> str:
        return "action_use_code"

    async def do(self, dispatcher: CollectingDispatcher, tracker: Tracker, shopper: Shopper) -> list[EventType]:
        code = entity(tracker, "code") or find_code(latest_text(tracker))
        if not code:
            dispatcher.utter_message(response="utter_ask_code")
            return [SlotSet("offer", "use_code")]
        if not (await ask_shop(baskets.show, shopper.owner)).items:
            return say_empty(dispatcher)
        tried = await ask_shop(baskets.use_code, shopper.owner, code)
        if tried.promo is not PromoOutcome.VALID:
            known = await ask_shop(check_promo, code, shopper.owner.customer_id)
            say_promo(dispatcher, replace(known, outcome=tried.promo or known.outcome))
            return []
        dispatcher.utter_message(
            response="utter_code_used",
            code=tried.promo_code,
            discount=money(tried.discount_pence),
            total=money(tried.total_pence),
        )
        return [SlotSet("offer", "checkout")]


class ActionChooseDelivery(BasketAction):
    """Chooses how the basket shall come."""

    def name(self) -> str:
        return "action_choose_delivery"

    async def do(self, dispatcher: CollectingDispatcher, tracker: Tracker, shopper: Shopper) -> list[EventType]:
        on = find_date(entity(tracker, "date") or latest_text(tracker), today())
        option = way_in(tracker) or (NAMED_DAY.name if on else None)
        if option is None:
            buttons = [
                {"title": o.name, "payload": f'/choose_delivery{{"delivery_option": "{o.name}"}}'}
                for o in DELIVERY_OPTIONS
            ]
            dispatcher.utter_message(response="utter_ask_delivery_option", buttons=buttons)
            return [SlotSet("offer", "choose_delivery")]
        if option == NAMED_DAY.name and on is None:
            dispatcher.utter_message(response="utter_ask_named_day")
            return [SlotSet("offer", "choose_delivery")]
        done = await ask_shop(baskets.choose_delivery, shopper.owner, option, on)
        dispatcher.utter_message(
            response=f"utter_delivery_{done.outcome.value}",
            option=done.option.lower(),
            day=day(done.day) if done.day else "",
            price=money(done.basket.delivery_pence),
            total=money(done.basket.total_pence),
        )
        if done.outcome is DeliveryOutcome.CHOSEN:
            return [SlotSet("offer", "checkout" if done.basket.items else None)]
        return [SlotSet("offer", offering("choose_delivery", date=done.day.isoformat()) if done.day else None)]


def way_in(tracker: Tracker) -> str | None:
    """The way of delivery that the latest message names; None where it names none, or several."""
    named_by_button = entity(tracker, "delivery_option")
    if named_by_button in WAYS:
        return named_by_button
    found = [option for option, words in _WAYS.items() if words.search(latest_text(tracker))]
    return found[0] if len(found) == 1 else None


def counted(tracker: Tracker) -> list[tuple[str, int]]:
    """The products that the latest message names, each with how many: the number before it, or 1."""
    found: list[tuple[str, int]] = []
    count = 1
    for marked in marked_in(tracker.latest_message):
        word = str(marked["value"]).lower()
        if marked["entity"] == "quantity":
            count = int(word) if word.isdecimal() and len(word) < 4 else NUMBERS.get(word, 1)
        elif marked["entity"] == "product":
            found.append((str(marked["value"]), count))
            count = 1
    return found if len(entities(tracker, "product")) > 1 else []


def way_of(basket: Basket) -> str:
    """How a basket comes: "named day, Tuesday 3 March"."""
    return basket.delivery.lower() + (f", {day(basket.delivery_day)}" if basket.delivery_day else "")


def say_put(dispatcher: CollectingDispatcher, done: Put, asked: int) -> None:
    """Say how putting something in, or changing how many, has ended."""
    dispatcher.utter_message(
        response=f"utter_put_{done.outcome.value}",
        name=done.name,
        asked=asked,
        quantity=done.quantity,
        stock=done.stock,
        total=money(done.basket.total_pence),
    )


def say_empty(dispatcher: CollectingDispatcher) -> list[EventType]:
    """There is nothing in the basket."""
    dispatcher.utter_message(response="utter_basket_empty")
    return [SlotSet("offer", "find_product")]
