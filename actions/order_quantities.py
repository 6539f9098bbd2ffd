"""Other quantities in an order before it leaves."""

from collections.abc import Sequence
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customer_forms import ConfirmedAct
from actions.customers import KnownCustomer, Proof, known_customer
from actions.items import (
    AskConsent,
    ItemForm,
    Line,
    about_order,
    item_name,
    not_found,
    order_in_hand,
    quantity_given,
    refuse_if_left,
)
from actions.shop_access import ask_shop
from actions.wording import money, price_change
from parlance.actions.confirmation import Question
from parlance.actions.messages import latest_text
from shop.order_numbers import show_order_number
from shop.orders import ItemsChange, ItemsOutcome, change_quantity, order_for
from shop.preview import preview

NONE_OF_IT = frozenset({"remove", "without", "drop", "delete", "out"})


class ValidateItemsForm(ItemForm):
    """Another quantity for a line of an order."""

    act = "change make remove take drop update order item items"

    def name(self) -> str:
        return "validate_items_form"

    def further(self, tracker: Tracker) -> list[str]:
        return ["item", "quantity", "confirmed"]

    async def lines(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> tuple[Sequence[Line], list[EventType]]:
        """The order's, unless it has left."""
        order = await order_in_hand(tracker)
        refused = refuse_if_left(dispatcher, order, "utter_items_too_late", None)
        return order.items if order and not refused else (), refused

    def extract_quantity(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """A count; 0 for "remove", "without"."""
        quantity = quantity_given(tracker)
        if quantity is None and NONE_OF_IT & set(latest_text(tracker).lower().split()):
            quantity = 0
        return {} if quantity is None else {"quantity": quantity}


class ActionAskItemsFormConfirmed(AskConsent):
    """Asks whether to send this many."""

    form = "items_form"

    async def question(self, tracker: Tracker) -> Question | None:
        customer, number, line = known_customer(tracker), tracker.get_slot("order_number"), tracker.get_slot("item")
        if customer is None:
            return None
        quantity = int(tracker.get_slot("quantity"))
        done = await ask_shop(preview, change_quantity, number, customer.id, line, quantity, tracker.sender_id)
        response = f"utter_confirm_{'items' if quantity else 'remove'}{costs(done)}"
        return await about_order(tracker, response, quantity=quantity, amount=amount_of(done))


class ActionChangeItems(ConfirmedAct):
    """Changes how many of something an order has."""

    needs_proof: ClassVar[Proof] = Proof.ORDER_AND_EMAIL
    forgets: ClassVar[tuple[str, ...]] = ("item", "quantity")

    def name(self) -> str:
        return "action_change_items"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer) -> list[EventType]:
        number, line = tracker.get_slot("order_number"), tracker.get_slot("item")
        quantity = int(tracker.get_slot("quantity"))
        order = await ask_shop(order_for, number, customer.id)
        if order is None:
            return not_found(dispatcher, tracker)
        done = await ask_shop(change_quantity, number, customer.id, line, quantity, tracker.sender_id)
        if done.outcome is ItemsOutcome.NOT_FOUND:
            return not_found(dispatcher, tracker)
        dispatcher.utter_message(
            response=f"utter_items_{done.outcome.value}{costs(done)}",
            number=show_order_number(number),
            item=item_name(order.items, line),
            quantity=quantity,
            amount=amount_of(done),
            stock=done.left_in_stock,
        )
        return [SlotSet("offer", "cancel_order" if done.outcome is ItemsOutcome.LAST_ITEM else None)]


def costs(done: ItemsChange) -> str:
    """The end of the name of a response that tells what a change of quantities costs or brings."""
    return "_refunded" if done.refund_pence else price_change(done.difference_pence)


def amount_of(done: ItemsChange) -> str:
    """What comes back, or else by how much more or less is to be paid."""
    return money(done.refund_pence or abs(done.difference_pence))
