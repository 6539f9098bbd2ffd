"""Questions about an order in hand: who brings it, when, what it cost, where it goes, why it is late or cancelled.

What the shop does not know is said to be not known, with the next best step. Where the order is at all is
``orders.ActionOrderStatus``; what is in it ``orders.ActionOrderContents``.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.customer_forms import CompletedForm
from actions.customers import KnownCustomer, Proof, proof_of
from actions.items import not_found, order_in_hand
from actions.orders import OFFERS, say_status, state_to_tell
from actions.shop_access import ask_shop
from actions.wording import goods, money
from parlance.actions.in_hand import topic_of
from parlance.actions.wording import day, listing
from shop.delivery import why_not_missing
from shop.models import OrderStatus
from shop.order_facts import delay_of
from shop.order_numbers import show_order_number
from shop.orders import OrderSummary

NOT_SENT = frozenset({OrderStatus.PLACED, OrderStatus.PAID, OrderStatus.PACKED, OrderStatus.DELAYED})
ARRIVED = frozenset({OrderStatus.DELIVERED, OrderStatus.RETURNED})


@dataclass(frozen=True)
class Answer:
    """A response, what fills it besides what every answer about an order has, and what it offers."""

    response: str
    blanks: Mapping[str, Any] = field(default_factory=dict)
    offer: str | None = None


@dataclass(frozen=True)
class Asked:
    """What an answer may need: the order, whose it is, and the conversation for what they have proved."""

    order: OrderSummary
    customer: KnownCustomer
    tracker: Tracker


class ActionOrderQuestion(CompletedForm):
    """Answers the question that ``order_question`` asked about the order in hand."""

    needs_proof: ClassVar[Proof] = Proof.ORDER_AND_EMAIL

    def name(self) -> str:
        return "action_order_question"

    async def complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        order = await order_in_hand(tracker)
        if order is None:
            return not_found(dispatcher, tracker)
        find = ANSWERS.get(topic_of(tracker, "order_question"), _status)
        answer = await find(Asked(order, customer, tracker))
        state = state_to_tell(order, date.today())
        if answer is None:  # where it is says it best
            say_status(dispatcher, order, state)
            answer = Answer("", offer=OFFERS.get(state))
        else:
            dispatcher.utter_message(response=answer.response, **_filling(order), **answer.blanks)
        return [SlotSet("failed_attempts", 0.0), SlotSet("offer", answer.offer)]


def _filling(order: OrderSummary) -> dict[str, str]:
    """What any answer about an order may use. Of several parcels those that are still to come are told of."""
    coming = [parcel for parcel in order.parcels if parcel.delivered_on is None] or order.parcels
    return {
        "number": show_order_number(order.number),
        "items": goods(order.items),
        "placed_on": day(order.placed_on),
        "changed_on": day(order.changed_on),
        "expected_on": day(order.expected_on),
        "carrier": listing(list(dict.fromkeys(parcel.carrier for parcel in coming))) if coming else "",
        "tracking": listing([parcel.tracking for parcel in coming]) if coming else "",
        "total": money(order.total_pence),
        "delivery": money(order.delivery_pence),
        "discount": money(order.discount_pence),
        "method": order.payment_method,
    }


async def _status(asked: Asked) -> Answer | None:
    return None


async def _courier(asked: Asked) -> Answer | None:
    return _not_on_the_way(asked.order) or Answer("utter_order_question/courier")


async def _tracking(asked: Asked) -> Answer | None:
    return _not_on_the_way(asked.order) or Answer("utter_order_question/tracking")


def _not_on_the_way(order: OrderSummary) -> Answer | None:
    """Where there is no parcel: the order is cancelled, or still with us."""
    if order.status is OrderStatus.CANCELLED:
        return Answer("utter_order_nothing_sent")
    return None if order.parcels else Answer("utter_order_not_sent_yet")


async def _day(asked: Asked) -> Answer | None:
    order = asked.order
    if order.status is OrderStatus.CANCELLED:
        return Answer("utter_order_nothing_sent")
    if order.status in ARRIVED:
        return Answer("utter_order_has_arrived")
    if order.is_overdue(date.today()):
        return None
    today = order.status is OrderStatus.OUT_FOR_DELIVERY
    return Answer("utter_order_day_today" if today else "utter_order_question/day")


async def _time_window(asked: Asked) -> Answer | None:
    order = asked.order
    told = await _day(asked)
    if told is None or told.response in ("utter_order_nothing_sent", "utter_order_has_arrived"):
        return told
    if order.status in NOT_SENT or not order.parcels:
        return Answer("utter_order_time_not_sent")
    today = order.status is OrderStatus.OUT_FOR_DELIVERY
    return Answer("utter_order_time_today" if today else "utter_order_question/time_window")


async def _total(asked: Asked) -> Answer | None:
    return Answer("utter_order_total_discounted" if asked.order.discount_pence else "utter_order_question/total")


async def _payment_card(asked: Asked) -> Answer | None:
    order = asked.order
    if not order.payment_method:
        return Answer("utter_order_card_unknown", offer="human_handoff")
    unpaid = order.payment_status in ("pending", "failed")
    return Answer("utter_order_card_unpaid" if unpaid else "utter_order_question/payment_card")


async def _address(asked: Asked) -> Answer | None:
    """The whole address for whom a code or the shop's page has proved: a parcel's label may have introduced others, and
    another order of the same customer may go elsewhere."""
    order = asked.order
    if await proof_of(asked.tracker, asked.customer) > Proof.ORDER_AND_EMAIL:
        return Answer("utter_order_question/address", {"address": order.address, "postcode": order.postcode})
    return Answer("utter_order_address_part", {"area": order.postcode.split()[0]})


async def _placed(asked: Asked) -> Answer | None:
    return Answer("utter_order_question/placed")


async def _why_late(asked: Asked) -> Answer | None:
    order = asked.order
    if order.status is OrderStatus.CANCELLED:
        return Answer("utter_order_nothing_sent")
    note = await ask_shop(delay_of, order.number, asked.customer.id)
    if note and order.status not in ARRIVED:
        return Answer("utter_order_question/why_late", {"note": note})
    if order.is_overdue(date.today()):
        searchable = await ask_shop(why_not_missing, order.number, asked.customer.id) is None
        response = "utter_order_late_unknown" if searchable else "utter_order_late_unknown_searched"
        return Answer(response, offer="parcel_missing" if searchable else "human_handoff")
    if order.status is OrderStatus.DELAYED:
        return Answer("utter_order_late_unnoted", offer="human_handoff")
    return Answer("utter_order_has_arrived" if order.status in ARRIVED else "utter_order_not_late")


ANSWERS: Mapping[str, Callable[[Asked], Awaitable[Answer | None]]] = {
    "courier": _courier,
    "tracking": _tracking,
    "day": _day,
    "time_window": _time_window,
    "total": _total,
    "payment_card": _payment_card,
    "address": _address,
    "placed": _placed,
    "why_late": _why_late,
}
"""By topic how the answer is found; None says where the order is."""
