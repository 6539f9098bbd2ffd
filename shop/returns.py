"""Returns, exchanges, labels and refunds."""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Literal

from sqlalchemy.orm import Session

Wanted = Literal["refund", "exchange"]


class ReturnableOutcome(str, Enum):
    """Whether anything of an order can go back."""

    OK = "ok"
    NOT_DELIVERED = "not_delivered"
    WINDOW_CLOSED = "window_closed"
    ALL_RETURNED = "all_returned"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class ReturnableLine:
    """``quantity`` is how many have not been sent back yet, ``refund_pence`` what one of them brings."""

    line_id: int
    sku: str
    name: str
    quantity: int
    refund_pence: int


@dataclass(frozen=True)
class Returnable:
    """``until`` is the last day of the return window; None before delivery."""

    outcome: ReturnableOutcome
    lines: tuple[ReturnableLine, ...] = ()
    until: date | None = None


class ReturnOutcome(str, Enum):
    """How starting a return ended."""

    OPENED = "opened"
    ALREADY_OPEN = "already_open"
    NOT_DELIVERED = "not_delivered"
    WINDOW_CLOSED = "window_closed"
    TOO_MANY = "too_many"
    NOT_IN_STOCK = "not_in_stock"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class ReturnStarted:
    """``refund_pence`` comes back once the goods have; an exchange for something dearer costs ``to_pay_pence``."""

    outcome: ReturnOutcome
    reference: str = ""
    refund_pence: int = 0
    to_pay_pence: int = 0
    until: date | None = None


class RefundState(str, Enum):
    """How far a refund is: none, expected (goods not back yet), issued (with the bank) or paid."""

    NONE = "none"
    EXPECTED = "expected"
    ISSUED = "issued"
    PAID = "paid"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class RefundStatus:
    """The latest refund of an order. ``expected_on`` is the day it should be on the account by."""

    state: RefundState
    amount_pence: int = 0
    issued_on: date | None = None
    expected_on: date | None = None
    method: str = ""


class LabelOutcome(str, Enum):
    """How sending a return label ended."""

    SENT = "sent"
    ALREADY_SENT = "already_sent"
    NO_RETURN = "no_return"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class Label:
    """``reference`` is that of the return the label belongs to."""

    outcome: LabelOutcome
    email: str = ""
    reference: str = ""


def returnable_lines(session: Session, number: str | int, customer_id: int) -> Returnable:
    """What of an order can go back, and until when."""
    raise NotImplementedError


def start_return(
    session: Session,
    number: str | int,
    customer_id: int,
    line_id: int,
    quantity: int,
    reason: str,
    wanted: Wanted,
    exchange_sku: str,
    conversation_id: str,
) -> ReturnStarted:
    """Open a return and send its label. ``exchange_sku`` is empty where money is wanted."""
    raise NotImplementedError


def refund_status(session: Session, number: str | int, customer_id: int) -> RefundStatus:
    """How far the latest refund of an order is."""
    raise NotImplementedError


def resend_label(session: Session, number: str | int, customer_id: int, conversation_id: str) -> Label:
    """Send the label of an order's open return once more."""
    raise NotImplementedError
