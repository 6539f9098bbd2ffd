"""A cancelled order comes back as it was, as long as nobody has noticed; otherwise it is said why it does not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from shop.ledger import refundable_pence
from shop.models import Order, OrderStatus, Product, Refund, today
from shop.orders import cancel_order, order_for
from shop.reinstating import TIME_TO_RETHINK, ReinstateOutcome, reinstate_order, why_cancelled

CHAT = "chat-1"
CustomerOf = Callable[[int], int]


def stored(session: Session, number: int) -> Order:
    return session.execute(select(Order).where(Order.number == number)).scalar_one()


def stock(session: Session) -> dict[str, int]:
    return dict(session.execute(select(Product.name, Product.stock)).all())


@pytest.fixture
def cancelled(session: Session, customer_of: CustomerOf) -> int:
    """Ada's id, after she has cancelled 10434."""
    ada = customer_of(10434)
    cancel_order(session, 10434, ada, "", CHAT)
    return ada


@pytest.mark.parametrize("number", [10421, 10422, 10425, 10434, 10435])
def test_it_comes_back_just_as_it_was(session: Session, customer_of: CustomerOf, number: int) -> None:
    owner, shelf = customer_of(number), stock(session)
    for product in session.execute(select(Product).where(Product.stock == 0)).scalars():
        product.stock = shelf[product.name] = 1  # so that there is enough of what is sold out
    before, paid = order_for(session, number, owner), refundable_pence(stored(session, number))
    cancel_order(session, number, owner, "", CHAT)
    done = reinstate_order(session, number, owner, CHAT)
    assert (done.outcome, done.kept_pence) == (ReinstateOutcome.REINSTATED, paid)
    assert before and order_for(session, number, owner) == replace(before, changed_on=today())
    assert refundable_pence(stored(session, number)) == paid and stock(session) == shelf


def test_twice_brings_it_back_once(session: Session, cancelled: int) -> None:
    reinstate_order(session, 10434, cancelled, CHAT)
    shelf = stock(session)
    assert reinstate_order(session, 10434, cancelled, CHAT).outcome is ReinstateOutcome.NOT_CANCELLED
    assert stock(session) == shelf


def test_after_two_hours_the_warehouse_has_noticed(session: Session, cancelled: int) -> None:
    event = stored(session, 10434).events[-1]
    event.happened_at -= TIME_TO_RETHINK - timedelta(minutes=1)
    facts = why_cancelled(session, 10434, cancelled)
    assert facts and facts.can_be_reinstated
    event.happened_at -= timedelta(minutes=2)
    done = reinstate_order(session, 10434, cancelled, CHAT)
    assert (done.outcome, done.cancelled_at) == (ReinstateOutcome.TOO_LATE, event.happened_at)
    assert stored(session, 10434).status == OrderStatus.CANCELLED


def test_what_was_sold_in_the_meantime_is_named(session: Session, cancelled: int) -> None:
    session.execute(update(Product).where(Product.name == "Saltmarsh linen cushion").values(stock=1))
    done = reinstate_order(session, 10434, cancelled, CHAT)
    assert (done.outcome, done.sold_out) == (ReinstateOutcome.SOLD_OUT, "Saltmarsh linen cushion")


def test_a_refund_that_has_gone_does_not_come_back(session: Session, cancelled: int) -> None:
    session.execute(update(Refund).where(Refund.order_id == stored(session, 10434).id).values(state="issued"))
    assert reinstate_order(session, 10434, cancelled, CHAT).outcome is ReinstateOutcome.REFUND_SENT


def test_a_code_that_is_good_for_one_order_is_not_used_in_two(session: Session, cancelled: int) -> None:
    stored(session, 10432).promo_code = "WELCOME10"
    assert reinstate_order(session, 10434, cancelled, CHAT).outcome is ReinstateOutcome.PROMO_USED


def test_what_the_shop_has_cancelled_stays_cancelled(session: Session, cancelled: int) -> None:
    stored(session, 10434).events[-1].note = "it was sold out"
    assert reinstate_order(session, 10434, cancelled, CHAT).outcome is ReinstateOutcome.CANCELLED_BY_US
    facts = why_cancelled(session, 10434, cancelled)
    assert facts and (facts.by_customer, facts.reason, facts.can_be_reinstated) == (False, "it was sold out", False)


def test_nobody_brings_back_or_asks_after_an_order_of_somebody_else(session: Session, cancelled: int) -> None:
    assert reinstate_order(session, 10434, cancelled + 1, CHAT).outcome is ReinstateOutcome.NOT_FOUND
    assert why_cancelled(session, 10434, cancelled + 1) is None


def test_an_order_that_is_not_cancelled_has_no_reason(session: Session, customer_of: CustomerOf) -> None:
    assert why_cancelled(session, 10432, customer_of(10432)) is None
