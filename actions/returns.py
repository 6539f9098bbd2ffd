"""Returns: sending goods back for money or for other goods, labels and refunds."""

from collections.abc import Sequence
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customer_forms import CompletedForm, ConfirmedAct, reason_given
from actions.customers import KnownCustomer, Proof, known_customer
from actions.exchanges import find_exchange
from actions.items import (
    AskConsent,
    ItemForm,
    Line,
    about_order,
    item_name,
    not_found,
    order_in_hand,
    quantity_given,
    without_goods,
)
from actions.shop_access import ask_shop
from actions.wording import money, price_change
from parlance.actions.action import Action
from parlance.actions.confirmation import Question
from parlance.actions.consent import CONFIRMED, repeats_only
from parlance.actions.form_endings import end_unavailable, refuse
from parlance.actions.in_hand import hold
from parlance.actions.messages import intent_of, is_asked_for, latest_text
from parlance.actions.wording import day
from shop.errors import ShopUnavailable
from shop.models import OrderStatus
from shop.order_numbers import show_order_number
from shop.orders import OrderSummary
from shop.products import by_sku
from shop.returns import (
    LabelOutcome,
    RefundState,
    Returnable,
    ReturnableLine,
    ReturnableOutcome,
    ReturnOutcome,
    refund_status,
    resend_label,
    returnable_lines,
    start_return,
)

NO_REASON = "not given"
TELLS_A_REASON = frozenset(
    "item_damaged wrong_item start_return exchange_item cancel_order complaint product_dimensions product_material "
    "product_details refine_search set_preference".split()
)
"""Intents that an answer to "why?" may be taken for."""
REFUSAL_OFFERS = {
    ReturnableOutcome.NOT_DELIVERED: "cancel_order",
    ReturnableOutcome.WINDOW_CLOSED: "human_handoff",
    ReturnableOutcome.ALL_RETURNED: "refund_status",
}


# Collecting -------------------------------------------------------------------------------------------------------


