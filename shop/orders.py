"""Orders: looking them up for the customer who placed them, and changing them before they leave the warehouse."""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from shop import account_links, audit, ledger, outbox
from shop.models import Customer, Order, OrderEvent, OrderStatus, Parcel, Product, utc_now
from shop.own_orders import can_change, line_of, order_number, own_order, own_order_to_change
from shop.postcodes import normal_postcode

ADDRESS_LENGTH = 200
CANCELLATION = "CN"
CANCELLED_BY_CUSTOMER = "you asked us to"
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
    failed (card_declined, 3ds_failed, expired). ``carrier`` and ``tracking`` are the first parcel's. ``can_change``
    tells whether the order can still be cancelled, sent elsewhere or made of other things.
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
    can_change: bool
    delivery_note: str

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
    """``difference_pence`` is what the order costs more (negative: less) than before; ``refund_pence`` what comes back,
    which may be less, since an order may wait for its payment; ``left_in_stock`` what is left of the product on the
    shelf."""

    outcome: ItemsOutcome
    difference_pence: int = 0
    left_in_stock: int = 0
    refund_pence: int = 0


def find_order(session: Session, number: str | int, email: str) -> OrderLookup:
    """Find an order by its number for the owner of an e-mail address (compared without regard to case).

    A guest's order, whose e-mail address nobody has proved, is not found: it would open an account to who placed it.
    """
    order = session.execute(select(Order).where(Order.number == order_number(number))).scalar_one_or_none()
    if order is None or order.is_unproved:
        return OrderLookup(Outcome.UNKNOWN)
    if order.customer.email.casefold() != email.strip().casefold():
        return OrderLookup(Outcome.SOMEONE_ELSES)
    return OrderLookup(Outcome.FOUND, _summary(order))


def order_for(session: Session, number: str | int, customer_id: int) -> OrderSummary | None:
    """A customer's own order; None where it does not exist or is somebody else's."""
    order = own_order(session, number, customer_id)
    return _summary(order) if order else None


def recent_orders(session: Session, customer_id: int, limit: int = 5) -> tuple[OrderSummary, ...]:
    """A customer's latest orders, newest first."""
    latest = (
        select(Order)
        .join(Customer)
        .where(Order.customer_id == customer_id, Customer.erased_at.is_(None))
        .order_by(Order.placed_at.desc(), Order.id.desc())
        .limit(limit)
        .options(
            selectinload(Order.lines),
            selectinload(Order.events),
            selectinload(Order.parcels),
            selectinload(Order.payments),
            selectinload(Order.refunds),
        )
    )
    return tuple(_summary(order) for order in session.execute(latest).scalars())


def cancel_order(
    session: Session, number: str | int, customer_id: int, reason: str, conversation_id: str
) -> Cancellation:
    """Cancel an order that has not left yet: goods go back on the shelf, what was paid goes back to the customer."""
    order = own_order_to_change(session, number, customer_id)
    if order is None:
        return Cancellation(CancelOutcome.NOT_FOUND)
    reference = f"{CANCELLATION}-{order.number}"
    if order.status == OrderStatus.CANCELLED:
        promised = sum(refund.amount_pence for refund in order.refunds)
        return Cancellation(CancelOutcome.ALREADY_CANCELLED, promised, reference)
    if not can_change(order):
        return Cancellation(CancelOutcome.TOO_LATE)
    ledger.cancel_open_payments(order)
    refund = ledger.refund(session, order, ledger.refundable_pence(order), "cancelled")
    for line in sorted(order.lines, key=lambda line: line.product_id):
        move_stock(session, line.product_id, line.quantity)
    order.status = OrderStatus.CANCELLED.value
    order.events.append(OrderEvent(status=order.status, happened_at=utc_now(), note=CANCELLED_BY_CUSTOMER))
    audit.record(session, "order_cancelled", conversation_id, customer_id, number=order.number, reason=reason[:200])
    return Cancellation(CancelOutcome.CANCELLED, refund.amount_pence if refund else 0, reference)


