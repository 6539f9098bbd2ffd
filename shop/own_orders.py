"""Reading a customer's own orders for the functions that act on them."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.database import begin_change
from shop.models import Customer, Order, OrderLine, OrderStatus

BEFORE_DISPATCH = frozenset(
    {OrderStatus.AWAITING_PAYMENT, OrderStatus.PLACED, OrderStatus.PAID, OrderStatus.PACKED, OrderStatus.DELAYED}
)


def can_change(order: Order) -> bool:
    """Whether an order is still in the warehouse: it can be cancelled, sent elsewhere or made of other things."""
    return order.status in BEFORE_DISPATCH and not order.parcels


def order_number(number: str | int) -> int | None:
    """An order number as the tables store it; None for anything that is none."""
    digits = str(number).strip().upper().removeprefix("FH").lstrip("-")
    return int(digits) if digits.isdecimal() and len(digits) == 5 else None


def own_order(session: Session, number: str | int, customer_id: int) -> Order | None:
    """A customer's own order, for reading; None where it does not exist, is somebody else's or its owner was erased."""
    return session.execute(_own(number, customer_id)).scalar_one_or_none()


def own_order_to_change(session: Session, number: str | int, customer_id: int) -> Order | None:
    """A customer's own order as it is now, locked until the transaction ends."""
    begin_change(session)
    return session.execute(_own(number, customer_id).with_for_update()).scalar_one_or_none()


def _own(number: str | int, customer_id: int):  # type: ignore[no-untyped-def]  # SQLAlchemy 1.4 has no Select[T]
    # An erased customer may still be known in a conversation that is open.
    is_there = select(Customer.id).where(Customer.id == customer_id, Customer.erased_at.is_(None))
    return select(Order).where(Order.number == order_number(number), Order.customer_id.in_(is_there))


def line_of(order: Order, line_id: int) -> OrderLine | None:
    """A line of this order and of no other."""
    return next((line for line in order.lines if line.id == line_id), None)


def delivered_on(order: Order, line: OrderLine | None = None) -> date | None:
    """The day on which a line's parcel was delivered; without a line, the day of the last parcel so far."""
    if line is not None and line.parcel is not None:
        return line.parcel.delivered_on
    if line is None:
        days = [parcel.delivered_on for parcel in order.parcels if parcel.delivered_on]
        if days:
            return max(days)
    steps = [event.happened_at.date() for event in order.events if event.status == OrderStatus.DELIVERED]
    return steps[-1] if steps else None
