"""Looking up an order for the customer who placed it."""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.models import Order, OrderStatus

IN_TRANSIT = frozenset({OrderStatus.DISPATCHED, OrderStatus.OUT_FOR_DELIVERY})


@dataclass(frozen=True)
class Item:
    """A product in an order."""

    name: str
    quantity: int


@dataclass(frozen=True)
class OrderSummary:
    """What a customer may know of their own order. ``note`` is the latest event's, often empty."""

    number: int
    status: OrderStatus
    placed_on: date
    changed_on: date
    expected_on: date
    carrier: str
    tracking: str
    postcode: str
    note: str
    items: tuple[Item, ...]

    def is_overdue(self, today: date) -> bool:
        """Whether the parcel is on its way and should have arrived before today."""
        return self.status in IN_TRANSIT and self.expected_on < today


class Outcome(str, Enum):
    """How a lookup ended. Only FOUND may be told; the other two must look the same to whoever asked."""

    FOUND = "found"
    UNKNOWN = "unknown"
    SOMEONE_ELSES = "someone_elses"


@dataclass(frozen=True)
class OrderLookup:
    """The result of a lookup; ``order`` is set only where the outcome is FOUND."""

    outcome: Outcome
    order: OrderSummary | None = None


def find_order(session: Session, number: str | int, email: str) -> OrderLookup:
    """Find an order by its number for the owner of an e-mail address (compared without regard to case)."""
    order = session.execute(select(Order).where(Order.number == int(number))).scalar_one_or_none()
    if order is None:
        return OrderLookup(Outcome.UNKNOWN)
    if order.customer.email.casefold() != email.strip().casefold():
        return OrderLookup(Outcome.SOMEONE_ELSES)
    return OrderLookup(Outcome.FOUND, _summary(order))


def _summary(order: Order) -> OrderSummary:
    latest = order.events[-1]
    return OrderSummary(
        number=order.number,
        status=OrderStatus(order.status),
        placed_on=order.placed_at.date(),
        changed_on=latest.happened_at.date(),
        expected_on=order.expected_on,
        carrier=order.carrier,
        tracking=order.tracking,
        postcode=order.postcode,
        note=latest.note,
        items=tuple(Item(line.product.name, line.quantity) for line in order.lines),
    )
