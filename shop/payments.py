"""Paying: invoices, promo codes, gift cards, and charges that nobody recognises."""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from sqlalchemy.orm import Session


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
    raise NotImplementedError


def check_promo(session: Session, code: str, customer_id: int | None = None) -> Promo:
    """What is wrong with a promo code, or what it is good for."""
    raise NotImplementedError


def gift_card(session: Session, code: str, conversation_id: str) -> GiftCard:
    """The balance of a gift card. Guessing codes is stopped after five failures in a conversation."""
    raise NotImplementedError


def open_fraud_case(
    session: Session,
    amount_pence: int | None,
    charged_on: date | None,
    email: str,
    conversation_id: str,
    transcript: str,
) -> FraudCase:
    """Hand a charge that the customer does not recognise to a person. Locks nothing by itself."""
    raise NotImplementedError
