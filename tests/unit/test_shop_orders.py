"""An order is told to its owner and to nobody else."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from shop.database import open_session
from shop.demo import DEMO_ORDERS, UNUSED_NUMBER, DemoOrder
from shop.errors import ShopUnavailable
from shop.models import OrderStatus
from shop.orders import Outcome, find_order, order_for, recent_orders


@pytest.mark.parametrize("demo", DEMO_ORDERS, ids=lambda demo: f"{demo.number}-{demo.status.value}")
def test_the_owner_finds_each_demo_order_in_its_state(shop_url: URL, demo: DemoOrder) -> None:
    with open_session() as session:
        lookup = find_order(session, demo.number, demo.email)
    assert lookup.outcome is Outcome.FOUND
    assert lookup.order is not None
    assert lookup.order.status is demo.status
    assert lookup.order.note == demo.note


def test_the_summary_holds_what_was_ordered(shop_url: URL) -> None:
    with open_session() as session:
        order = find_order(session, "10432", "ada.byrne@example.com").order
    assert order is not None
    assert [(item.name, item.quantity) for item in order.items] == [("Moss velvet cushion", 2), ("Thistle mug", 1)]
    assert order.total_pence == 2 * 2800 + 1150
    assert order.carrier and order.tracking
    assert order.placed_on <= order.changed_on <= order.expected_on


def test_case_and_blanks_in_the_email_do_not_matter(shop_url: URL) -> None:
    with open_session() as session:
        assert find_order(session, 10432, " Ada.BYRNE@example.COM ").outcome is Outcome.FOUND


def test_an_unknown_order_and_somebody_elses_both_reveal_nothing(shop_url: URL) -> None:
    with open_session() as session:
        unknown = find_order(session, UNUSED_NUMBER, "ada.byrne@example.com")
        someone_elses = find_order(session, 10422, "ada.byrne@example.com")
    assert (unknown.outcome, unknown.order) == (Outcome.UNKNOWN, None)
    assert (someone_elses.outcome, someone_elses.order) == (Outcome.SOMEONE_ELSES, None)


def test_a_parcel_is_overdue_from_the_day_after_it_was_expected(shop_url: URL) -> None:
    with open_session() as session:
        dispatched = find_order(session, 10432, "ada.byrne@example.com").order
        delivered = find_order(session, 10433, "ada.byrne@example.com").order
    assert dispatched is not None and delivered is not None
    assert dispatched.status is OrderStatus.DISPATCHED
    assert not dispatched.is_overdue(dispatched.expected_on)
    assert dispatched.is_overdue(dispatched.expected_on + timedelta(days=1))
    assert not delivered.is_overdue(delivered.expected_on + timedelta(days=99))


def test_a_customers_orders_are_listed_newest_first_and_nobody_elses(
    session: Session, customer_of: Callable[[int], int]
) -> None:
    ada = customer_of(10432)
    assert [order.number for order in recent_orders(session, ada)] == [10434, 10432, 10433]
    assert [order.number for order in recent_orders(session, ada, limit=1)] == [10434]
    assert order_for(session, "FH-10434", ada) == recent_orders(session, ada)[0]
    assert order_for(session, 10422, ada) is None
    assert order_for(session, "not a number", ada) is None


def test_an_order_in_two_parcels_tells_what_is_in_each(session: Session, customer_of: Callable[[int], int]) -> None:
    order = order_for(session, 10441, customer_of(10441))
    assert order is not None
    here, coming = order.parcels
    assert here.items == ("Sandpiper table runner",) and here.delivered_on
    assert coming.items == ("Pollard dining table",) and coming.delivered_on is None
    assert here.tracking != coming.tracking


@pytest.mark.parametrize(
    ("number", "status", "problem"),
    [
        (10421, "pending", ""),
        (10422, "paid", ""),
        (10427, "refunded", ""),
        (10435, "failed", "card_declined"),
        (10436, "failed", "3ds_failed"),
        (10437, "failed", "expired"),
        (10439, "part_refunded", ""),
    ],
)
def test_an_order_tells_how_its_payment_went(
    session: Session, customer_of: Callable[[int], int], number: int, status: str, problem: str
) -> None:
    order = order_for(session, number, customer_of(number))
    assert order is not None
    assert (order.payment_status, order.payment_problem) == (status, problem)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("sqlite:////nowhere/at/all.db", "python -m shop.setup"),
        ("postgresql://fern:secret@127.0.0.1:1/fernhill", "cannot be used"),
        ("oracle://fern@127.0.0.1/fernhill", "No driver"),
        ("nonsense", "not a database address"),
    ],
)
def test_a_database_out_of_reach_is_told_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch, address: str, words: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", address)
    with pytest.raises(ShopUnavailable, match=words) as caught, open_session() as session:
        find_order(session, 10432, "ada.byrne@example.com")
    assert "secret" not in str(caught.value)
