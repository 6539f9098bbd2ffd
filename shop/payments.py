"""Paying: invoices, promo codes, gift cards, and charges that nobody recognises."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop import attempts, audit, goodwill, outbox, references
from shop.models import FraudReport, GiftCardBalance, Order, OrderStatus, PromoCode, today
from shop.own_orders import own_order_to_change
from shop.tickets import open_ticket, ticket_row

INVOICE = "INV"


class InvoiceOutcome(str, Enum):
    """How sending an invoice ended."""

    SENT = "sent"
    ALREADY_SENT = "already_sent"
    NOT_PAID = "not_paid"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class Invoice:
    """``number`` such as INV-10433."""

    outcome: InvoiceOutcome
    number: str = ""
    email: str = ""


class PromoOutcome(str, Enum):
    """Why a code works or not. MIN_SPEND and WRONG_CATEGORY: valid, but only for some baskets."""

    VALID = "valid"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    MIN_SPEND = "min_spend"
    USED = "used"
    WRONG_CATEGORY = "wrong_category"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Promo:
    """``kind`` is "percent" (``value`` in percent), "amount" (``value`` in pence) or "delivery" (free delivery).

    ``category`` is the only one that the code is good for, empty for all. Of an UNKNOWN code only ``code`` is set.
    """

    outcome: PromoOutcome
    code: str
    kind: str = ""
    value: int = 0
    min_spend_pence: int = 0
    category: str = ""
    starts_on: date | None = None
    ends_on: date | None = None


class GiftCardOutcome(str, Enum):
    """How asking for a gift card's balance ended."""

    FOUND = "found"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    TOO_MANY_ATTEMPTS = "too_many_attempts"


@dataclass(frozen=True)
class GiftCard:
    """``expires_on`` is the last day it can be spent."""

    outcome: GiftCardOutcome
    balance_pence: int = 0
    expires_on: date | None = None


@dataclass(frozen=True)
class FraudCase:
    """``ticket`` is the number under which a person reads the conversation."""

    reference: str
    ticket: str
    is_new: bool


def send_invoice(session: Session, number: str | int, customer_id: int, conversation_id: str) -> Invoice:
    """Send a copy of an order's invoice to the customer's e-mail address."""
    order = own_order_to_change(session, number, customer_id)
    if order is None:
        return Invoice(InvoiceOutcome.NOT_FOUND)
    if not any(payment.status == "paid" for payment in order.payments):
        return Invoice(InvoiceOutcome.NOT_PAID)
    invoice, email = f"{INVOICE}-{order.number}", order.customer.email
    if audit.just_done(session, "invoice_sent", None, customer_id, number=order.number):
        return Invoice(InvoiceOutcome.ALREADY_SENT, invoice, email)
    outbox.put(session, "invoice", email, invoice=invoice, order_number=order.number)
    audit.record(session, "invoice_sent", conversation_id, customer_id, number=order.number)
    return Invoice(InvoiceOutcome.SENT, invoice, email)


def check_promo(
    session: Session, code: str, customer_id: int | None = None, goods: Sequence[tuple[int, int]] | None = None
) -> Promo:
    """What is wrong with a promo code, or what it is good for.

    Args:
        goods: Category and price in pence of each line of a basket. Where none is given, a code with a least spend or
            a category is answered with that condition.
    """
    typed = re.sub(r"\s", "", code).upper()
    promo = session.get(PromoCode, typed)
    if promo is None or goodwill.is_for_somebody_else(session, typed, customer_id):
        return Promo(PromoOutcome.UNKNOWN, typed)
    return Promo(
        outcome=_promo_outcome(session, promo, customer_id, goods),
        code=promo.code,
        kind=promo.kind,
        value=promo.value,
        min_spend_pence=promo.min_spend_pence,
        category=promo.category.name if promo.category else "",
        starts_on=promo.starts_on,
        ends_on=promo.ends_on,
    )


def gift_card(session: Session, code: str, conversation_id: str, client: str | None = None) -> GiftCard:
    """The balance of a gift card. Whoever fails often waits, in the conversation and in the client's others."""
    bare = re.sub(r"[^A-Z0-9]", "", code.upper())
    typed = f"{bare[:4]}-{bare[4:8]}-{bare[8:]}"
    guard = attempts.guard(session, "gift_card", typed, conversation_id, client)
    if guard.is_closed:
        return GiftCard(GiftCardOutcome.TOO_MANY_ATTEMPTS)
    card = session.get(GiftCardBalance, typed)
    if card is None:
        guard.failed()
        return GiftCard(GiftCardOutcome.UNKNOWN)
    expired = card.expires_on < today()
    return GiftCard(GiftCardOutcome.EXPIRED if expired else GiftCardOutcome.FOUND, card.balance_pence, card.expires_on)


def open_fraud_case(
    session: Session,
    amount_pence: int | None,
    charged_on: date | None,
    email: str,
    conversation_id: str,
    transcript: str,
) -> FraudCase:
    """Hand a charge that the customer does not recognise to a person. Locks nothing by itself.

    The same charge reported again in the same conversation is the same case.
    """
    ticket = open_ticket(session, conversation_id, transcript, email=email)
    same_charge = select(FraudReport).where(
        FraudReport.conversation_id == conversation_id,
        FraudReport.amount_pence == amount_pence,
        FraudReport.charged_on == charged_on,
        FraudReport.state == "open",
    )
    case = session.execute(same_charge).scalars().first()
    is_new = case is None
    if case is None:
        row = ticket_row(ticket.number)
        case = FraudReport(conversation_id=conversation_id, email=email, amount_pence=amount_pence, ticket_id=row)
        case.charged_on = charged_on
        session.add(case)
        session.flush()
        audit.record(session, "fraud_reported", conversation_id, None, case_id=case.id)
    return FraudCase(references.show(references.FRAUD, case.id), ticket.number, is_new)


def _promo_outcome(
    session: Session, promo: PromoCode, customer_id: int | None, goods: Sequence[tuple[int, int]] | None
) -> PromoOutcome:
    if promo.ends_on < today():
        return PromoOutcome.EXPIRED
    if promo.starts_on > today():
        return PromoOutcome.NOT_YET
    if promo.once_per_customer and customer_id is not None:
        used = select(Order.id).where(
            Order.customer_id == customer_id,
            Order.promo_code == promo.code,
            Order.status != OrderStatus.CANCELLED.value,
        )
        if session.execute(used.limit(1)).first():
            return PromoOutcome.USED
    if promo.min_spend_pence and (goods is None or sum(pence for _, pence in goods) < promo.min_spend_pence):
        return PromoOutcome.MIN_SPEND
    if promo.category_id and (goods is None or all(category != promo.category_id for category, _ in goods)):
        return PromoOutcome.WRONG_CATEGORY
    return PromoOutcome.VALID
