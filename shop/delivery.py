"""Delivery: the ways, the prices and the days, and what to do when a parcel is missing or comes on a bad day."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop import audit, references
from shop.models import MissingParcel, Order, OrderStatus, today
from shop.own_orders import BEFORE_DISPATCH, own_order, own_order_to_change
from shop.postcodes import normal_postcode

SATURDAY, SUNDAY = 5, 6
SENT = frozenset(
    {
        OrderStatus.DISPATCHED,
        OrderStatus.OUT_FOR_DELIVERY,
        OrderStatus.DELIVERY_ATTEMPTED,
        OrderStatus.DELIVERED,
    }
)
CAN_BE_HELD = frozenset({OrderStatus.DISPATCHED, OrderStatus.DELIVERY_ATTEMPTED})
MOST_DAYS_LATER = 14
DAYS_TO_ANSWER = 3
SEARCH_WINDOW = timedelta(days=30)
"""After the day a parcel was due or handed over; carriers keep no proof for longer."""
NOT_SERVED = frozenset({"GY", "JE", "BF"})
REMOTE = frozenset({"BT", "HS", "IM", "IV", "KW", "ZE"})
NOT_FOR_REMOTE = frozenset({"Express", "Two-person"})
REMOTE_EXTRA_DAYS = 2


@dataclass(frozen=True)
class DeliveryOption:
    """A way of delivery. ``days`` are working days, first and last; ``note`` is a fact such as what it is free for."""

    name: str
    price_pence: int
    days: tuple[int, int]
    note: str


FREE_DELIVERY_FROM_PENCE = 5000
STANDARD = DeliveryOption("Standard", 395, (3, 5), "free for orders of £50 and more")
NAMED_DAY = DeliveryOption("Named day", 495, (2, 14), "Monday to Saturday, on the day you choose")
COLLECT = DeliveryOption("Click and collect", 0, (2, 4), "from over 2,000 parcel shops, kept for 10 days")
TWO_PERSON = DeliveryOption("Two-person", 2900, (5, 10), "for furniture, carried into the room you choose")
DELIVERY_OPTIONS = (
    STANDARD,
    DeliveryOption("Express", 695, (1, 1), "if ordered before 2 pm"),
    NAMED_DAY,
    COLLECT,
    TWO_PERSON,
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
    TOO_OLD = "too_old"
    NOT_SENT = "not_sent"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class MissingReport:
    """``expected_on`` is the day the order was promised for, ``answer_by`` the day the carrier has to answer by,
    ``since`` the day a search was opened, or could have been opened for the last time."""

    outcome: MissingOutcome
    reference: str = ""
    expected_on: date | None = None
    answer_by: date | None = None
    since: date | None = None


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
    normal = normal_postcode(postcode)
    if normal is None:
        return Quote(QuoteOutcome.INVALID_POSTCODE)
    area = "".join(sign for sign in normal[:2] if sign.isalpha())
    if area in NOT_SERVED:
        return Quote(QuoteOutcome.NOT_SERVED, normal)
    remote = area in REMOTE
    offered = [option for option in DELIVERY_OPTIONS if not (remote and option.name in NOT_FOR_REMOTE)]
    more = REMOTE_EXTRA_DAYS if remote else 0
    options = tuple(
        QuotedOption(
            name=option.name,
            price_pence=option.price_pence,
            earliest=working_day(today(), option.days[0] + more),
            latest=working_day(today(), option.days[1] + more),
            note=option.note,
        )
        for option in offered
    )
    return Quote(QuoteOutcome.OK, normal, options)


def named_day(day: date) -> Reschedule:
    """Whether an order of today can come on that day; MOVED where it can, else the nearest day that would do."""
    earliest = _delivery_day(working_day(today(), NAMED_DAY.days[0]))
    latest = _delivery_day(working_day(today(), NAMED_DAY.days[1]), -1)
    if not earliest <= day <= latest:
        too_soon = day < earliest
        outcome = RescheduleOutcome.TOO_SOON if too_soon else RescheduleOutcome.TOO_FAR
        return Reschedule(outcome, earliest if too_soon else latest)
    nearest = _delivery_day(day)
    return Reschedule(RescheduleOutcome.MOVED if day == nearest else RescheduleOutcome.NOT_A_DELIVERY_DAY, nearest)


def why_not_missing(session: Session, number: str | int, customer_id: int) -> MissingReport | None:
    """Why the carrier cannot be asked to look for a parcel, or that it is asked already; None where it can."""
    return _why_not_missing(session, own_order(session, number, customer_id))


def report_missing(session: Session, number: str | int, customer_id: int, conversation_id: str) -> MissingReport:
    """Ask the carrier to look for a parcel that is late, or said to be delivered and is not there."""
    order = own_order_to_change(session, number, customer_id)
    refusal = _why_not_missing(session, order)
    if order is None or refusal:
        return refusal or MissingReport(MissingOutcome.NOT_FOUND)
    report = MissingParcel(order_id=order.id)
    session.add(report)
    session.flush()
    audit.record(session, "missing_reported", conversation_id, customer_id, number=order.number)
    return _missing(MissingOutcome.OPENED, report, order.expected_on)


def _why_not_missing(session: Session, order: Order | None) -> MissingReport | None:
    if order is None:
        return MissingReport(MissingOutcome.NOT_FOUND)
    due = order.expected_on
    if order.status not in SENT or not order.parcels:
        return MissingReport(MissingOutcome.NOT_SENT, expected_on=due)
    open_report = session.execute(
        select(MissingParcel).where(MissingParcel.order_id == order.id, MissingParcel.state == "open")
    ).scalar_one_or_none()
    if open_report is not None:
        return _missing(MissingOutcome.ALREADY_OPEN, open_report, due)
    still_coming = any(parcel.delivered_on is None for parcel in order.parcels)
    if still_coming and due >= today():
        return MissingReport(MissingOutcome.NOT_DUE_YET, expected_on=due)
    last_seen = max(due, *(parcel.delivered_on or due for parcel in order.parcels))
    if today() - last_seen > SEARCH_WINDOW:
        return MissingReport(MissingOutcome.TOO_OLD, expected_on=due, since=last_seen + SEARCH_WINDOW)
    return None


def reschedule(session: Session, number: str | int, customer_id: int, day: date, conversation_id: str) -> Reschedule:
    """Move a delivery to another day, unless it is on the van already or has been delivered.

    Before dispatch the day cannot be earlier than promised; after it, the carrier needs until the next working day.
    """
    order = own_order_to_change(session, number, customer_id)
    if order is None:
        return Reschedule(RescheduleOutcome.NOT_FOUND)
    in_warehouse = order.status in BEFORE_DISPATCH
    if not in_warehouse and order.status not in CAN_BE_HELD:
        return Reschedule(RescheduleOutcome.TOO_LATE)
    if day == order.expected_on:
        return Reschedule(RescheduleOutcome.SAME, day)
    earliest = _delivery_day(max(order.expected_on, today()) if in_warehouse else today() + timedelta(days=1))
    latest = _delivery_day(max(order.expected_on, today()) + timedelta(days=MOST_DAYS_LATER), -1)
    if day < earliest:
        return Reschedule(RescheduleOutcome.TOO_SOON, earliest)
    if day > latest:
        return Reschedule(RescheduleOutcome.TOO_FAR, latest)
    if day != _delivery_day(day):
        return Reschedule(RescheduleOutcome.NOT_A_DELIVERY_DAY, _delivery_day(day))
    before, order.expected_on = order.expected_on, day
    for parcel in order.parcels:
        if parcel.delivered_on is None:
            parcel.expected_on = day
    detail = {"number": order.number, "before": before.isoformat(), "day": day.isoformat()}
    audit.record(session, "delivery_moved", conversation_id, customer_id, **detail)
    return Reschedule(RescheduleOutcome.MOVED, day)


def _missing(outcome: MissingOutcome, report: MissingParcel, due: date) -> MissingReport:
    answer_by = working_day(report.opened_at.date(), DAYS_TO_ANSWER)
    shown = references.show(references.MISSING, report.id)
    return MissingReport(outcome, shown, due, answer_by, report.opened_at.date())


def _is_holiday(day: date) -> bool:
    return (day.month, day.day) in ((12, 25), (12, 26), (1, 1))


def _delivery_day(day: date, step: int = 1) -> date:
    """That day, or the next (``step`` -1: the last) on which carriers deliver: Monday to Saturday, but no holiday."""
    while day.weekday() == SUNDAY or _is_holiday(day):
        day += timedelta(days=step)
    return day


def working_day(day: date, count: int) -> date:
    """The day that many working days, Monday to Friday, after ``day``."""
    while count > 0:
        day += timedelta(days=1)
        count -= day.weekday() < SATURDAY and not _is_holiday(day)
    return day
