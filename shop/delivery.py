"""Delivery: the ways, the prices and the days, and what to do when a parcel is missing or comes on a bad day."""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from sqlalchemy.orm import Session


@dataclass(frozen=True)
class DeliveryOption:
    """A way of delivery. ``days`` are working days, first and last; ``note`` is a fact such as what it is free for."""

    name: str
    price_pence: int
    days: tuple[int, int]
    note: str


FREE_DELIVERY_FROM_PENCE = 5000
DELIVERY_OPTIONS = (
    DeliveryOption("Standard", 395, (3, 5), "free for orders of £50 and more"),
    DeliveryOption("Express", 695, (1, 1), "if ordered before 2 pm"),
    DeliveryOption("Named day", 495, (2, 14), "Monday to Saturday, on the day you choose"),
    DeliveryOption("Click and collect", 0, (2, 4), "from over 2,000 parcel shops, kept for 10 days"),
    DeliveryOption("Two-person", 2900, (5, 10), "for furniture, carried into the room you choose"),
)


class QuoteOutcome(str, Enum):
    """Whether we deliver there."""

    OK = "ok"
    INVALID_POSTCODE = "invalid_postcode"
    NOT_SERVED = "not_served"


@dataclass(frozen=True)
class QuotedOption:
    """A way of delivery to a postcode, with the days on which an order of today arrives."""

    name: str
    price_pence: int
    earliest: date
    latest: date
    note: str


@dataclass(frozen=True)
class Quote:
    """``postcode`` is in the Post Office's shape."""

    outcome: QuoteOutcome
    postcode: str = ""
    options: tuple[QuotedOption, ...] = ()


class MissingOutcome(str, Enum):
    """How a report of a missing parcel ended."""

    OPENED = "opened"
    ALREADY_OPEN = "already_open"
    NOT_DUE_YET = "not_due_yet"
    NOT_SENT = "not_sent"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class MissingReport:
    """``expected_on`` is the day the order was promised for, ``answer_by`` the day the carrier has to answer by."""

    outcome: MissingOutcome
    reference: str = ""
    expected_on: date | None = None
    answer_by: date | None = None


class RescheduleOutcome(str, Enum):
    """How a change of the delivery day ended."""

    MOVED = "moved"
    SAME = "same"
    TOO_SOON = "too_soon"
    TOO_FAR = "too_far"
    NOT_A_DELIVERY_DAY = "not_a_delivery_day"
    TOO_LATE = "too_late"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class Reschedule:
    """``day`` is the new day, or the nearest one that would do; None for TOO_LATE and NOT_FOUND."""

    outcome: RescheduleOutcome
    day: date | None = None


def quote(session: Session, postcode: str) -> Quote:
    """Ways of delivery to a postcode, with price and days."""
    raise NotImplementedError


def report_missing(session: Session, number: str | int, customer_id: int, conversation_id: str) -> MissingReport:
    """Ask the carrier to look for a parcel that is late, or said to be delivered and is not there."""
    raise NotImplementedError


def reschedule(session: Session, number: str | int, customer_id: int, day: date, conversation_id: str) -> Reschedule:
    """Move a delivery to another day, unless it is on the van already."""
    raise NotImplementedError
