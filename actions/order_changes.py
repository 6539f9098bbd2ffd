"""Changing an order before it leaves: cancelling it, another address, other quantities."""

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customer_forms import ConfirmedAct, OrderForm, reason_given
from actions.customers import KnownCustomer, Proof, known_customer
from actions.items import (
    AskConsent,
    ItemForm,
    Line,
    about_order,
    goods_in,
    item_name,
    named_in,
    not_found,
    order_in_hand,
    quantity_given,
)
from actions.shop_access import ask_shop
from actions.wording import money, price_change
from parlance.actions.confirmation import Question
from parlance.actions.consent import CONFIRMED
from parlance.actions.form_endings import refuse
from parlance.actions.messages import (
    entities,
    entity,
    free_answer,
    is_asked_for,
    latest_text,
    messages_of_request,
    value_before_this_turn,
)
from shop import preferences
from shop.customers import customer_by_email
from shop.models import OrderStatus
from shop.order_numbers import show_order_number
from shop.orders import (
    AddressOutcome,
    CancelOutcome,
    ItemsChange,
    ItemsOutcome,
    OrderSummary,
    cancel_order,
    change_address,
    change_quantity,
    order_for,
)
from shop.postcodes import find_postcode
from shop.preview import preview

USUAL = "usual"
"""What the slot ``address`` holds until it is known whose usual address it is."""
_USUAL_ADDRESS = re.compile(
    r"\b(?:usual|normal|regular|same|home|saved|registered|account) (?:delivery |home )?(?:address|place|one)\b"
    r"|\baddress (?:on|in|from) (?:my|the) (?:account|file|profile)\b|\baddress (?:that )?you(?:'ve| have)\b"
    r"|\bas (?:always|usual)\b|\bthe usual\b|\busual address\b",
    re.IGNORECASE,
)
POSTCODE_AT_END = re.compile(r"[\s,]{0,9}\b[a-z]{1,2}\d[a-z\d]?\s{0,3}\d[a-z]{2}\W*$", re.IGNORECASE)
NONE_OF_IT = frozenset({"remove", "without", "drop", "delete", "out"})


# Collecting -------------------------------------------------------------------------------------------------------


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
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: DomainDict,
        customer: KnownCustomer,
        said: dict[str, Any],
    ) -> list[EventType]:
        """Ends the form where the order has left."""
        order = await order_in_hand(tracker)
        if order and order.status is OrderStatus.DELIVERED:
            return refuse_if_left(dispatcher, order, "utter_cancel_too_late", "start_return")
        return refuse_if_left(dispatcher, order, "utter_cancel_on_its_way", None)


class ValidateAddressForm(OrderForm):
    """Another address for an order: the street, the postcode, and a yes."""

    act = "change send update redirect deliver address order there"

    def name(self) -> str:
        return "validate_address_form"

    def further(self, tracker: Tracker) -> list[str]:
        return ["address", "postcode", "confirmed"]

    def needed_proof(self, tracker: Tracker) -> Proof:
        return Proof.CODE

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
        if not any(letter.isalpha() for letter in street):
            return {}
        return {"address": with_town_of(value_before_this_turn(tracker, "address"), street, latest_text(tracker))}

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
        """Ends the form where the order has left; fills in the usual address, once it is known whose."""
        order = await order_in_hand(tracker)
        refused = refuse_if_left(dispatcher, order, "utter_address_too_late", "human_handoff")
        if refused or tracker.get_slot("address") != USUAL:
            return refused
        address, postcode = await usual_address(customer)
        if not (address and postcode):
            dispatcher.utter_message(response="utter_no_usual_address")
            return [SlotSet("address", None)]
        return [SlotSet("address", address), SlotSet("postcode", postcode)]


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


class ActionAskAddressFormConfirmed(AskConsent):
    """Asks whether this is where it shall go."""

    form = "address_form"

    async def question(self, tracker: Tracker) -> Question | None:
        address, postcode = tracker.get_slot("address"), tracker.get_slot("postcode")
        return await about_order(tracker, "utter_confirm_address", address=address, postcode=postcode)


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


# Changing ---------------------------------------------------------------------------------------------------------


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


class ActionChangeAddress(ConfirmedAct):
    """Sends an order that has not left to another address."""

    needs_proof: ClassVar[Proof] = Proof.CODE
    forgets: ClassVar[tuple[str, ...]] = ("address", "postcode")

    def name(self) -> str:
        return "action_change_address"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer) -> list[EventType]:
        number = tracker.get_slot("order_number")
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


def with_town_of(previous: str | None, street: str, text: str) -> str:
    """An address that is put right in part: "43 Mill Road" after "34 Mill Road, Hexham" is still in Hexham.

    Args:
        previous: What the form was told before.
        street: What it is told now.
        text: The message; one with a postcode of its own says all of the address.
    """
    _, comma, town = (previous or "").partition(",")
    is_whole = "," in street or bool(find_postcode(text)) or town.strip().lower() in street.lower()
    return street if not comma or is_whole else f"{street}, {town.strip()}"


def costs(done: ItemsChange) -> str:
    """The end of the name of a response that tells what a change of quantities costs or brings."""
    return "_refunded" if done.refund_pence else price_change(done.difference_pence)


def amount_of(done: ItemsChange) -> str:
    """What comes back, or else by how much more or less is to be paid."""
    return money(done.refund_pence or abs(done.difference_pence))


def part_named(tracker: Tracker, order: OrderSummary) -> str:
    """The one of several lines of an order that the request names: "cancel the throw"; empty where it names none."""
    said = [goods for message in messages_of_request(tracker) for goods in goods_in(message)]
    line = named_in(said, order.items) if len(order.items) > 1 else None
    return "" if line is None else item_name(order.items, line)


def refuse_if_left(
    dispatcher: CollectingDispatcher, order: OrderSummary | None, response: str, offer: str | None
) -> list[EventType]:
    """End a form before it asks for what an order that has left our warehouse cannot take any more."""
    if order is None or order.can_change:
        return []
    if order.status is OrderStatus.CANCELLED:
        return refuse(dispatcher, "utter_cancel_already_cancelled", None, number=show_order_number(order.number))
    return refuse(dispatcher, response, offer, number=show_order_number(order.number))


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
