"""Orders are cancelled and changed until they leave the warehouse, and money and stock follow."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.ledger import refundable_pence
from shop.models import AuditEntry, Order, Payment, Product, Refund
from shop.orders import (
    AddressOutcome,
    CancelOutcome,
    ItemsOutcome,
    OrderStatus,
    OrderSummary,
    cancel_order,
    change_address,
    change_quantity,
    order_for,
)

CHAT = "chat-1"
CustomerOf = Callable[[int], int]


def stock_of(session: Session, name: str) -> int:
    return session.execute(select(Product.stock).where(Product.name == name)).scalar_one()


def stored(session: Session, number: int) -> Order:
    return session.execute(select(Order).where(Order.number == number)).scalar_one()


def own_order(session: Session, number: int, customer: int) -> OrderSummary:
    order = order_for(session, number, customer)
    assert order
    return order


def line(session: Session, number: int, customer: int, name: str) -> int:
    return next(item.line_id for item in own_order(session, number, customer).items if item.name == name)


def test_a_cancelled_order_is_refunded_and_its_goods_go_back_on_the_shelf(
    session: Session, customer_of: CustomerOf
) -> None:
    ada, before = customer_of(10434), stock_of(session, "Saltmarsh linen cushion")
    paid = own_order(session, 10434, ada).total_pence
    result = cancel_order(session, 10434, ada, "changed my mind", CHAT)
    order = own_order(session, 10434, ada)
    assert (result.outcome, result.refund_pence) == (CancelOutcome.CANCELLED, paid)
    assert order.status is OrderStatus.CANCELLED and order.payment_status == "refunded"
    assert stock_of(session, "Saltmarsh linen cushion") == before + 2
    entry = session.execute(select(AuditEntry)).scalar_one()
    assert (entry.customer_id, entry.action, entry.conversation_id) == (ada, "order_cancelled", CHAT)


def test_confirming_a_cancellation_twice_refunds_and_restocks_once(session: Session, customer_of: CustomerOf) -> None:
    ada = customer_of(10434)
    first = cancel_order(session, 10434, ada, "", CHAT)
    shelf = stock_of(session, "Saltmarsh linen cushion")
    again = cancel_order(session, 10434, ada, "", CHAT)
    assert again.outcome is CancelOutcome.ALREADY_CANCELLED
    assert (again.reference, again.refund_pence) == (first.reference, first.refund_pence)
    assert stock_of(session, "Saltmarsh linen cushion") == shelf
    refunds = select(func.count()).select_from(Refund).where(Refund.order_id == stored(session, 10434).id)
    assert session.execute(refunds).scalar_one() == 1


def test_an_order_that_was_not_paid_is_cancelled_without_a_refund(session: Session, customer_of: CustomerOf) -> None:
    result = cancel_order(session, 10421, customer_of(10421), "", CHAT)
    assert (result.outcome, result.refund_pence) == (CancelOutcome.CANCELLED, 0)
    assert {payment.status for payment in stored(session, 10421).payments} == {"cancelled"}


@pytest.mark.parametrize("number", [10424, 10426, 10428, 10429, 10432, 10433, 10441])
def test_nothing_that_has_left_can_be_changed(session: Session, customer_of: CustomerOf, number: int) -> None:
    owner = customer_of(number)
    order = own_order(session, number, owner)
    assert not order.can_change
    assert cancel_order(session, number, owner, "", CHAT).outcome is CancelOutcome.TOO_LATE
    assert change_address(session, number, owner, "1 Elm Grove", "FH1 2AB", CHAT).outcome is AddressOutcome.TOO_LATE
    items = change_quantity(session, number, owner, order.items[0].line_id, 5, CHAT)
    assert items.outcome is ItemsOutcome.TOO_LATE
    assert own_order(session, number, owner) == order


def test_somebody_elses_order_looks_as_if_it_did_not_exist(session: Session, customer_of: CustomerOf) -> None:
    ada, toms_line = customer_of(10432), line(session, 10422, customer_of(10422), "Donegal wool throw")
    assert cancel_order(session, 10422, ada, "", CHAT).outcome is CancelOutcome.NOT_FOUND
    assert change_address(session, 10422, ada, "1 Elm Grove", "FH1 2AB", CHAT).outcome is AddressOutcome.NOT_FOUND
    assert change_quantity(session, 10422, ada, toms_line, 2, CHAT).outcome is ItemsOutcome.NOT_FOUND
    # A line of somebody else's in an order of one's own.
    assert change_quantity(session, 10434, ada, toms_line, 2, CHAT).outcome is ItemsOutcome.NOT_FOUND


def test_the_address_is_changed_once_and_the_postcode_checked(session: Session, customer_of: CustomerOf) -> None:
    grace = customer_of(10423)
    wrong = change_address(session, 10423, grace, "3 Kiln Lane", "nowhere", CHAT)
    changed = change_address(session, 10423, grace, " 3  Kiln Lane, Saltby ", "fh98zz", CHAT)
    again = change_address(session, 10423, grace, "3 kiln lane, Saltby", "FH9 8ZZ", CHAT)
    assert [wrong.outcome, changed.outcome, again.outcome] == [
        AddressOutcome.INVALID_POSTCODE,
        AddressOutcome.CHANGED,
        AddressOutcome.SAME,
    ]
    order = own_order(session, 10423, grace)
    assert (order.address, order.postcode) == ("3 Kiln Lane, Saltby", "FH9 8ZZ")
    typo = change_address(session, 10423, grace, "", "FH9 8ZY", CHAT)
    assert (typo.outcome, typo.address, typo.postcode) == (AddressOutcome.CHANGED, "3 Kiln Lane, Saltby", "FH9 8ZY")


def test_more_of_a_line_is_charged_and_taken_from_the_shelf(session: Session, customer_of: CustomerOf) -> None:
    ada = customer_of(10434)
    before = own_order(session, 10434, ada)
    cushions = line(session, 10434, ada, "Saltmarsh linen cushion")
    result = change_quantity(session, 10434, ada, cushions, 3, CHAT)
    # WELCOME10 takes a tenth off the third cushion too.
    assert (result.outcome, result.difference_pence) == (ItemsOutcome.CHANGED, 2600 - 260)
    assert result.left_in_stock == stock_of(session, "Saltmarsh linen cushion") == 14
    after = own_order(session, 10434, ada)
    assert after.total_pence == before.total_pence + result.difference_pence
    assert after.payment_status == "pending"
    again = change_quantity(session, 10434, ada, cushions, 3, CHAT)
    assert (again.outcome, again.difference_pence) == (ItemsOutcome.SAME, 0)


def test_going_up_and_down_again_costs_nothing(session: Session, customer_of: CustomerOf) -> None:
    ada = customer_of(10434)
    before, cushions = own_order(session, 10434, ada), line(session, 10434, ada, "Saltmarsh linen cushion")
    up = change_quantity(session, 10434, ada, cushions, 5, CHAT)
    down = change_quantity(session, 10434, ada, cushions, 2, CHAT)
    assert up.difference_pence == -down.difference_pence > 0
    after = own_order(session, 10434, ada)
    assert (after.total_pence, after.payment_status) == (before.total_pence, "paid")
    assert stored(session, 10434).refunds == []


def test_a_line_that_is_removed_brings_its_money_back(session: Session, customer_of: CustomerOf) -> None:
    ada = customer_of(10434)
    result = change_quantity(session, 10434, ada, line(session, 10434, ada, "Tern reading light"), 0, CHAT)
    assert (result.outcome, result.difference_pence) == (ItemsOutcome.REMOVED, -(3650 - 365))
    assert result.refund_pence == 3650 - 365
    order = stored(session, 10434)
    assert [item.product.name for item in order.lines] == ["Saltmarsh linen cushion"]
    assert refundable_pence(order) == own_order(session, 10434, ada).total_pence
    last = change_quantity(session, 10434, ada, order.lines[0].id, 0, CHAT)
    assert last.outcome is ItemsOutcome.LAST_ITEM


def test_a_cancellation_after_changes_refunds_what_is_left_and_no_more(
    session: Session, customer_of: CustomerOf
) -> None:
    ada = customer_of(10434)
    paid = sum(payment.amount_pence for payment in stored(session, 10434).payments)
    change_quantity(session, 10434, ada, line(session, 10434, ada, "Tern reading light"), 0, CHAT)
    change_quantity(session, 10434, ada, line(session, 10434, ada, "Saltmarsh linen cushion"), 4, CHAT)
    before = sum(refund.amount_pence for refund in stored(session, 10434).refunds)
    result = cancel_order(session, 10434, ada, "", CHAT)
    assert result.refund_pence == paid - before, "what it brings, without what went back before"
    assert sum(refund.amount_pence for refund in stored(session, 10434).refunds) == paid
    pending = select(Payment).where(Payment.order_id == stored(session, 10434).id, Payment.status == "pending")
    assert session.execute(pending).all() == []


def test_more_than_there_is_cannot_be_ordered(session: Session, customer_of: CustomerOf) -> None:
    liam = customer_of(10425)
    result = change_quantity(session, 10425, liam, line(session, 10425, liam, "Rattan armchair"), 2, CHAT)
    assert (result.outcome, result.left_in_stock) == (ItemsOutcome.NOT_ENOUGH_STOCK, 0)
    assert stock_of(session, "Rattan armchair") == 0


def test_an_order_that_waits_for_its_payment_is_charged_for_what_it_is_now(
    session: Session, customer_of: CustomerOf
) -> None:
    leah = customer_of(10436)
    bowls = line(session, 10436, leah, "Barley breakfast bowl")
    result = change_quantity(session, 10436, leah, bowls, 1, CHAT)
    order = stored(session, 10436)
    assert (result.difference_pence, result.refund_pence) == (-1250, 0)
    assert [payment.amount_pence for payment in order.payments] == [own_order(session, 10436, leah).total_pence]
    assert order.refunds == []
