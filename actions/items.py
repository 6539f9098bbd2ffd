"""What the skills share about an order that is in hand: asking which line is meant, and whether to go ahead."""

import logging
import re
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customer_forms import OrderForm
from actions.customers import KnownCustomer, known_customer
from actions.shop_access import ask_shop
from actions.wording import goods
from parlance.actions import confirmation
from parlance.actions.action import Action
from parlance.actions.acts import CORRECT, act_of
from parlance.actions.form_endings import refuse
from parlance.actions.messages import (
    REQUESTED,
    chosen,
    entities,
    free_answer,
    is_asked_for,
    is_open_to,
    last_shown,
    latest_text,
    marked_in,
    messages_of_request,
    value_before_this_turn,
)
from parlance.actions.settings import settings
from shop.models import OrderStatus
from shop.order_numbers import show_order_number
from shop.orders import OrderSummary, order_for
from shop.product_words import MOST_WORDS, likeness, words

logger = logging.getLogger(__name__)

NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
NUMBERS |= {"a": 1, "both": 2, "a pair": 2, "a couple": 2, "couple": 2, "half a dozen": 6, "a dozen": 12, "none": 0}
NAMES_GOODS = frozenset("product category colour material room quantity order_number ordinal".split())
_NO_COUNT = re.compile(r"\bnot (?:just |only )?\w{1,20}|\b(?:the|that|this|other|which|a|no) one\b")
CORRECTION = re.compile(r"^\W*(?:no|nope|sorry|oops|wait|actually|i mean|i meant)\b", re.IGNORECASE)


class Line(Protocol):
    """A line of an order, as one of the shop's functions tells it."""

    @property
    def line_id(self) -> int:
        """Its number in questions to the shop."""

    @property
    def name(self) -> str:
        """The product's name."""


