"""Orders: where one is, what is in it, and which there are. Changing one is in the modules beside."""

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customer_forms import AccountForm, CompletedForm, OrderForm
from actions.customers import KnownCustomer, Proof, known_customer
from actions.delivery_note import say_delivery_note
from actions.details import REQUESTS_ABOUT_AN_ORDER
from actions.items import not_found, order_in_hand, shown_order
from actions.refund_questions import is_ticket_in_hand
from actions.shop_access import ask_shop
from actions.wording import goods, money
from parlance.actions.action import Action
from parlance.actions.form_endings import ENDED, unavailable
from parlance.actions.in_hand import hold_list, refs
from parlance.actions.wording import day
from shop.delivery import why_not_missing
from shop.errors import ShopUnavailable
from shop.models import OrderStatus
from shop.order_numbers import show_order_number
from shop.orders import OrderSummary, recent_orders

STATES_WITH_NOTES = frozenset({"delivered", "delivered_unsearched", "delayed", "cancelled", "delivery_attempted"})
SETTLED = frozenset({OrderStatus.DELIVERED, OrderStatus.CANCELLED, OrderStatus.RETURNED})
OF_OPEN_ORDERS = frozenset({"order_status", "order_question"})
OFFERS = {"delivered": "parcel_missing", "overdue": "parcel_missing", "cancelled": "human_handoff"}
"""What the answer about an order in a state offers to do next, by its intent."""


# Collecting -------------------------------------------------------------------------------------------------------


class ValidateOrderForm(OrderForm):
    """One order, for whatever the slot ``request`` says."""

    is_aside = True
    requests: ClassVar[frozenset[str]] = REQUESTS_ABOUT_AN_ORDER

    def name(self) -> str:
        return "validate_order_form"

    def wanted(self, tracker: Tracker) -> list[str]:
        """Nothing for a question about a ticket, which belongs to the conversation."""
        no_order = self.collected_for(tracker) == "case_question" and is_ticket_in_hand(tracker)
        return [] if no_order else super().wanted(tracker)

    async def look_up(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict, said: dict[str, Any]
    ) -> list[EventType]:
        """The kit's; and of a known customer the only order that the question can be about."""
        events = await super().look_up(dispatcher, tracker, domain, said)
        customer = known_customer(tracker)
        if customer is None or tracker.get_slot("order_number") or tracker.get_slot(ENDED) or dispatcher.messages:
            return events
        try:
            orders = await ask_shop(recent_orders, customer.id)
        except ShopUnavailable:
            return [*events, *unavailable(dispatcher, tracker)]
        meant = orders_meant(self.collected_for(tracker) or "", orders)
        return [*events, SlotSet("order_number", str(meant[0].number))] if len(meant) == 1 else events


class ValidateAccountForm(AccountForm):
    """The customer, for whatever the slot ``request`` says."""

    requests: ClassVar[frozenset[str]] = frozenset({"list_orders", "loyalty_points", "export_data"})
    act = "send export mail email copy data"

    def name(self) -> str:
        return "validate_account_form"

    def needed_proof(self, tracker: Tracker) -> Proof:
        """A copy of all data asks for more than a look at the points."""
        return Proof.CODE if self.collected_for(tracker) == "export_data" else Proof.ORDER_AND_EMAIL

    def further(self, tracker: Tracker) -> list[str]:
        return ["confirmed"] if self.collected_for(tracker) == "export_data" else []


class ActionAskOrderNumber(Action):
    """Asks for the order; a known customer gets their latest ones to choose from."""

    def name(self) -> str:
        return "action_ask_order_number"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        customer = known_customer(tracker)
        try:
            orders = await ask_shop(recent_orders, customer.id, 3) if customer else ()
        except ShopUnavailable:
            orders = ()
        if not orders:
            dispatcher.utter_message(response="utter_ask_order_number")
            return []
        buttons = [
            {
                "title": f"{show_order_number(order.number)}: {goods(order.items)}",
                "payload": f'/inform{{"order_number": "{order.number}"}}',
            }
            for order in orders
        ]
        dispatcher.utter_message(response="utter_ask_which_order", buttons=buttons)
        return [SlotSet("shown", [shown_order(order) for order in orders])]


# Answering --------------------------------------------------------------------------------------------------------


