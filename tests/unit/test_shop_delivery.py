"""Delivery: where to, for how much, when, and what happens to parcels that do not come."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from shop import delivery
from shop.delivery import (
    MissingOutcome,
    QuoteOutcome,
    RescheduleOutcome,
    quote,
    report_missing,
    reschedule,
)
from shop.models import today
from shop.orders import OrderSummary, order_for

CHAT = "chat-1"
CustomerOf = Callable[[int], int]


def own_order(session: Session, number: int, customer: int) -> OrderSummary:
    order = order_for(session, number, customer)
    assert order
    return order


def due(session: Session, number: int, customer: int) -> date:
    """The day on which an order is expected."""
    day = own_order(session, number, customer).expected_on
    assert day
    return day


def next_delivery_day(after: date) -> date:
    day = after + timedelta(days=1)
    while day.weekday() == 6 or (day.month, day.day) in ((12, 25), (12, 26), (1, 1)):
        day += timedelta(days=1)
    return day


def test_a_postcode_is_quoted_every_way_with_its_days(session: Session) -> None:
    offer = quote(session, "ba1 2ab")
    assert (offer.outcome, offer.postcode) == (QuoteOutcome.OK, "BA1 2AB")
    assert [option.name for option in offer.options] == [option.name for option in delivery.DELIVERY_OPTIONS]
    assert all(today() < option.earliest <= option.latest for option in offer.options)
    assert all(option.earliest.weekday() < 5 for option in offer.options)


def test_islands_take_longer_and_have_no_express(session: Session) -> None:
    mainland = {option.name: option for option in quote(session, "BA1 2AB").options}
    island = {option.name: option for option in quote(session, "ZE1 0AA").options}
    assert "Express" not in island and "Two-person" not in island
    assert island["Standard"].earliest > mainland["Standard"].earliest


@pytest.mark.parametrize(
    ("postcode", "outcome"),
    [
        ("JE2 3AB", QuoteOutcome.NOT_SERVED),
        ("12345", QuoteOutcome.INVALID_POSTCODE),
        ("", QuoteOutcome.INVALID_POSTCODE),
    ],
)
def test_where_nothing_can_be_sent_nothing_is_offered(session: Session, postcode: str, outcome: QuoteOutcome) -> None:
    offer = quote(session, postcode)
    assert (offer.outcome, offer.options) == (outcome, ())


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        (10422, MissingOutcome.NOT_SENT),
        (10427, MissingOutcome.NOT_SENT),
        (10428, MissingOutcome.NOT_SENT),
        (10432, MissingOutcome.NOT_DUE_YET),
        (10441, MissingOutcome.NOT_DUE_YET),
        (10443, MissingOutcome.ALREADY_OPEN),
        (10429, MissingOutcome.OPENED),
        (10433, MissingOutcome.OPENED),
        (10442, MissingOutcome.OPENED),
    ],
)
def test_a_parcel_is_missing_once_it_should_be_there(
    session: Session, customer_of: CustomerOf, number: int, outcome: MissingOutcome
) -> None:
    report = report_missing(session, number, customer_of(number), CHAT)
    assert report.outcome is outcome
    assert bool(report.reference) == (outcome in (MissingOutcome.OPENED, MissingOutcome.ALREADY_OPEN))
    assert report.expected_on is not None


def test_a_missing_parcel_is_looked_for_once(session: Session, customer_of: CustomerOf) -> None:
    first = report_missing(session, 10429, customer_of(10429), CHAT)
    again = report_missing(session, 10429, customer_of(10429), "another chat")
    assert again.outcome is MissingOutcome.ALREADY_OPEN
    assert again.reference == first.reference
    assert first.answer_by is not None and first.answer_by > today()
    assert report_missing(session, 10429, customer_of(10432), CHAT).outcome is MissingOutcome.NOT_FOUND


def test_a_delivery_is_moved_once_and_its_parcel_with_it(session: Session, customer_of: CustomerOf) -> None:
    ada = customer_of(10432)
    day = next_delivery_day(due(session, 10432, ada))
    moved = reschedule(session, 10432, ada, day, CHAT)
    again = reschedule(session, 10432, ada, day, CHAT)
    assert [moved.outcome, again.outcome] == [RescheduleOutcome.MOVED, RescheduleOutcome.SAME]
    order = own_order(session, 10432, ada)
    assert order.expected_on == day
    assert [parcel.expected_on for parcel in order.parcels] == [day]


def test_a_day_that_will_not_do_is_answered_with_the_nearest_that_would(
    session: Session, customer_of: CustomerOf
) -> None:
    sofia = customer_of(10426)
    expected = due(session, 10426, sofia)
    sunday = expected + timedelta(days=(6 - expected.weekday()) % 7 or 7)
    soon = reschedule(session, 10426, sofia, today(), CHAT)
    far = reschedule(session, 10426, sofia, today() + timedelta(days=60), CHAT)
    on_sunday = reschedule(session, 10426, sofia, sunday, CHAT)
    assert (soon.outcome, soon.day) == (RescheduleOutcome.TOO_SOON, next_delivery_day(today()))
    assert far.outcome is RescheduleOutcome.TOO_FAR
    assert far.day and expected + timedelta(days=10) < far.day <= expected + timedelta(days=14)
    assert (on_sunday.outcome, on_sunday.day) == (RescheduleOutcome.NOT_A_DELIVERY_DAY, next_delivery_day(sunday))


@pytest.mark.parametrize("weekday", range(7))
def test_the_last_day_that_is_offered_can_be_taken(
    session: Session, customer_of: CustomerOf, monkeypatch: pytest.MonkeyPatch, weekday: int
) -> None:
    sofia = customer_of(10426)
    expected = due(session, 10426, sofia)
    monkeypatch.setattr(delivery, "today", lambda: expected + timedelta(days=1 + weekday))
    far = reschedule(session, 10426, sofia, expected + timedelta(days=60), CHAT)
    assert far.day and reschedule(session, 10426, sofia, far.day, CHAT).outcome is RescheduleOutcome.MOVED


@pytest.mark.parametrize("number", [10424, 10427, 10428, 10433])
def test_what_is_on_the_van_or_over_cannot_be_moved(session: Session, customer_of: CustomerOf, number: int) -> None:
    result = reschedule(session, number, customer_of(number), today() + timedelta(days=3), CHAT)
    assert (result.outcome, result.day) == (RescheduleOutcome.TOO_LATE, None)


def test_before_dispatch_a_day_cannot_be_earlier_than_promised(session: Session, customer_of: CustomerOf) -> None:
    tom = customer_of(10422)
    promised = due(session, 10422, tom)
    assert reschedule(session, 10422, tom, promised - timedelta(days=1), CHAT).outcome is RescheduleOutcome.TOO_SOON
    later = next_delivery_day(promised)
    assert reschedule(session, 10422, tom, later, CHAT).outcome is RescheduleOutcome.MOVED
    assert reschedule(session, 10422, customer_of(10432), later, CHAT).outcome is RescheduleOutcome.NOT_FOUND
