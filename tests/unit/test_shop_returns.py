"""Goods come back within 30 days of delivery, once, and never for more than was paid."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.ledger import refundable_pence
from shop.models import Order, OutboxMessage, Product, Return
from shop.returns import (
    LabelOutcome,
    RefundState,
    ReturnableOutcome,
    ReturnOutcome,
    refund_status,
    resend_label,
    returnable_lines,
    start_return,
)

CHAT = "chat-1"
CustomerOf = Callable[[int], int]


def stored(session: Session, number: int) -> Order:
    return session.execute(select(Order).where(Order.number == number)).scalar_one()


def product(session: Session, name: str) -> Product:
    return session.execute(select(Product).where(Product.name == name)).scalar_one()


def line_of(session: Session, number: int, name: str) -> int:
    return next(line.id for line in stored(session, number).lines if line.product.name == name)


def labels(session: Session) -> int:
    return len(session.execute(select(OutboxMessage).where(OutboxMessage.kind == "return_label")).all())


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        (10422, ReturnableOutcome.NOT_DELIVERED),
        (10432, ReturnableOutcome.NOT_DELIVERED),
        (10438, ReturnableOutcome.WINDOW_CLOSED),
        (10428, ReturnableOutcome.ALL_RETURNED),
        (10433, ReturnableOutcome.OK),
        (10441, ReturnableOutcome.OK),
        (99999, ReturnableOutcome.NOT_FOUND),
    ],
)
def test_what_can_go_back(session: Session, customer_of: CustomerOf, number: int, outcome: ReturnableOutcome) -> None:
    owner = customer_of(number) if number != 99999 else customer_of(10432)
    assert returnable_lines(session, number, owner).outcome is outcome


def test_only_what_has_arrived_and_is_still_there_can_go_back(session: Session, customer_of: CustomerOf) -> None:
    two_parcels = returnable_lines(session, 10441, customer_of(10441))
    partly_back = returnable_lines(session, 10440, customer_of(10440))
    assert [line.name for line in two_parcels.lines] == ["Sandpiper table runner"]
    assert [line.name for line in partly_back.lines] == ["Beeswax candle trio"]


def test_a_return_brings_a_label_and_a_refund_and_is_opened_once(session: Session, customer_of: CustomerOf) -> None:
    ada, casserole = customer_of(10433), line_of(session, 10433, "Cast iron casserole")
    first, again = (start_return(session, 10433, ada, casserole, 1, "too heavy", "refund", "", CHAT) for _ in range(2))
    assert (first.outcome, first.refund_pence) == (ReturnOutcome.OPENED, 8900)
    assert (again.outcome, again.reference) == (ReturnOutcome.ALREADY_OPEN, first.reference)
    assert again.refund_pence == first.refund_pence
    assert labels(session) == 1
    status = refund_status(session, 10433, ada)
    assert (status.state, status.amount_pence) == (RefundState.EXPECTED, 8900)
    assert returnable_lines(session, 10433, ada).outcome is ReturnableOutcome.ALL_RETURNED


def test_part_of_a_line_can_go_back_but_not_more_than_came(session: Session, customer_of: CustomerOf) -> None:
    samir, plates = customer_of(10442), line_of(session, 10442, "Stoneware dinner plate")
    for quantity, outcome in ((3, ReturnOutcome.TOO_MANY), (0, ReturnOutcome.NOT_FOUND), (1, ReturnOutcome.OPENED)):
        result = start_return(session, 10442, samir, plates, quantity, "chipped", "refund", "", CHAT)
        assert result.outcome is outcome
    left = {line.name: line.quantity for line in returnable_lines(session, 10442, samir).lines}
    assert left["Stoneware dinner plate"] == 1


def test_an_exchange_takes_the_new_goods_from_the_shelf(session: Session, customer_of: CustomerOf) -> None:
    samir, bowl = customer_of(10442), line_of(session, 10442, "Stoneware pasta bowl")
    mug = product(session, "Thistle mug")
    result = start_return(session, 10442, samir, bowl, 1, "wrong size", "exchange", mug.sku, CHAT)
    assert (result.outcome, result.refund_pence, result.to_pay_pence) == (ReturnOutcome.OPENED, 150, 0)
    assert mug.stock == 2


def test_an_exchange_for_something_dearer_is_to_be_paid(session: Session, customer_of: CustomerOf) -> None:
    samir, bowl = customer_of(10442), line_of(session, 10442, "Stoneware pasta bowl")
    lamp = product(session, "Heron floor lamp")
    result = start_return(session, 10442, samir, bowl, 1, "", "exchange", lamp.sku, CHAT)
    assert (result.refund_pence, result.to_pay_pence) == (0, 12900 - 1300)
    assert refund_status(session, 10442, samir).state is RefundState.NONE


@pytest.mark.parametrize("sku", ["", "FH99999", "sold out"])
def test_an_exchange_for_what_is_not_there_opens_nothing(session: Session, customer_of: CustomerOf, sku: str) -> None:
    sku = product(session, "Kestrel tripod lamp").sku if sku == "sold out" else sku
    ada, casserole = customer_of(10433), line_of(session, 10433, "Cast iron casserole")
    result = start_return(session, 10433, ada, casserole, 1, "", "exchange", sku, CHAT)
    assert result.outcome is ReturnOutcome.NOT_IN_STOCK
    assert session.execute(select(Return).where(Return.line_id == casserole)).all() == []


def test_the_window_closes_after_thirty_days(session: Session, customer_of: CustomerOf) -> None:
    vase = line_of(session, 10438, "Sundial ceramic vase")
    result = start_return(session, 10438, customer_of(10438), vase, 1, "", "refund", "", CHAT)
    assert result.outcome is ReturnOutcome.WINDOW_CLOSED and result.until is not None
    cushions = line_of(session, 10432, "Moss velvet cushion")
    early = start_return(session, 10432, customer_of(10432), cushions, 1, "", "refund", "", CHAT)
    assert early.outcome is ReturnOutcome.NOT_DELIVERED


def test_refunds_never_exceed_what_was_paid(session: Session, customer_of: CustomerOf) -> None:
    samir = customer_of(10442)
    order = stored(session, 10442)
    # As if a gift card had paid for most of it.
    order.payments[0].amount_pence = 2000
    for line in list(order.lines):
        start_return(session, 10442, samir, line.id, line.quantity, "", "refund", "", CHAT)
    assert sum(refund.amount_pence for refund in order.refunds) == 2000
    assert refundable_pence(order) == 0


@pytest.mark.parametrize(
    ("number", "state"),
    [
        (10422, RefundState.NONE),
        (10440, RefundState.EXPECTED),
        (10439, RefundState.ISSUED),
        (10428, RefundState.PAID),
    ],
)
def test_how_far_a_refund_is(session: Session, customer_of: CustomerOf, number: int, state: RefundState) -> None:
    status = refund_status(session, number, customer_of(number))
    assert status.state is state
    assert (status.amount_pence > 0) == (state is not RefundState.NONE)
    assert (status.issued_on is not None) == (state in (RefundState.ISSUED, RefundState.PAID))


def test_a_label_is_sent_again_on_request_but_not_twice_for_one(session: Session, customer_of: CustomerOf) -> None:
    peter = customer_of(10440)
    first, again = (resend_label(session, 10440, peter, CHAT) for _ in range(2))
    other = resend_label(session, 10440, peter, "another chat")
    assert [first.outcome, again.outcome, other.outcome] == [
        LabelOutcome.SENT,
        LabelOutcome.ALREADY_SENT,
        LabelOutcome.ALREADY_SENT,
    ]
    assert first.email == "peter.osei@example.com" and first.reference == again.reference
    assert labels(session) == 1
    assert resend_label(session, 10433, customer_of(10433), CHAT).outcome is LabelOutcome.NO_RETURN
    assert resend_label(session, 10440, customer_of(10433), CHAT).outcome is LabelOutcome.NOT_FOUND