def change_address(
    session: Session, number: str | int, customer_id: int, address: str, postcode: str, conversation_id: str
) -> AddressChange:
    """Send an order that has not left yet to another address; an empty ``address`` changes the postcode alone."""
    order = own_order_to_change(session, number, customer_id)
    if order is None:
        return AddressChange(AddressOutcome.NOT_FOUND)
    street, normal = " ".join(address.split())[:ADDRESS_LENGTH] or order.address, normal_postcode(postcode)
    if not can_change(order):
        return AddressChange(AddressOutcome.TOO_LATE, order.address, order.postcode)
    if normal is None:
        return AddressChange(AddressOutcome.INVALID_POSTCODE, order.address, order.postcode)
    if (street.casefold(), normal) == (order.address.casefold(), order.postcode):
        return AddressChange(AddressOutcome.SAME, order.address, order.postcode)
    before = f"{order.address}, {order.postcode}"
    undo = account_links.make(
        session, customer_id, account_links.UNDO, order_id=order.id, address=order.address, postcode=order.postcode
    )
    owner = order.customer
    outbox.put(session, "address_changed", owner.email, name=owner.name, number=order.number, token=undo)
    order.address, order.postcode = street, normal
    audit.record(session, "address_changed", conversation_id, customer_id, number=order.number, before=before)
    return AddressChange(AddressOutcome.CHANGED, street, normal)


def change_quantity(
    session: Session, number: str | int, customer_id: int, line_id: int, quantity: int, conversation_id: str
) -> ItemsChange:
    """Change how many of a line are sent; 0 removes the line. The last item cannot go: that is a cancellation."""
    order = own_order_to_change(session, number, customer_id)
    line = line_of(order, line_id) if order else None
    if order is None or line is None or quantity < 0:
        return ItemsChange(ItemsOutcome.NOT_FOUND)
    stock = _stock_to_change(session, line.product_id)
    if not can_change(order):
        return ItemsChange(ItemsOutcome.TOO_LATE, 0, stock)
    if quantity == line.quantity:
        return ItemsChange(ItemsOutcome.SAME, 0, stock)
    if quantity == 0 and len(order.lines) == 1:
        return ItemsChange(ItemsOutcome.LAST_ITEM, 0, stock)
    more = quantity - line.quantity
    if more > stock:
        return ItemsChange(ItemsOutcome.NOT_ENOUGH_STOCK, 0, stock)
    total_before = ledger.total_pence(order)
    move_stock(session, line.product_id, -more)
    if quantity:
        line.quantity = quantity
    else:
        order.lines.remove(line)
    session.flush()
    settled = ledger.settle(session, order, total_before)
    difference = settled.difference_pence
    detail = {"number": order.number, "product_id": line.product_id, "more": more, "difference_pence": difference}
    audit.record(session, "quantity_changed", conversation_id, customer_id, **detail)
    outcome = ItemsOutcome.CHANGED if quantity else ItemsOutcome.REMOVED
    return ItemsChange(outcome, difference, stock - more, settled.refund_pence)


def _stock_to_change(session: Session, product_id: int) -> int:
    """What is on the shelf, with the shelf locked until the transaction ends."""
    query = select(Product.stock).where(Product.id == product_id).with_for_update()
    return session.execute(query).scalar_one()


def move_stock(session: Session, product_id: int, quantity: int) -> None:
    """Put some of a product on the shelf, or take them from it where ``quantity`` is negative."""
    session.execute(
        update(Product)
        .where(Product.id == product_id)
        .values(stock=Product.stock + quantity)
        .execution_options(synchronize_session="fetch")
    )


def _summary(order: Order) -> OrderSummary:
    latest = order.events[-1]
    first = order.parcels[0] if order.parcels else None
    payment = order.payments[-1] if order.payments else None
    status = ledger.payment_status(order)
    return OrderSummary(
        number=order.number,
        status=OrderStatus(order.status),
        placed_on=order.placed_at.date(),
        changed_on=latest.happened_at.date(),
        expected_on=order.expected_on,
        carrier=first.carrier if first else "",
        tracking=first.tracking if first else "",
        postcode=order.postcode,
        note=latest.note,
        items=tuple(
            Item(line.id, line.product.sku, line.product.name, line.quantity, line.unit_price_pence)
            for line in order.lines
        ),
        parcels=tuple(_parcel(order, parcel) for parcel in order.parcels),
        address=order.address,
        total_pence=ledger.total_pence(order),
        delivery_pence=order.delivery_pence,
        discount_pence=order.discount_pence,
        promo_code=order.promo_code,
        payment_status=status,
        payment_problem=payment.problem if payment and status == "failed" else "",
        payment_method=payment.method if payment else "",
        can_change=can_change(order),
        delivery_note=order.delivery_note,
    )


def _parcel(order: Order, parcel: Parcel) -> ParcelSummary:
    return ParcelSummary(
        carrier=parcel.carrier,
        tracking=parcel.tracking,
        status=OrderStatus(parcel.status),
        expected_on=parcel.expected_on,
        delivered_on=parcel.delivered_on,
        items=tuple(line.product.name for line in order.lines if line.parcel_id == parcel.id),
    )
