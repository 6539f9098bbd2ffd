"""Cancelling an order before it leaves."""

import re
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customer_forms import ConfirmedAct, OrderForm, reason_given
from actions.customers import KnownCustomer, Proof, known_customer
from actions.items import (
    AskConsent,
    about_order,
    goods_in,
    item_name,
    named_in,
    not_found,
    order_in_hand,
    refuse_if_left,
)
from actions.shop_access import ask_shop
from actions.wording import money
from parlance.actions.confirmation import Question
from parlance.actions.consent import CONFIRMED
from parlance.actions.form_endings import ENDED
from parlance.actions.messages import entity, is_asked_for, messages_of_request
from parlance.actions.pending_requests import UNNAMED, set_waiting, waiting
from shop.models import OrderStatus
from shop.order_numbers import show_order_number
from shop.orders import CancelOutcome, OrderSummary, cancel_order
from shop.preview import preview

_WHOLE = re.compile(r"\b(?:whole|entire|all|everything|lot|complete|completely)\b")
_PART = re.compile(r"\b(?:just|only|part of|one of|out of|off|from|in (?:my|the|this|that)? ?order|except|keep)\b")

_ORDER = re.compile(r"\bcancel\w{0,6}\W{1,3}(?:\w{1,20}\W{1,3}){0,2}orders?\b|\border\b.{0,20}\bcancel")


class ValidateCancelForm(OrderForm):
    """Cancelling: the order, and a yes. A reason is noted where it is given and never asked for."""

    act = "cancel stop order"

    def name(self) -> str:
        return "validate_cancel_form"

    def further(self, tracker: Tracker) -> list[str]:
        return ["reason", "confirmed"]

    def extract_reason(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> dict[str, Any]:
        """A reason where there is one, no reason otherwise, so that the form does not ask."""
        reason = None if is_asked_for(tracker, CONFIRMED) else reason_given(tracker, "reason")
        # An answer that is there already is not an answer to this message, which may be a question of its own.
        return {"reason": reason or ""} if reason or tracker.get_slot("reason") is None else {}

    async def look_up_order(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        """Ends the form where the order has left."""
        order = await order_in_hand(tracker)
        too_late, offer = (
            ("utter_cancel_too_late", "start_return")
            if order and order.status is OrderStatus.DELIVERED
            else ("utter_cancel_on_its_way", None)
        )
        refused = refuse_if_left(dispatcher, order, too_late, offer)
        part = part_named(tracker, order) if order and not refused else ""
        return take_out(dispatcher, tracker, part) if part and wants_only_part(tracker) else refused


class ActionAskCancelFormConfirmed(AskConsent):
    """Asks whether to cancel this order, all of it, and says what comes back."""

    form = "cancel_form"

    async def question(self, tracker: Tracker) -> Question | None:
        customer, number = known_customer(tracker), tracker.get_slot("order_number")
        order = await order_in_hand(tracker)
        if customer is None or order is None:
            return None
        done = await ask_shop(preview, cancel_order, number, customer.id, "", tracker.sender_id)
        part, unpaid = part_named(tracker, order), "" if done.refund_pence else "_unpaid"
        return await about_order(
            tracker,
            f"utter_confirm_cancel_whole{unpaid}" if part else f"utter_confirm_cancel{unpaid}",
            amount=money(done.refund_pence),
            part=part,
        )


class ActionCancelOrder(ConfirmedAct):
    """Cancels an order that has not left."""

    needs_proof: ClassVar[Proof] = Proof.ORDER_AND_EMAIL
    forgets: ClassVar[tuple[str, ...]] = ("reason",)

    def name(self) -> str:
        return "action_cancel_order"

    def decline(self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer) -> list[EventType]:
        number = show_order_number(tracker.get_slot("order_number"))
        dispatcher.utter_message(response="utter_not_cancelled", number=number)
        return []

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer) -> list[EventType]:
        number = tracker.get_slot("order_number")
        reason = tracker.get_slot("reason") or ""
        done = await ask_shop(cancel_order, number, customer.id, reason, tracker.sender_id)
        if done.outcome is CancelOutcome.NOT_FOUND:
            return not_found(dispatcher, tracker)
        paid = done.outcome is CancelOutcome.CANCELLED and done.refund_pence
        dispatcher.utter_message(
            response=f"utter_cancel_{'refunded' if paid else done.outcome.value}",
            number=show_order_number(number),
            amount=money(done.refund_pence),
            reference=done.reference,
        )
        return [SlotSet("offer", "start_return" if done.outcome is CancelOutcome.TOO_LATE else None)]


def wants_only_part(tracker: Tracker) -> bool:
    """Whether a part of an order is all that shall be cancelled: "just the mug", "take the mug off", and not "cancel my
    order for the mug"."""
    said = " ".join(str(message.get("text") or "").lower() for message in messages_of_request(tracker))
    return not _WHOLE.search(said) and bool(_PART.search(said) or not _ORDER.search(said))


def take_out(dispatcher: CollectingDispatcher, tracker: Tracker, part: str) -> list[EventType]:
    """End the form for the one that changes what is in an order, which asks for its own yes."""
    number = tracker.get_slot("order_number")
    dispatcher.utter_message(response="utter_cancel_part", part=part, number=show_order_number(number))
    quantity = {"entity": "quantity", "value": "0"}
    named = [{"entity": "product", "value": part}, *([] if entity(tracker, "quantity") else [quantity])]
    change = {"text": "/change_items", "intent": {"name": "change_items"}, "entities": named, UNNAMED: True}
    return [SlotSet(ENDED, "refused"), set_waiting([change, *waiting(tracker)])]


def part_named(tracker: Tracker, order: OrderSummary) -> str:
    """The one of several lines of an order that the request names: "cancel the throw"; empty where it names none."""
    said = [goods for message in messages_of_request(tracker) for goods in goods_in(message)]
    line = named_in(said, order.items) if len(order.items) > 1 else None
    return "" if line is None else item_name(order.items, line)