class ItemForm(OrderForm):
    """A form about one line of an order, which goes into the slot ``item``."""

    async def lines(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> tuple[Sequence[Line], list[EventType]]:
        """The lines to choose from; or none, and the events that end the form after saying why.

        Raises:
            ShopUnavailable: The database cannot be used.
        """
        order = await order_in_hand(tracker)
        return order.items if order else (), []

    async def look_up_order(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        """The line that was named, now or when the customer asked, or the only one."""
        lines, events = await self.lines(dispatcher, tracker, customer)
        if events:
            return events
        item = tracker.get_slot("item")
        if item is not None and all(line.line_id != item for line in lines):
            # Left from another order, and so is what was said about it before.
            before = {slot: value_before_this_turn(tracker, slot) for slot in self.further(tracker)}
            events = [
                SlotSet(slot, None)
                for slot, value in before.items()
                if slot == "item" or (value is not None and value == tracker.get_slot(slot))
            ]
            item = None
        named = item_named(tracker, lines, item)
        if named not in (None, item):
            events.append(SlotSet("item", named))
            if item is not None:
                # "No, the mug" was not what is wrong with the cushion.
                events += [SlotSet(slot, None) for slot in settings().free_text if is_asked_for(tracker, slot)]
        if named is None and item is None:
            listed = [{"kind": "item", "ref": line.line_id, "name": line.name} for line in lines]
            return events if listed == tracker.get_slot("shown") else [*events, SlotSet("shown", listed)]
        tracker.add_slots(events)
        return [*events, *await self.look_up_item(dispatcher, tracker, lines)]

    async def look_up_item(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, lines: Sequence[Line]
    ) -> list[EventType]:
        """Slots to set now that it is known which of the lines is meant. May raise ShopUnavailable."""
        return []


class ActionAskItem(Action):
    """Asks which line is meant, of those that the form has found."""

    def name(self) -> str:
        return "action_ask_item"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        ask_which(dispatcher, "utter_ask_which_item", last_shown(tracker, "item"))
        return []


def ask_which(dispatcher: CollectingDispatcher, response: str, things: Iterable[dict[str, Any]]) -> None:
    """Ask which of the things in the slot ``shown`` is meant, with a button for each."""
    buttons = [
        {"title": thing["name"], "payload": f'/inform{{"ordinal": "{n}"}}'} for n, thing in enumerate(things, start=1)
    ]
    dispatcher.utter_message(response=response, buttons=buttons)


def not_found(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
    """The order is not there any more, or was never the customer's."""
    dispatcher.utter_message(
        response="utter_order_not_yours", number=show_order_number(tracker.get_slot("order_number") or "?")
    )
    return [SlotSet("order_number", None)]


async def order_in_hand(tracker: Tracker) -> OrderSummary | None:
    """The known customer's order that the conversation is about."""
    customer, number = known_customer(tracker), tracker.get_slot("order_number")
    return await ask_shop(order_for, number, customer.id) if customer and number else None


def shown_order(order: OrderSummary) -> dict[str, Any]:
    """An order as the slot ``shown`` keeps it."""
    return {"kind": "order", "ref": str(order.number), "name": goods(order.items)}


def item_name(lines: Iterable[Line], line_id: Any) -> str:
    """The name of an order's line."""
    return next((line.name for line in lines if line.line_id == line_id), "it")


def item_named(tracker: Tracker, lines: Sequence[Line], known: int | None) -> int | None:
    """Which line is meant: by its place in the list, by its name, or because there is no other.

    Args:
        tracker: The conversation.
        lines: The lines to choose from.
        known: The line that the conversation is about so far; a new request or "no, the mug" can change it.
    """
    if is_asked_for(tracker, "item"):
        position = chosen(tracker, len(lines))
        if position is not None:
            return lines[position].line_id
        answer = free_answer(tracker, "item")
        if answer:
            return named_in([answer], lines)
    if known is not None:
        puts_right = act_of(tracker) == CORRECT or CORRECTION.match(latest_text(tracker))
        corrected = puts_right and not is_asked_for(tracker, "exchange_for")
        may_change = corrected or tracker.get_slot(REQUESTED) is None
        position = chosen(tracker, len(lines)) if act_of(tracker) == CORRECT and last_shown(tracker, "item") else None
        if position is not None and not is_open_to(tracker, "quantity"):
            return lines[position].line_id
        return named_in(goods_in(tracker.latest_message), lines) if may_change else None
    for message in messages_of_request(tracker):
        named = named_in(goods_in(message), lines)
        if named is not None:
            return named
    return lines[0].line_id if len(lines) == 1 else None


def named_in(said: Iterable[str], lines: Sequence[Line]) -> int | None:
    """The line whose name has most in common with what was said; None where none or several have."""
    asked = {word for text in said for word in words(text)[:MOST_WORDS]}
    common = {line.line_id: sum(likeness(word, words(line.name)) for word in asked) for line in lines}
    best = max(common.values(), default=0.0)
    named = [line_id for line_id, score in common.items() if score and score == best]
    return named[0] if len(named) == 1 else None


def goods_in(message: dict[str, Any]) -> list[str]:
    """The products and kinds of goods that a message names."""
    return [str(e["value"]) for e in marked_in(message) if e["entity"] in ("product", "category")]


def without_goods(tracker: Tracker) -> str:
    """The latest message without the goods, orders and numbers that are marked in it."""
    text = latest_text(tracker)
    for found in reversed(marked_in(tracker.latest_message)):
        if found["entity"] in NAMES_GOODS and "end" in found:
            text = f"{text[: found['start']]} {text[found['end'] :]}"
    return text


def quantity_given(tracker: Tracker) -> int | None:
    """A count of goods in the latest message: "2", "two", "a dozen"."""
    answer = _counts_in(latest_text(tracker)) if is_open_to(tracker, "quantity") else []
    for said in [*entities(tracker, "quantity"), *answer]:
        word = str(said).lower().strip(" .!")
        if word.isdigit() and int(word) < 1000:
            return int(word)
        if word in NUMBERS:
            return NUMBERS[word]
    return None


def _counts_in(text: str) -> list[str]:
    """What may be a count in the answer to "how many?": the whole of it, or else the one count in it that is not ruled
    out ("3, not 2")."""
    left = _NO_COUNT.sub(" ", text.lower())
    counts = {word for word in re.findall(r"[a-z0-9]+", left) if word.isdigit() or (word in NUMBERS and word != "a")}
    return [text, *(counts if len(counts) == 1 else ())]


class AskConsent(confirmation.AskConsent):
    """Asks whether to go ahead with something about an order."""

    def gone(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        return not_found(dispatcher, tracker)


async def about_order(tracker: Tracker, response: str, **blanks: Any) -> confirmation.Question | None:
    """A question about the order in hand and, where there is one, the line of it; the response may use {number},
    {items} and {item}. None where the order is not there any more.

    Raises:
        ShopUnavailable: The database cannot be used.
    """
    order = await order_in_hand(tracker)
    if order is None:
        return None
    item = next((line for line in order.items if line.line_id == tracker.get_slot("item")), None)
    number = show_order_number(order.number)
    filling = {"number": number, "items": goods(order.items), "item": item.name if item else "it", **blanks}
    # Of an order with other goods in it, one that is named is less than what is asked.
    all_of_it = item or (order.items[0] if len(order.items) == 1 else None)
    return confirmation.Question(response, filling, (all_of_it.name,) if all_of_it else ())


def refuse_if_left(
    dispatcher: CollectingDispatcher, order: OrderSummary | None, response: str, offer: str | None
) -> list[EventType]:
    """End a form before it asks for what an order that has left our warehouse cannot take any more."""
    if order is None or order.can_change:
        return []
    if order.status is OrderStatus.CANCELLED:
        return refuse(dispatcher, "utter_cancel_already_cancelled", None, number=show_order_number(order.number))
    return refuse(dispatcher, response, offer, number=show_order_number(order.number))
