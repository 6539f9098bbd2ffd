"""Payment: invoices, failed payments, promo codes, gift cards, and charges that nobody recognises."""

import logging
import re
from datetime import date
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customer_forms import CompletedForm, ConfirmedAct, Form, order_number_in
from actions.customers import KnownCustomer, Proof, known_customer, recognise, recognise_if_possible
from actions.items import AskConsent, not_found, order_in_hand
from actions.shop_access import ask_shop
from actions.wording import goods, money
from parlance.actions.action import Action
from parlance.actions.amounts import find_amount
from parlance.actions.confirmation import Question
from parlance.actions.consent import CONFIRMED
from parlance.actions.dates import find_date
from parlance.actions.form_endings import ENDED, ended, try_again_later
from parlance.actions.in_hand import hold
from parlance.actions.messages import (
    client_of,
    entity,
    free_answer,
    intent_of,
    is_asked_for,
    is_open_to,
    latest_text,
    transcript,
    value_before_this_turn,
)
from parlance.actions.wording import day
from shop.errors import ShopUnavailable
from shop.models import OrderStatus
from shop.order_numbers import find_order_number, show_order_number
from shop.orders import OrderSummary, recent_orders
from shop.payments import GiftCardOutcome, InvoiceOutcome, Promo, check_promo, gift_card, open_fraud_case, send_invoice

logger = logging.getLogger(__name__)

UNKNOWN = "unknown"
_NOT_KNOWN = re.compile(
    r"\b(?:don'?t|dont|do not|cannot|can'?t|cant|no) (?:know|remember|idea|recall|sure)|not sure|no clue|dunno|unsure",
    re.IGNORECASE,
)
_PROMO_CODE = re.compile(r"(?<![\w@.-])[a-z]{3}[a-z-]*\d[a-z0-9-]*(?![\w@])", re.IGNORECASE)
_CODE_OF_LETTERS = re.compile(r"\b(?i:code|voucher|coupon)(?: is)?[\s:\"']+([A-Z]{4,24})\b")
_GIFT_CARD = re.compile(r"(?<!\w)[a-z]{4}[ -]?\d{4}[ -]?[a-z0-9]{4}(?!\w)", re.IGNORECASE)
_ONE_WORD = re.compile(r"[\w-]{4,24}")
LONGEST_CODE = 24


class ActionPaymentFailed(Action):
    """A payment that failed: looks at the order where there is one, and else says what to try."""

    def name(self) -> str:
        return "action_payment_failed"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        if order_number_in(tracker):
            return [FollowupAction("order_form")]
        # In the middle of another form the advice is all, and the form goes on with what it is for.
        request = value_before_this_turn(tracker, "request") if tracker.active_loop.get("name") else "payment_failed"
        try:
            customer, events = await recognise(tracker)
            orders = await ask_shop(recent_orders, customer.id) if customer else ()
        except ShopUnavailable as error:
            logger.error("%s", error)
            customer, events, orders = None, [], ()
        stuck = next((order for order in orders if order.payment_status in ("failed", "pending")), None)
        if stuck is None:
            dispatcher.utter_message(response="utter_payment_advice")
            return [*events, SlotSet("request", request)]
        say_payment(dispatcher, stuck)
        return [*events, SlotSet("request", request)]


class ActionPaymentProblem(CompletedForm):
    """Says how the payment of an order stands."""

    needs_proof: ClassVar[Proof] = Proof.ORDER_AND_EMAIL

    def name(self) -> str:
        return "action_payment_problem"

    async def complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        order = await order_in_hand(tracker)
        if order is None:
            return not_found(dispatcher, tracker)
        say_payment(dispatcher, order)
        return []


class ActionSendInvoice(CompletedForm):
    """Sends a copy of an invoice."""

    needs_proof: ClassVar[Proof] = Proof.ORDER_AND_EMAIL

    def name(self) -> str:
        return "action_send_invoice"

    async def complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        number = tracker.get_slot("order_number")
        done = await ask_shop(send_invoice, number, customer.id, tracker.sender_id)
        if done.outcome is InvoiceOutcome.NOT_FOUND:
            return not_found(dispatcher, tracker)
        dispatcher.utter_message(
            response=f"utter_invoice_{done.outcome.value}",
            number=show_order_number(number),
            invoice=done.number,
            email=done.email,
        )
        return []


