"""Questions about a refund, and about what the shop is looking into: which card, how much and why, when one hears."""

from collections.abc import Sequence
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.customer_forms import CompletedForm
from actions.customers import KnownCustomer, Proof
from actions.items import not_found, order_in_hand
from actions.shop_access import ask_shop
from actions.wording import money
from parlance.actions.in_hand import hold, latest, topic_of
from parlance.actions.wording import day
from shop.cases import Case, cases_of_order, ticket_of
from shop.order_facts import RefundFacts, refund_facts
from shop.order_numbers import show_order_number
from shop.orders import OrderSummary


class ActionRefundQuestion(CompletedForm):
    """Answers the question that ``refund_question`` asked about the refund of the order in hand."""

    needs_proof: ClassVar[Proof] = Proof.ORDER_AND_EMAIL

    def name(self) -> str:
        return "action_refund_question"

    async def complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        order = await order_in_hand(tracker)
        if order is None:
            return not_found(dispatcher, tracker)
        topic = topic_of(tracker, "refund_question")
        facts = await ask_shop(refund_facts, order.number, customer.id)
        response = _about_refund(topic, facts) if facts else _before_a_refund(topic, order)
        dispatcher.utter_message(response=response, number=show_order_number(order.number), **_filling(order, facts))
        offer = "start_return" if response == "utter_refund_none" else None
        return [SlotSet("offer", offer)]


def _about_refund(topic: str, facts: RefundFacts) -> str:
    """The response to a question about a refund that is promised or sent."""
    if topic == "card":
        return "utter_refund_question/card"
    if topic == "amount":
        return "utter_refund_question/amount"
    if topic == "day":
        if facts.state == "paid":
            return "utter_refund_day_paid"
        return "utter_refund_question/day" if facts.state == "issued" else "utter_refund_day_expected"
    if facts.reason == "returned":
        return "utter_refund_why_discounted" if facts.discount_pence else "utter_refund_question/why_amount"
    return {
        "exchanged": "utter_refund_why_exchanged",
        "items_changed": "utter_refund_why_items_changed",
    }.get(facts.reason, "utter_refund_why_cancelled")


def _before_a_refund(topic: str, order: OrderSummary) -> str:
    """The response where nothing has been refunded: what would hold for a refund."""
    if topic == "card" and order.payment_method:
        return "utter_refund_card_would"
    return "utter_refund_day_would" if topic == "day" else "utter_refund_none"


def _filling(order: OrderSummary, facts: RefundFacts | None) -> dict[str, Any]:
    if facts is None:
        return {"method": order.payment_method}
    return {
        "method": facts.method,
        "amount": money(facts.amount_pence),
        "issued_on": day(facts.issued_on) if facts.issued_on else "",
        "expected_on": day(facts.expected_on),
        "goods": money(facts.goods_pence),
        "discount": money(facts.discount_pence),
        "delivery": money(facts.delivery_pence),
    }


class ActionCaseQuestion(CompletedForm):
    """Says how a claim, a search, a return or a ticket stands, and when one will hear of it."""

    # A ticket is the conversation's own, whoever it is with.
    needs_proof: ClassVar[Proof] = Proof.NOBODY

    def name(self) -> str:
        return "action_case_question"

    async def complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer | None
    ) -> list[EventType]:
        case = await case_in_hand(tracker, customer)
        if case is None:
            dispatcher.utter_message(response="utter_case_none")
            return [SlotSet("offer", "human_handoff")]
        dispatcher.utter_message(
            response=_about_case(topic_of(tracker, "case_question"), case),
            reference=case.reference,
            opened_on=day(case.opened_on),
            answer_by=day(case.answer_by) if case.answer_by else "",
        )
        held = hold(tracker, "case", case.reference, self.name())
        return [*held, SlotSet("offer", None)]


def _about_case(topic: str, case: Case) -> str:
    if case.kind == "return":
        return "utter_case_return_closed" if case.closed else "utter_case_return_open"
    if case.closed:
        return "utter_case_closed"
    return "utter_case_question/when" if topic == "when" else "utter_case_question/state"


async def case_in_hand(tracker: Tracker, customer: KnownCustomer | None) -> Case | None:
    """The case that was talked about last; else the latest of the order in hand, an open one first.

    Raises:
        ShopUnavailable: The database cannot be used.
    """
    held = latest(tracker, "case")
    if held and held["ref"].startswith("T-"):
        ticket: Case | None = await ask_shop(ticket_of, held["ref"], tracker.sender_id)
        return ticket
    number = tracker.get_slot("order_number")
    cases: Sequence[Case] = await ask_shop(cases_of_order, number, customer.id) if customer and number else ()
    named = [case for case in cases if held and case.reference == held["ref"]]
    return next(iter([*named, *(case for case in cases if not case.closed), *cases]), None)


def is_ticket_in_hand(tracker: Tracker) -> bool:
    """Whether the case that was talked about last is a ticket, which belongs to no order."""
    held = latest(tracker, "case")
    return held is not None and held["ref"].startswith("T-")
