"""Cancelled orders: why one was cancelled, and bringing one back."""

from typing import ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.customer_forms import CompletedForm, ConfirmedAct, OrderForm
from actions.customers import KnownCustomer, Proof, known_customer
from actions.items import AskConsent, about_order, not_found, order_in_hand
from actions.shop_access import ask_shop
from actions.wording import goods, money
from parlance.actions.confirmation import Question
from parlance.actions.form_endings import refuse
from parlance.actions.wording import day
from shop.order_numbers import show_order_number
from shop.orders import OrderSummary
from shop.preview import preview
from shop.reinstating import CancellationFacts, Reinstatement, ReinstateOutcome, reinstate_order, why_cancelled

REINSTATE_OFFERS = {
    ReinstateOutcome.NOT_CANCELLED: "order_status",
    ReinstateOutcome.CANCELLED_BY_US: "human_handoff",
    ReinstateOutcome.TOO_LATE: "human_handoff",
    ReinstateOutcome.REFUND_SENT: "human_handoff",
    ReinstateOutcome.SOLD_OUT: "human_handoff",
    ReinstateOutcome.PROMO_USED: "human_handoff",
}


class ValidateReinstateForm(OrderForm):
    """The order, and a yes."""

    act = "reinstate uncancel un-cancel restore bring send order back again undo"

    def name(self) -> str:
        return "validate_reinstate_form"

    def further(self, tracker: Tracker) -> list[str]:
        return ["confirmed"]

    async def look_up_order(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        """Ends the form where the order cannot come back, and says why."""
        number = tracker.get_slot("order_number")
        would = await ask_shop(preview, reinstate_order, number, customer.id, tracker.sender_id)
        if would.outcome in (ReinstateOutcome.REINSTATED, ReinstateOutcome.NOT_FOUND):
            return []
        response, blanks = told_of_reinstating(would, number)
        return refuse(dispatcher, response, REINSTATE_OFFERS[would.outcome], **blanks)


class ActionAskReinstateFormConfirmed(AskConsent):
    """Asks whether to bring this order back, and says when it comes and what stays paid."""

    form = "reinstate_form"

    async def question(self, tracker: Tracker) -> Question | None:
        customer, order = known_customer(tracker), await order_in_hand(tracker)
        if customer is None or order is None:
            return None
        would = await ask_shop(preview, reinstate_order, order.number, customer.id, tracker.sender_id)
        response = "utter_confirm_reinstate" if would.kept_pence else "utter_confirm_reinstate_unpaid"
        return await about_order(tracker, response, amount=money(would.kept_pence), expected_on=day(order.expected_on))


class ActionReinstateOrder(ConfirmedAct):
    """Brings a cancelled order back."""

    needs_proof: ClassVar[Proof] = Proof.ORDER_AND_EMAIL

    def name(self) -> str:
        return "action_reinstate_order"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer) -> list[EventType]:
        number = tracker.get_slot("order_number")
        done = await ask_shop(reinstate_order, number, customer.id, tracker.sender_id)
        if done.outcome is ReinstateOutcome.NOT_FOUND:
            return not_found(dispatcher, tracker)
        response, blanks = told_of_reinstating(done, number)
        dispatcher.utter_message(response=response, **blanks)
        return [SlotSet("offer", REINSTATE_OFFERS.get(done.outcome))]


class ActionWhyCancelled(CompletedForm):
    """Says who cancelled an order, and when; never cancels anything."""

    needs_proof: ClassVar[Proof] = Proof.ORDER_AND_EMAIL

    def name(self) -> str:
        return "action_why_cancelled"

    async def complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        order = await order_in_hand(tracker)
        if order is None:
            return not_found(dispatcher, tracker)
        facts = await ask_shop(why_cancelled, order.number, customer.id)
        return [SlotSet("offer", _say_why(dispatcher, order, facts))]


def _say_why(dispatcher: CollectingDispatcher, order: OrderSummary, facts: CancellationFacts | None) -> str:
    """Answer, and return what the answer offers."""
    number = show_order_number(order.number)
    if facts is None:
        dispatcher.utter_message(response="utter_reinstate_not_cancelled", number=number)
        return "order_status"
    blanks = {"number": number, "items": goods(order.items), "cancelled_on": day(facts.at.date())}
    if facts.can_be_reinstated:
        dispatcher.utter_message(response="utter_cancelled_by_you_just_now", **blanks)
        return "reinstate_order"
    if facts.by_customer:
        dispatcher.utter_message(response="utter_cancelled_by_you", **blanks)
    elif facts.reason:
        dispatcher.utter_message(response="utter_cancelled_by_us", reason=facts.reason, **blanks)
    else:
        dispatcher.utter_message(response="utter_cancelled_by_us_unexplained", **blanks)
    return "human_handoff"


def told_of_reinstating(done: Reinstatement, number: str) -> tuple[str, dict[str, str]]:
    """The response that says whether an order comes back, and what fills it."""
    return f"utter_reinstate_{done.outcome.value}", {
        "number": show_order_number(number),
        "amount": money(done.kept_pence),
        "cancelled_on": day(done.cancelled_at.date()) if done.cancelled_at else "",
        "sold_out": done.sold_out,
    }
