"""Orders: looking them up for the customer who placed them, and changing them before they leave the warehouse."""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.models import Order, OrderStatus

BEFORE_DISPATCH = frozenset({OrderStatus.PLACED, OrderStatus.PAID, OrderStatus.PACKED, OrderStatus.DELAYED})
IN_TRANSIT = frozenset({OrderStatus.DISPATCHED, OrderStatus.OUT_FOR_DELIVERY})


@dataclass(frozen=True)
class Item:
    """A product in an order. ``line_id`` names the line in later questions about it."""

    line_id: int
    sku: str
    name: str
    quantity: int
    unit_price_pence: int


@dataclass(frozen=True)
class ParcelSummary:
    """A box of an order, with the names of what is in it. ``delivered_on`` is None while it is on its way."""

    carrier: str
    tracking: str
    status: OrderStatus
    expected_on: date
    delivered_on: date | None
    items: tuple[str, ...]


@dataclass(frozen=True)
class OrderSummary:
    """What a customer may know of their own order. ``note`` is the latest event's, often empty.

    ``payment_status`` is paid, pending, failed, refunded or part_refunded; ``payment_problem`` says why a payment
    failed (card_declined, 3ds_failed, expired). ``carrier`` and ``tracking`` are the first parcel's.
    """

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
    parcels: tuple[ParcelSummary, ...]
    address: str
    total_pence: int
    delivery_pence: int
    discount_pence: int
    promo_code: str
    payment_status: str
    payment_problem: str
    payment_method: str

    @property
    def can_change(self) -> bool:
        """Whether the order can still be cancelled, sent elsewhere or made of other things."""
        return self.status in BEFORE_DISPATCH and not self.parcels

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


class CancelOutcome(str, Enum):
    """How a cancellation ended."""

    CANCELLED = "cancelled"
    ALREADY_CANCELLED = "already_cancelled"
    TOO_LATE = "too_late"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class Cancellation:
    """``refund_pence`` is 0 where nothing had been paid."""

    outcome: CancelOutcome
    refund_pence: int = 0
    reference: str = ""


class AddressOutcome(str, Enum):
    """How a change of address ended."""

    CHANGED = "changed"
    SAME = "same"
    TOO_LATE = "too_late"
    INVALID_POSTCODE = "invalid_postcode"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class AddressChange:
    """Where the order goes now."""

    outcome: AddressOutcome
    address: str = ""
    postcode: str = ""


class ItemsOutcome(str, Enum):
    """How a change of quantity ended."""

    CHANGED = "changed"
    SAME = "same"
    REMOVED = "removed"
    LAST_ITEM = "last_item"
    TOO_LATE = "too_late"
    NOT_ENOUGH_STOCK = "not_enough_stock"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class ItemsChange:
    """``difference_pence`` is what the order costs more (negative: less) than before; ``left_in_stock`` what is left
    of the product on the shelf."""

    outcome: ItemsOutcome
    difference_pence: int = 0
    left_in_stock: int = 0


def order_for(session: Session, number: str | int, customer_id: int) -> OrderSummary | None:
    """A customer's own order; None where it does not exist or is somebody else's."""
    raise NotImplementedError


def recent_orders(session: Session, customer_id: int, limit: int = 5) -> tuple[OrderSummary, ...]:
    """A customer's latest orders, newest first."""
    raise NotImplementedError


def cancel_order(
    session: Session, number: str | int, customer_id: int, reason: str, conversation_id: str
) -> Cancellation:
    """Cancel an order that has not left yet: the goods go back on the shelf, what was paid goes back to the customer."""
    raise NotImplementedError


def change_address(
    session: Session, number: str | int, customer_id: int, address: str, postcode: str, conversation_id: str
) -> AddressChange:
    """Send an order that has not left yet to another address."""
    raise NotImplementedError


def change_quantity(
    session: Session, number: str | int, customer_id: int, line_id: int, quantity: int, conversation_id: str
) -> ItemsChange:
    """Change how many of a line are sent; 0 removes the line. The last item cannot go: that is a cancellation."""
    raise NotImplementedError