class ActionOrderStatus(CompletedForm):
    """Says where an order is."""

    needs_proof: ClassVar[Proof] = Proof.ORDER_AND_EMAIL

    def name(self) -> str:
        return "action_order_status"

    async def complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        order = await order_in_hand(tracker)
        if order is None:
            return not_found(dispatcher, tracker)
        state = state_to_tell(order, date.today())
        searchable = await ask_shop(why_not_missing, order.number, customer.id) is None
        if OFFERS.get(state) == "parcel_missing" and not searchable:
            state = f"{state}_unsearched"
        say_status(dispatcher, order, state)
        await say_delivery_note(dispatcher, tracker, order)
        return [SlotSet("failed_attempts", 0.0), SlotSet("offer", OFFERS.get(state))]


class ActionOrderContents(CompletedForm):
    """Says what is in an order and what it cost."""

    needs_proof: ClassVar[Proof] = Proof.ORDER_AND_EMAIL

    def name(self) -> str:
        return "action_order_contents"

    async def complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        order = await order_in_hand(tracker)
        if order is None:
            return not_found(dispatcher, tracker)
        lines = "\n".join(f"- {goods([item])}: {money(item.quantity * item.unit_price_pence)}" for item in order.items)
        response = "utter_order_contents_discounted" if order.discount_pence else "utter_order_contents"
        dispatcher.utter_message(
            response=response,
            number=show_order_number(order.number),
            placed_on=day(order.placed_on),
            lines=lines,
            delivery=money(order.delivery_pence),
            discount=money(order.discount_pence),
            total=money(order.total_pence),
        )
        return [SlotSet("shown", None)]  # "the second one" would be one of these, not of the orders listed before


class ActionListOrders(CompletedForm):
    """Lists a customer's latest orders."""

    needs_proof: ClassVar[Proof] = Proof.ORDER_AND_EMAIL

    def name(self) -> str:
        return "action_list_orders"

    async def complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        orders = await ask_shop(recent_orders, customer.id)
        lines = "\n".join(
            f"{n}. {show_order_number(order.number)}, {day(order.placed_on)}: {goods(order.items)} "
            f"({order.status.value.replace('_', ' ')})"
            for n, order in enumerate(orders, start=1)
        )
        dispatcher.utter_message(response="utter_list_orders" if orders else "utter_no_orders", lines=lines)
        return [SlotSet("shown", [shown_order(order) for order in orders]), *hold_list(tracker, "order", self.name())]


class ActionForgetOrder(Action):
    """Makes room for another order; asks the same about it, or where it is."""

    def name(self) -> str:
        return "action_forget_order"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        request = tracker.get_slot("request")
        again = request if request in REQUESTS_ABOUT_AN_ORDER else "order_status"
        orders = refs(tracker, "order")
        # Of two that were talked about, the other one.
        other = next((number for number in orders if number != tracker.get_slot("order_number")), None)
        known = other if len(orders) == 2 and known_customer(tracker) else None
        return [SlotSet("order_number", known), SlotSet("request", again)]


def orders_meant(request: str, orders: Sequence[OrderSummary]) -> list[OrderSummary]:
    """Those of a customer's orders that a request without a number may be about: "who brings it" is about one that is
    still to come."""
    if request in ("refund_status", "refund_question"):
        return [order for order in orders if "refunded" in order.payment_status]
    still_open = [order for order in orders if order.status not in SETTLED] if request in OF_OPEN_ORDERS else []
    return still_open or list(orders)


def state_to_tell(order: OrderSummary, today: date) -> str:
    """The order's state as the customer sees it: its status, or "overdue" for a parcel that should have arrived."""
    return "overdue" if order.is_overdue(today) else order.status.value


def say_status(dispatcher: CollectingDispatcher, order: OrderSummary, state: str) -> None:
    """Answer with the response for a state, ``utter_order_<state>``, or its twin that also tells the note."""
    with_note = "_with_note" if order.note and state in STATES_WITH_NOTES else ""
    dispatcher.utter_message(
        response=f"utter_order_{state}{with_note}",
        number=show_order_number(order.number),
        items=goods(order.items),
        placed_on=day(order.placed_on),
        changed_on=day(order.changed_on),
        expected_on=day(order.expected_on),
        carrier=order.carrier,
        tracking=order.tracking,
        note=order.note,
    )
