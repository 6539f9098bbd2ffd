"""What an order costs, what was paid for it, and what goes back. A refund never exceeds what was paid."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.models import Order, OrderLine, OrderStatus, Payment, PromoCode, Refund, today
from shop.promotions import discount_pence

DAYS_TO_REFUND = 5


def goods_pence(order: Order) -> int:
    """The price of all lines."""
    return sum(line.quantity * line.unit_price_pence for line in order.lines)


def total_pence(order: Order) -> int:
    """What the order costs: goods, their wrapping and delivery less the discount."""
    wrapping = sum(line.quantity * line.wrap_pence for line in order.lines)
    return goods_pence(order) + wrapping + order.delivery_pence - order.discount_pence


def refundable_pence(order: Order) -> int:
    """What was paid and is not on its way back yet."""
    paid = sum(payment.amount_pence for payment in order.payments if payment.status == "paid")
    return paid - sum(refund.amount_pence for refund in order.refunds)


def share_pence(order: Order, line: OrderLine, quantity: int) -> int:
    """What was paid for some of a line: their price less their part of the discount."""
    worth = line.unit_price_pence * quantity
    return worth - order.discount_pence * worth // goods_pence(order)


def payment_status(order: Order) -> str:
    """paid, pending, failed, refunded or part_refunded."""
    back = sum(refund.amount_pence for refund in order.refunds)
    if back:
        return "part_refunded" if refundable_pence(order) > 0 else "refunded"
    open_payments = [payment.status for payment in order.payments if payment.status != "cancelled"]
    return open_payments[-1] if open_payments else "pending"


def refund(
    session: Session,
    order: Order,
    amount_pence: int,
    reason: str,
    days: int = DAYS_TO_REFUND,
    return_id: int | None = None,
) -> Refund | None:
    """Promise money back, no more than was paid; None where nothing is left to pay back.

    Args:
        days: In how many days it should be on the account.
    """
    amount = min(amount_pence, refundable_pence(order))
    if amount <= 0:
        return None
    promised = Refund(
        return_id=return_id,
        amount_pence=amount,
        method=_method(order),
        reason=reason,
        state="expected",
        expected_on=today() + timedelta(days=days),
    )
    order.refunds.append(promised)
    session.flush()
    return promised


def cancel_open_payments(order: Order) -> None:
    """Take nothing more for an order."""
    for payment in order.payments:
        if payment.status in ("pending", "failed"):
            payment.status = "cancelled"


def take_back_refunds(session: Session, order: Order, reason: str) -> int:
    """Keep what was promised back for a reason and has not been sent yet; how much that is."""
    promised = [refund for refund in order.refunds if refund.reason == reason and refund.state == "expected"]
    for refund in promised:
        session.delete(refund)
    session.flush()
    session.expire(order, ["refunds"])
    return sum(refund.amount_pence for refund in promised)


def reopen_payments(order: Order) -> None:
    """Go on with what ``cancel_open_payments`` has ended."""
    for payment in order.payments:
        if payment.status == "cancelled" and payment.amount_pence:
            payment.status = "failed" if payment.problem else "pending"


@dataclass(frozen=True)
class Settlement:
    """What an order costs more (negative: less) than before, and how much of that comes back, in pence: what has not
    been paid does not."""

    difference_pence: int
    refund_pence: int


def settle(session: Session, order: Order, total_before: int) -> Settlement:
    """Bring discount, payments and refunds in line with the lines."""
    order.discount_pence = _discount(session, order)
    difference = total_pence(order) - total_before
    promised = None
    pending = [payment for payment in order.payments if payment.status in ("pending", "failed")]
    if difference > 0 and not pending:
        order.payments.append(Payment(amount_pence=difference, method=_method(order), status="pending"))
        session.flush()
    elif pending:
        left = pending[-1].amount_pence + difference
        pending[-1].amount_pence = max(left, 0)
        if left <= 0:
            pending[-1].status = "cancelled"
            promised = refund(session, order, -left, "items_changed")
    else:
        promised = refund(session, order, -difference, "items_changed")
    return Settlement(difference, promised.amount_pence if promised else 0)


def promo_is_used_elsewhere(session: Session, order: Order) -> bool:
    """Whether a code of this order that is good for one has gone into another since."""
    promo = session.get(PromoCode, order.promo_code) if order.promo_code else None
    if promo is None or not promo.once_per_customer:
        return False
    others = select(Order.id).where(
        Order.customer_id == order.customer_id,
        Order.promo_code == promo.code,
        Order.id != order.id,
        Order.status != OrderStatus.CANCELLED.value,
    )
    return session.execute(others.limit(1)).first() is not None


def _discount(session: Session, order: Order) -> int:
    promo = session.get(PromoCode, order.promo_code) if order.promo_code else None
    if promo is None:
        return min(order.discount_pence, goods_pence(order))
    goods = [(line.product.category_id, line.quantity * line.unit_price_pence) for line in order.lines]
    return discount_pence(promo.kind, promo.value, promo.category_id, goods, order.delivery_pence)


def _method(order: Order) -> str:
    return order.payments[-1].method if order.payments else "card"
