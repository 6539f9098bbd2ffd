"""Cancelled orders: who cancelled one and when, and bringing it back while the warehouse has not noticed."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop import audit, ledger
from shop.models import Order, OrderEvent, OrderStatus, Product, utc_now
from shop.orders import CANCELLED_BY_CUSTOMER
from shop.own_orders import own_order, own_order_to_change

TIME_TO_RETHINK = timedelta(hours=2)
"""So long the warehouse leaves the goods of a cancelled order where they are."""
STATES_TO_RETURN_TO = frozenset({OrderStatus.PLACED, OrderStatus.PAID, OrderStatus.PACKED, OrderStatus.DELAYED})


class ReinstateOutcome(str, Enum):
    """How bringing an order back ended."""

    REINSTATED = "reinstated"
    NOT_CANCELLED = "not_cancelled"
    CANCELLED_BY_US = "cancelled_by_us"
    TOO_LATE = "too_late"
    REFUND_SENT = "refund_sent"
    SOLD_OUT = "sold_out"
    PROMO_USED = "promo_used"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class Reinstatement:
    """``kept_pence`` is what stays paid instead of going back; ``sold_out`` is what is not there any more."""

    outcome: ReinstateOutcome
    kept_pence: int = 0
    cancelled_at: datetime | None = None
    sold_out: str = ""


@dataclass(frozen=True)
class CancellationFacts:
    """Who cancelled an order, when, and why; ``reason`` is ours, and empty where the customer did."""

    by_customer: bool
    at: datetime
    reason: str
    refund_pence: int
    can_be_reinstated: bool


def why_cancelled(session: Session, number: str | int, customer_id: int) -> CancellationFacts | None:
    """What is known of an order's cancellation; None where it is not cancelled."""
    order = own_order(session, number, customer_id)
    if order is None or order.status != OrderStatus.CANCELLED:
        return None
    event = order.events[-1]
    by_customer = event.note == CANCELLED_BY_CUSTOMER
    return CancellationFacts(
        by_customer=by_customer,
        at=event.happened_at,
        reason="" if by_customer else event.note,
        refund_pence=sum(refund.amount_pence for refund in order.refunds),
        can_be_reinstated=_why_not(session, order) is None,
    )


def reinstate_order(session: Session, number: str | int, customer_id: int, conversation_id: str) -> Reinstatement:
    """Bring back an order that its customer cancelled a short while ago: the goods leave the shelf again, the refund
    is taken back, and the order goes on where it was."""
    order = own_order_to_change(session, number, customer_id)
    if order is None:
        return Reinstatement(ReinstateOutcome.NOT_FOUND)
    refused = _why_not(session, order)
    if refused:
        return refused
    kept = ledger.take_back_refunds(session, order, "cancelled")
    ledger.reopen_payments(order)
    for product, quantity in _goods(session, order):
        product.stock -= quantity
    before = _before_cancelling(order)
    order.status = before.status
    order.events.append(OrderEvent(status=before.status, happened_at=utc_now(), note=before.note))
    audit.record(session, "order_reinstated", conversation_id, customer_id, number=order.number, kept_pence=kept)
    return Reinstatement(ReinstateOutcome.REINSTATED, kept)


def _why_not(session: Session, order: Order) -> Reinstatement | None:
    if order.status != OrderStatus.CANCELLED:
        return Reinstatement(ReinstateOutcome.NOT_CANCELLED)
    event = order.events[-1]
    if event.note != CANCELLED_BY_CUSTOMER:
        return Reinstatement(ReinstateOutcome.CANCELLED_BY_US, cancelled_at=event.happened_at)
    if any(refund.state != "expected" for refund in order.refunds):
        return Reinstatement(ReinstateOutcome.REFUND_SENT, cancelled_at=event.happened_at)
    if utc_now() - event.happened_at > TIME_TO_RETHINK or _before_cancelling(order).status not in STATES_TO_RETURN_TO:
        return Reinstatement(ReinstateOutcome.TOO_LATE, cancelled_at=event.happened_at)
    gone = [product.name for product, quantity in _goods(session, order) if product.stock < quantity]
    if gone:
        return Reinstatement(ReinstateOutcome.SOLD_OUT, cancelled_at=event.happened_at, sold_out=", ".join(gone))
    if ledger.promo_is_used_elsewhere(session, order):
        return Reinstatement(ReinstateOutcome.PROMO_USED, cancelled_at=event.happened_at)
    return None


def _before_cancelling(order: Order) -> OrderEvent:
    """The step that the order had reached when it was cancelled."""
    return order.events[-2] if len(order.events) > 1 else order.events[-1]


def _goods(session: Session, order: Order) -> list[tuple[Product, int]]:
    """The products of an order with how many of each it takes; their shelves are locked until the transaction ends."""
    wanted: Counter[int] = Counter()
    for line in order.lines:
        wanted[line.product_id] += line.quantity
    shelves = select(Product).where(Product.id.in_(wanted)).order_by(Product.id).with_for_update()
    products = session.execute(shelves.execution_options(populate_existing=True)).scalars()
    return [(product, wanted[product.id]) for product in products]
