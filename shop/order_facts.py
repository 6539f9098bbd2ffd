"""What else a customer may know of their own order: why it is late, and the sum of a refund."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from shop import ledger
from shop.models import Order, OrderStatus, Refund, Return
from shop.own_orders import own_order


@dataclass(frozen=True)
class RefundFacts:
    """The latest refund of an order, and what its sum is made of.

    ``reason`` is cancelled, returned, exchanged or items_changed. ``goods_pence`` is the price of what went back,
    ``discount_pence`` what a promo code had taken off it, ``delivery_pence`` what the order's delivery had cost.
    """

    state: str
    amount_pence: int
    method: str
    reason: str
    issued_on: date | None
    expected_on: date
    goods_pence: int
    discount_pence: int
    delivery_pence: int


def delay_of(session: Session, number: str | int, customer_id: int) -> str:
    """Why an order is late, as the warehouse or the carrier noted it; empty where nothing is noted."""
    order = own_order(session, number, customer_id)
    late = (OrderStatus.DELAYED, OrderStatus.DELIVERY_ATTEMPTED)
    notes = (event.note for event in reversed(order.events) if event.status in late and event.note) if order else ()
    return next(iter(notes), "")


def refund_facts(session: Session, number: str | int, customer_id: int) -> RefundFacts | None:
    """The latest refund of a customer's order; None where there is none."""
    order = own_order(session, number, customer_id)
    if order is None or not order.refunds:
        return None
    refund = order.refunds[-1]
    back = next((back for back in order.returns if back.id == refund.return_id), None)
    goods, discount = _worth(order, refund, back)
    return RefundFacts(
        state=refund.state,
        amount_pence=refund.amount_pence,
        method=refund.method,
        reason="exchanged" if back and back.wanted == "exchange" else refund.reason,
        issued_on=refund.issued_on,
        expected_on=refund.expected_on,
        goods_pence=goods,
        discount_pence=discount,
        delivery_pence=order.delivery_pence,
    )


def _worth(order: Order, refund: Refund, back: Return | None) -> tuple[int, int]:
    """The price of what a refund is for, and the discount on it."""
    line = next((line for line in order.lines if back and line.id == back.line_id), None)
    if back is None or line is None:
        return ledger.goods_pence(order), order.discount_pence
    goods = line.unit_price_pence * back.quantity
    return goods, goods - ledger.share_pence(order, line, back.quantity)