class ValidateReturnForm(ItemForm):
    """What goes back, how many, why, and for what: money, or a product in the slot ``exchange_for`` {sku, name}."""

    requests: ClassVar[frozenset[str]] = frozenset({"start_return", "exchange_item"})

    act = "return send swap exchange replace refund open start item items order"

    def name(self) -> str:
        return "validate_return_form"

    def further(self, tracker: Tracker) -> list[str]:
        exchange = ["exchange_for"] if tracker.get_slot("request") == "exchange_item" else []
        return ["item", "quantity", "reason", *exchange, "confirmed"]

    def extract_quantity(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """How many go back."""
        quantity = quantity_given(tracker)
        return {"quantity": quantity} if quantity else {}

    def extract_reason(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> dict[str, Any]:
        """Why; nobody has to say."""
        if is_asked_for(tracker, "reason") and intent_of(tracker) in ("affirm", "deny"):
            return {"reason": NO_REASON} if intent_of(tracker) == "deny" else {}
        if is_asked_for(tracker, CONFIRMED):
            return {}  # "she's fine with it" is no reason
        reason = reason_given(tracker, "reason", TELLS_A_REASON)
        if reason == "":
            return {"reason": NO_REASON}
        says_more = not latest_text(tracker) or not repeats_only(without_goods(tracker), self.act)
        return {"reason": reason} if reason and says_more else {}

    async def lines(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> tuple[Sequence[Line], list[EventType]]:
        """What of the order can go back."""
        found = await ask_shop(returnable_lines, tracker.get_slot("order_number"), customer.id)
        if found.outcome is ReturnableOutcome.OK:
            return found.lines, []
        return (), refuse_return(dispatcher, tracker, found, await order_in_hand(tracker))

    async def look_up_item(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, lines: Sequence[Line]
    ) -> list[EventType]:
        """How many there are to send back, and what is wanted instead."""
        line = next((line for line in lines if line.line_id == tracker.get_slot("item")), None)
        if not isinstance(line, ReturnableLine):
            return []
        events = []
        quantity = tracker.get_slot("quantity")
        if quantity is None and line.quantity == 1:
            events.append(SlotSet("quantity", 1))
        elif quantity is not None and quantity > line.quantity:
            if is_asked_for(tracker, "quantity"):
                dispatcher.utter_message(response="utter_return_too_many", count=line.quantity, item=line.name)
            events.append(SlotSet("quantity", 1 if line.quantity == 1 else None))
        if "exchange_for" in self.further(tracker) and tracker.get_slot("exchange_for") is None:
            events += await find_exchange(dispatcher, tracker, line, lines)
        return events


class ActionAskReturnFormQuantity(Action):
    """Asks how many go back."""

    def name(self) -> str:
        return "action_ask_return_form_quantity"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        try:
            line = await line_in_hand(tracker)
        except ShopUnavailable as error:
            return end_unavailable(dispatcher, tracker, error)
        if line:
            dispatcher.utter_message(response="utter_ask_return_quantity", count=line.quantity, item=line.name)
        return []


class ActionAskReturnFormConfirmed(AskConsent):
    """Asks whether to go ahead, with what it brings or costs."""

    form = "return_form"

    async def question(self, tracker: Tracker) -> Question | None:
        wanted, quantity = tracker.get_slot("exchange_for"), int(tracker.get_slot("quantity") or 1)
        line = await line_in_hand(tracker)
        product = await ask_shop(by_sku, wanted["sku"]) if is_exchange(tracker) else None
        refund = line.refund_pence * quantity if line else 0
        costs = product.price_pence * quantity - refund if product else 0
        return await about_order(
            tracker,
            f"utter_confirm_exchange{price_change(costs)}" if product else "utter_confirm_return",
            amount=money(abs(costs) if product else refund),
            quantity=quantity,
            exchange=product.name if product else "",
        )


# Answering --------------------------------------------------------------------------------------------------------


class ActionStartReturn(ConfirmedAct):
    """Opens a return or an exchange; the label goes out by e-mail."""

    needs_proof: ClassVar[Proof] = Proof.ORDER_AND_EMAIL
    forgets: ClassVar[tuple[str, ...]] = ("item", "quantity", "reason", "exchange_for")

    def name(self) -> str:
        return "action_start_return"

    def decline(self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer) -> list[EventType]:
        dispatcher.utter_message(response="utter_not_returned")
        return [SlotSet("offer", None)]

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer) -> list[EventType]:
        number, item = tracker.get_slot("order_number"), tracker.get_slot("item")
        exchange = is_exchange(tracker)
        wanted = tracker.get_slot("exchange_for") if exchange else {"sku": "", "name": ""}
        line = await line_in_hand(tracker)
        done = await ask_shop(
            start_return,
            number,
            customer.id,
            item,
            int(tracker.get_slot("quantity")),
            tracker.get_slot("reason"),
            "exchange" if exchange else "refund",
            wanted["sku"],
            tracker.sender_id,
        )
        if done.outcome is ReturnOutcome.NOT_FOUND:
            return not_found(dispatcher, tracker)
        response = f"utter_return_{done.outcome.value}"
        if done.outcome is ReturnOutcome.OPENED and exchange:
            response = f"utter_exchange_opened{price_change(done.to_pay_pence - done.refund_pence)}"
        dispatcher.utter_message(
            response=response,
            number=show_order_number(number),
            item=item_name([line] if line else [], item),
            count=line.quantity if line else 0,
            exchange=wanted["name"],
            reference=done.reference,
            amount=money(done.to_pay_pence or done.refund_pence),
            until=day(done.until) if done.until else "",
            email=customer.email,
        )
        offers = {
            ReturnOutcome.ALREADY_OPEN: "return_label",
            ReturnOutcome.NOT_IN_STOCK: "start_return",
            ReturnOutcome.WINDOW_CLOSED: "human_handoff",
            ReturnOutcome.NOT_DELIVERED: "order_status",
        }
        kept = ("item", "quantity", "reason") if done.outcome is ReturnOutcome.NOT_IN_STOCK else ()
        return [
            SlotSet("offer", offers.get(done.outcome)),
            *hold(tracker, "case", done.reference, self.name()),
            *(SlotSet(slot, tracker.get_slot(slot)) for slot in kept),
        ]


class ActionRefundStatus(CompletedForm):
    """Says how far a refund is."""

    needs_proof: ClassVar[Proof] = Proof.ORDER_AND_EMAIL

    def name(self) -> str:
        return "action_refund_status"

    async def complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        number = tracker.get_slot("order_number")
        refund = await ask_shop(refund_status, number, customer.id)
        if refund.state is RefundState.NOT_FOUND:
            return not_found(dispatcher, tracker)
        dispatcher.utter_message(
            response=f"utter_refund_{refund.state.value}",
            number=show_order_number(number),
            amount=money(refund.amount_pence),
            issued_on=day(refund.issued_on) if refund.issued_on else "",
            expected_on=day(refund.expected_on) if refund.expected_on else "",
            method=refund.method,
        )
        return [SlotSet("offer", "start_return" if refund.state is RefundState.NONE else None)]


class ActionReturnLabel(CompletedForm):
    """Sends the label of a return once more."""

    needs_proof: ClassVar[Proof] = Proof.ORDER_AND_EMAIL

    def name(self) -> str:
        return "action_return_label"

    async def complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        number = tracker.get_slot("order_number")
        label = await ask_shop(resend_label, number, customer.id, tracker.sender_id)
        if label.outcome is LabelOutcome.NOT_FOUND:
            return not_found(dispatcher, tracker)
        dispatcher.utter_message(
            response=f"utter_label_{label.outcome.value}",
            number=show_order_number(number),
            email=label.email,
            reference=label.reference,
        )
        return [SlotSet("offer", "start_return" if label.outcome is LabelOutcome.NO_RETURN else None)]


# What both need ---------------------------------------------------------------------------------------------------


def is_exchange(tracker: Tracker) -> bool:
    """Whether goods are wanted rather than money."""
    return bool(tracker.get_slot("request") == "exchange_item" and tracker.get_slot("exchange_for"))


async def line_in_hand(tracker: Tracker) -> ReturnableLine | None:
    """The line that the customer wants to send back."""
    customer = known_customer(tracker)
    if customer is None:
        return None
    found = await ask_shop(returnable_lines, tracker.get_slot("order_number"), customer.id)
    return next((line for line in found.lines if line.line_id == tracker.get_slot("item")), None)


def refuse_return(
    dispatcher: CollectingDispatcher, tracker: Tracker, found: Returnable, order: OrderSummary | None
) -> list[EventType]:
    """Say why nothing of an order can go back, and end the form."""
    response = f"utter_return_{found.outcome.value}"
    if found.outcome is ReturnableOutcome.NOT_DELIVERED and order and not order.can_change:
        # Nothing is offered that would be refused.
        state = "cancelled" if order.status is OrderStatus.CANCELLED else "on_its_way"
        return refuse(dispatcher, f"utter_return_{state}", None, number=show_order_number(order.number))
    return refuse(
        dispatcher,
        "utter_order_not_yours" if found.outcome is ReturnableOutcome.NOT_FOUND else response,
        REFUSAL_OFFERS.get(found.outcome),
        number=show_order_number(tracker.get_slot("order_number")),
        until=day(found.until) if found.until else "",
    )
