"""Orders: where one is, what is in it, and changing it before it leaves."""

import re
from datetime import date
from typing import Any, ClassVar

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customers import KnownCustomer, known_customer
from actions.forms import AccountForm, CompletedForm, OrderForm, reason_given
from actions.items import ItemForm, ask_to_confirm, item_name, not_found, order_in_hand, quantity_given, shown_order
from actions.messages import entities, entity, free_answer, latest_text
from actions.requests import REQUESTS_ABOUT_AN_ORDER
from actions.shop_access import ask_shop
from actions.wording import day, goods, money
from shop import preferences
from shop.customers import customer_by_email
from shop.errors import ShopUnavailable
from shop.order_numbers import show_order_number
from shop.orders import (
    AddressOutcome,
    CancelOutcome,
    ItemsOutcome,
    OrderSummary,
    cancel_order,
    change_address,
    change_quantity,
    order_for,
    recent_orders,
)
from shop.postcodes import find_postcode

STATES_WITH_NOTES = frozenset({"delivered", "delayed", "cancelled", "delivery_attempted"})
OFFERS = {"delivered": "parcel_missing", "overdue": "parcel_missing", "cancelled": "human_handoff"}
"""What the answer about an order in a state offers to do next, by its intent."""
USUAL = "usual"
"""What the slot ``address`` holds until it is known whose usual address it is."""
_USUAL_ADDRESS = re.compile(
    r"\b(?:usual|normal|regular|same|home|saved|registered|account) (?:delivery |home )?(?:address|place|one)\b"
    r"|\baddress (?:on|in|from) (?:my|the) (?:account|file|profile)\b|\baddress (?:that )?you(?:'ve| have)\b"
    r"|\bas (?:always|usual)\b|\bthe usual\b|\busual address\b",
    re.IGNORECASE,
)
POSTCODE_AT_END = re.compile(r"[\s,]*\b[a-z]{1,2}\d[a-z\d]?\s*\d[a-z]{2}\W*$", re.IGNORECASE)
NONE_OF_IT = frozenset({"remove", "without", "drop", "delete", "out"})


# Collecting -------------------------------------------------------------------------------------------------------


class ValidateOrderForm(OrderForm):
    """One order, for whatever the slot ``request`` says."""

    requests: ClassVar[frozenset[str]] = REQUESTS_ABOUT_AN_ORDER

    def name(self) -> str:
        return "validate_order_form"


class ValidateAccountForm(AccountForm):
    """The customer, for whatever the slot ``request`` says."""

    requests: ClassVar[frozenset[str]] = frozenset({"list_orders", "loyalty_points", "export_data"})

    def name(self) -> str:
        return "validate_account_form"


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