class ValidateCodeForm(Form):
    """A promo code or the number of a gift card, for whatever the slot ``request`` says."""

    requests: ClassVar[frozenset[str]] = frozenset({"promo_code_problem", "gift_card_balance"})

    def name(self) -> str:
        return "validate_code_form"

    def wanted(self, tracker: Tracker) -> list[str]:
        return ["code"]

    def extract_code(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> dict[str, Any]:
        """A code in the latest message: marked as one, in the shape of one, or the one word of the answer."""
        code = entity(tracker, "code") or find_code(latest_text(tracker))
        if code is None and intent_of(tracker) not in ("affirm", "deny") and not is_not_known(tracker):
            answer = (free_answer(tracker, "code") or "").strip(" .!\"'")
            code = answer if _ONE_WORD.fullmatch(answer) else None
        return {"code": code.upper()} if code and len(code) <= LONGEST_CODE else {}


class ActionCheckPromo(Action):
    """Says what is wrong with a promo code, or what it is good for."""

    def name(self) -> str:
        return "action_check_promo"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        if tracker.get_slot(ENDED):
            return ended(tracker)
        try:
            customer, events = await recognise(tracker)
            promo = await ask_shop(check_promo, tracker.get_slot("code"), customer.id if customer else None)
        except ShopUnavailable as error:
            return try_again_later(dispatcher, tracker, error)
        say_promo(dispatcher, promo)
        return [*events, SlotSet("code", None)]


class ActionGiftCardBalance(Action):
    """Says what is left on a gift card."""

    def name(self) -> str:
        return "action_gift_card_balance"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        if tracker.get_slot(ENDED):
            return ended(tracker)
        code = tracker.get_slot("code")
        try:
            card = await ask_shop(gift_card, code, tracker.sender_id, client_of(tracker))
        except ShopUnavailable as error:
            return try_again_later(dispatcher, tracker, error)
        dispatcher.utter_message(
            response=f"utter_gift_card_{card.outcome.value}",
            code=code,
            balance=money(card.balance_pence),
            expires_on=day(card.expires_on, year=True) if card.expires_on else "",
        )
        offer = "human_handoff" if card.outcome is GiftCardOutcome.TOO_MANY_ATTEMPTS else None
        return [SlotSet("code", None), SlotSet("offer", offer)]


class ValidateChargeForm(Form):
    """A charge that nobody recognises: how much, when, and where to write to. Not knowing is an answer."""

    act = "open start report case charge"

    def name(self) -> str:
        return "validate_charge_form"

    def wanted(self, tracker: Tracker) -> list[str]:
        return ["charge_amount", "charge_day", *([] if known_customer(tracker) else ["email"]), CONFIRMED]

    def extract_charge_amount(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """An amount in pence. The answer to another question counts where it is marked: "on 12.05" is a day."""
        asked = is_asked_for(tracker, "charge_amount")
        puts_right = is_open_to(tracker, "charge_amount") and not entity(tracker, "date")
        answers_another = tracker.get_slot("requested_slot") and not (asked or puts_right)
        said = entity(tracker, "amount") if answers_another else latest_text(tracker)
        amount = find_amount(said or "", bare=asked)
        if amount is not None:
            return {"charge_amount": amount}
        return {"charge_amount": UNKNOWN} if asked and is_not_known(tracker) else {}

    def extract_charge_day(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """A day; one to come is no day of a charge."""
        is_open = is_open_to(tracker, "charge_day") and find_amount(latest_text(tracker)) is None
        puts_right = is_open and not is_asked_for(tracker, "charge_day")
        said = (
            entity(tracker, "date")
            or free_answer(tracker, "charge_day")
            or (latest_text(tracker) if puts_right else "")
        )
        found = find_date(said, date.today(), past=True) if said else None
        if found and found <= date.today():
            return {"charge_day": found.isoformat()}
        return {"charge_day": UNKNOWN} if is_asked_for(tracker, "charge_day") and is_not_known(tracker) else {}

    async def look_up(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict, said: dict[str, Any]
    ) -> list[EventType]:
        """A known customer is not asked for an e-mail address."""
        return await recognise_if_possible(tracker)


class ActionAskChargeFormConfirmed(AskConsent):
    """Asks whether a person shall look into the charge."""

    form = "charge_form"

    async def question(self, tracker: Tracker) -> Question | None:
        amount, charged_on = tracker.get_slot("charge_amount"), tracker.get_slot("charge_day")
        customer = known_customer(tracker)
        charge = "an unknown amount" if amount == UNKNOWN else money(int(amount))
        since = "an unknown day" if charged_on == UNKNOWN else day(date.fromisoformat(charged_on))
        email = customer.email if customer else tracker.get_slot("email")
        return Question("utter_confirm_fraud_case", {"amount": charge, "day": since, "email": email})


class ActionOpenFraudCase(ConfirmedAct):
    """Opens a case for a charge that nobody recognises, and hands it to a person. Locks nothing."""

    needs_proof: ClassVar[Proof] = Proof.NOBODY
    forgets: ClassVar[tuple[str, ...]] = ("charge_amount", "charge_day")

    def name(self) -> str:
        return "action_open_fraud_case"

    def decline(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer | None
    ) -> list[EventType]:
        dispatcher.utter_message(response="utter_no_fraud_case")
        return []

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer | None
    ) -> list[EventType]:
        amount, charged_on = tracker.get_slot("charge_amount"), tracker.get_slot("charge_day")
        email = customer.email if customer else tracker.get_slot("email") or ""
        case = await ask_shop(
            open_fraud_case,
            amount_pence=None if amount in (None, UNKNOWN) else int(amount),
            charged_on=date.fromisoformat(charged_on) if charged_on not in (None, UNKNOWN) else None,
            email=email,
            conversation_id=tracker.sender_id,
            transcript=transcript(tracker),
        )
        dispatcher.utter_message(
            response="utter_fraud_case" if case.is_new else "utter_fraud_case_open",
            reference=case.reference,
            ticket=case.ticket,
            email=email,
        )
        held = hold(tracker, "case", case.ticket, self.name())
        return [SlotSet("ticket_number", case.ticket), SlotSet("ticket_open", True), *held]


def find_code(text: str) -> str | None:
    """The first code in a text: the number of a gift card, letters with digits after them that are no order's, or
    capitals after the word "code"."""
    of_letters = [] if text.isupper() else _CODE_OF_LETTERS.findall(text)
    found = (*_GIFT_CARD.findall(text), *_PROMO_CODE.findall(text), *of_letters)
    return next((code for code in found if find_order_number(code) is None), None)


def is_not_known(tracker: Tracker) -> bool:
    """Whether the latest message says that the customer does not know."""
    return intent_of(tracker) == "deny" or bool(_NOT_KNOWN.search(latest_text(tracker)))


def say_payment(dispatcher: CollectingDispatcher, order: OrderSummary) -> None:
    """Answer with ``utter_payment_<status>``; a failed payment with why it failed."""
    status = order.payment_status
    response = f"utter_payment_{order.payment_problem}" if status == "failed" and order.payment_problem else ""
    if order.status is OrderStatus.AWAITING_PAYMENT:
        response = "utter_order_awaiting_payment"
    dispatcher.utter_message(
        response=response or f"utter_payment_{status}",
        number=show_order_number(order.number),
        items=goods(order.items),
        total=money(order.total_pence),
        method=order.payment_method,
    )


def say_promo(dispatcher: CollectingDispatcher, promo: Promo) -> None:
    """Say what a promo code is good for, or why it does not work."""
    value = {"percent": f"{promo.value} %", "amount": money(promo.value)}.get(promo.kind, "")
    valid = f"utter_promo_valid_{'delivery' if promo.kind == 'delivery' else 'value'}"
    dispatcher.utter_message(
        response=valid if promo.outcome.value == "valid" else f"utter_promo_{promo.outcome.value}",
        code=promo.code,
        value=value,
        min_spend=money(promo.min_spend_pence),
        category=promo.category.lower(),
        starts_on=day(promo.starts_on, year=True) if promo.starts_on else "",
        ends_on=day(promo.ends_on, year=True) if promo.ends_on else "",
    )