class ValidateCancelForm(OrderForm):
    """Cancelling: the order, and a yes. A reason is noted where it is given and never asked for."""

    def name(self) -> str:
        return "validate_cancel_form"

    def further(self, tracker: Tracker) -> list[str]:
        return ["reason", "confirmed"]

    def extract_reason(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> dict[str, Any]:
        """A reason where there is one, no reason otherwise, so that the form does not ask."""
        reason = reason_given(tracker, "reason")
        # An answer that is there already is not an answer to this message, which may be a question of its own.
        return {"reason": reason or ""} if reason or tracker.get_slot("reason") is None else {}


class ValidateAddressForm(OrderForm):
    """Another address for an order: the street, the postcode, and a yes."""

    def name(self) -> str:
        return "validate_address_form"

    def further(self, tracker: Tracker) -> list[str]:
        return ["address", "postcode", "confirmed"]

    def extract_address(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> dict[str, Any]:
        """A street in the latest message: marked as the new one, as the only one, or as the answer to the question."""
        marked = entity(tracker, "address", "new") or (
            None if entities(tracker, "address", "old") else entity(tracker, "address")
        )
        if marked is None and _USUAL_ADDRESS.search(latest_text(tracker)):
            return {"address": USUAL}
        answer = marked or free_answer(tracker, "address")
        if not answer:
            return {}
        street = POSTCODE_AT_END.sub("", answer).strip(" ,.")
        return {"address": street} if any(letter.isalpha() for letter in street) else {}

    def extract_postcode(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """The last postcode in the latest message, which is where it shall go in "from BA1 2AB to FH2 1AA" too."""
        found = find_postcode(latest_text(tracker))
        return {"postcode": found} if found else {}

    async def look_up_order(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: DomainDict,
        customer: KnownCustomer,
        said: dict[str, Any],
    ) -> list[EventType]:
        """Fills in the usual address, once it is known whose."""
        if tracker.get_slot("address") != USUAL:
            return []
        address, postcode = await usual_address(customer)
        if not (address and postcode):
            dispatcher.utter_message(response="utter_no_usual_address")
            return [SlotSet("address", None)]
        return [SlotSet("address", address), SlotSet("postcode", postcode)]


class ValidateItemsForm(ItemForm):
    """Another quantity for a line of an order."""

    def name(self) -> str:
        return "validate_items_form"

    def further(self, tracker: Tracker) -> list[str]:
        return ["item", "quantity", "confirmed"]

    def extract_quantity(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """A count; 0 for "remove", "without"."""
        quantity = quantity_given(tracker)
        if quantity is None and NONE_OF_IT & set(latest_text(tracker).lower().split()):
            quantity = 0
        return {} if quantity is None else {"quantity": quantity}


class ActionAskCancelFormConfirmed(Action):
    """Asks whether to cancel this order."""

    def name(self) -> str:
        return "action_ask_cancel_form_confirmed"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        return await ask_to_confirm(dispatcher, tracker, "utter_confirm_cancel")


class ActionAskAddressFormConfirmed(Action):
    """Asks whether this is where it shall go."""

    def name(self) -> str:
        return "action_ask_address_form_confirmed"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        address, postcode = tracker.get_slot("address"), tracker.get_slot("postcode")
        return await ask_to_confirm(dispatcher, tracker, "utter_confirm_address", address=address, postcode=postcode)


class ActionAskItemsFormConfirmed(Action):
    """Asks whether to send this many."""

    def name(self) -> str:
        return "action_ask_items_form_confirmed"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        quantity = int(tracker.get_slot("quantity"))
        response = "utter_confirm_items" if quantity else "utter_confirm_remove"
        return await ask_to_confirm(dispatcher, tracker, response, quantity=quantity)


# Answering --------------------------------------------------------------------------------------------------------


class ActionOrderStatus(CompletedForm):
    """Says where an order is."""

    def name(self) -> str:
        return "action_order_status"

    async def complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        order = await order_in_hand(tracker)
        if order is None:
            return not_found(dispatcher, tracker)
        state = state_to_tell(order, date.today())
        say_status(dispatcher, order, state)
        return [SlotSet("failed_attempts", 0.0), SlotSet("offer", OFFERS.get(state))]


class ActionOrderContents(CompletedForm):
    """Says what is in an order and what it cost."""

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
        return [SlotSet("shown", [shown_order(order) for order in orders])]


class ActionCancelOrder(CompletedForm):
    """Cancels an order that has not left."""

    forgets: ClassVar[tuple[str, ...]] = ("confirmed", "reason")

    def name(self) -> str:
        return "action_cancel_order"

    async def complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        number = tracker.get_slot("order_number")
        if not tracker.get_slot("confirmed"):
            dispatcher.utter_message(response="utter_not_cancelled", number=show_order_number(number))
            return []
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


class ActionChangeAddress(CompletedForm):
    """Sends an order that has not left to another address."""

    forgets: ClassVar[tuple[str, ...]] = ("confirmed", "address", "postcode")

    def name(self) -> str:
        return "action_change_address"

    async def complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        number = tracker.get_slot("order_number")
        if not tracker.get_slot("confirmed"):
            dispatcher.utter_message(response="utter_nothing_changed")
            return []
        address, postcode = tracker.get_slot("address"), tracker.get_slot("postcode")
        done = await ask_shop(change_address, number, customer.id, address, postcode, tracker.sender_id)
        if done.outcome is AddressOutcome.NOT_FOUND:
            return not_found(dispatcher, tracker)
        dispatcher.utter_message(
            response=f"utter_address_{done.outcome.value}",
            number=show_order_number(number),
            address=done.address or address,
            postcode=done.postcode or postcode,
        )
        return [SlotSet("offer", "human_handoff" if done.outcome is AddressOutcome.TOO_LATE else None)]


class ActionChangeItems(CompletedForm):
    """Changes how many of something an order has."""

    forgets: ClassVar[tuple[str, ...]] = ("confirmed", "item", "quantity")

    def name(self) -> str:
        return "action_change_items"

    async def complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        number, line = tracker.get_slot("order_number"), tracker.get_slot("item")
        if not tracker.get_slot("confirmed"):
            dispatcher.utter_message(response="utter_nothing_changed")
            return []
        quantity = int(tracker.get_slot("quantity"))
        order = await ask_shop(order_for, number, customer.id)
        if order is None:
            return not_found(dispatcher, tracker)
        done = await ask_shop(change_quantity, number, customer.id, line, quantity, tracker.sender_id)
        if done.outcome is ItemsOutcome.NOT_FOUND:
            return not_found(dispatcher, tracker)
        response = f"utter_items_{done.outcome.value}"
        if done.outcome is ItemsOutcome.CHANGED and done.difference_pence > 0:
            response = "utter_items_dearer"
        dispatcher.utter_message(
            response=response,
            number=show_order_number(number),
            item=item_name(order.items, line),
            quantity=quantity,
            amount=money(abs(done.difference_pence)),
            stock=done.left_in_stock,
        )
        return [SlotSet("offer", "cancel_order" if done.outcome is ItemsOutcome.LAST_ITEM else None)]


class ActionForgetOrder(Action):
    """Makes room for another order; asks the same about it, or where it is."""

    def name(self) -> str:
        return "action_forget_order"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        request = tracker.get_slot("request")
        again = request if request in REQUESTS_ABOUT_AN_ORDER else "order_status"
        return [SlotSet("order_number", None), SlotSet("request", again)]


async def usual_address(customer: KnownCustomer) -> tuple[str, str]:
    """Street and postcode that the customer asked Fern to remember, or else those of the account; may be empty.

    Raises:
        ShopUnavailable: The database cannot be used.
    """
    kept = await ask_shop(preferences.of, customer.id)
    if kept.usual_address and kept.usual_postcode:
        return kept.usual_address, kept.usual_postcode
    account = await ask_shop(customer_by_email, customer.email)
    return (account.address, account.postcode) if account else ("", "")


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
