"""Orders with their lines, parcels and history."""

from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING

from sqlalchemy import Boolean, Column, Date, DateTime, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, relationship

from shop.models.base import Base, on_erasure, utc_now
from shop.models.catalogue import Product
from shop.models.customers import Customer

if TYPE_CHECKING:
    from shop.models.payments import Payment, Refund
    from shop.models.returns import Return


class OrderStatus(str, Enum):
    """The states of an order, in the order in which a smooth order passes through them, then the rougher ones."""

    AWAITING_PAYMENT = "awaiting_payment"
    PLACED = "placed"
    PAID = "paid"
    PACKED = "packed"
    DISPATCHED = "dispatched"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    DELAYED = "delayed"
    DELIVERY_ATTEMPTED = "delivery_attempted"
    CANCELLED = "cancelled"
    RETURNED = "returned"


class Order(Base):
    """One order. ``status`` is the latest event's; ``expected_on`` is the day its last parcel is promised for;
    ``delivery_note`` is what the driver is told.

    ``recipient`` is empty where it goes to the customer. ``is_unproved`` marks one of a guest who has only said whose
    e-mail address it is: knowing its number opens no account.
    """

    __tablename__ = "orders"
    __table_args__ = on_erasure(address="", postcode="", delivery_note="", recipient="")

    id: Mapped[int] = Column(Integer, primary_key=True)
    number: Mapped[int] = Column(Integer, nullable=False, unique=True)
    customer_id: Mapped[int] = Column(ForeignKey("customers.id"), nullable=False, index=True)
    status: Mapped[str] = Column(String(20), nullable=False)
    placed_at: Mapped[datetime] = Column(DateTime, nullable=False)
    expected_on: Mapped[date] = Column(Date, nullable=False)
    address: Mapped[str] = Column(String(200), nullable=False, default="")
    postcode: Mapped[str] = Column(String(10), nullable=False)
    delivery_pence: Mapped[int] = Column(Integer, nullable=False, default=0)
    discount_pence: Mapped[int] = Column(Integer, nullable=False, default=0)
    promo_code: Mapped[str] = Column(String(20), nullable=False, default="")
    delivery_note: Mapped[str] = Column(String(200), nullable=False, default="")
    recipient: Mapped[str] = Column(String(120), nullable=False, default="")
    delivery: Mapped[str] = Column(String(20), nullable=False, default="Standard")
    is_unproved: Mapped[bool] = Column(Boolean, nullable=False, default=False)

    customer: Mapped[Customer] = relationship("Customer")
    lines: Mapped[list["OrderLine"]] = relationship("OrderLine", order_by="OrderLine.id", cascade="all, delete-orphan")
    events: Mapped[list["OrderEvent"]] = relationship("OrderEvent", order_by="OrderEvent.id")
    parcels: Mapped[list["Parcel"]] = relationship("Parcel", order_by="Parcel.id")
    payments: Mapped[list["Payment"]] = relationship("Payment", order_by="Payment.id")
    refunds: Mapped[list["Refund"]] = relationship("Refund", order_by="Refund.id")
    returns: Mapped[list["Return"]] = relationship("Return", order_by="Return.id")


class Parcel(Base):
    """A box that has left the warehouse; ``status`` is one of the order states from dispatch on."""

    __tablename__ = "parcels"
    __table_args__ = on_erasure()

    id: Mapped[int] = Column(Integer, primary_key=True)
    order_id: Mapped[int] = Column(ForeignKey("orders.id"), nullable=False, index=True)
    carrier: Mapped[str] = Column(String(40), nullable=False)
    tracking: Mapped[str] = Column(String(40), nullable=False)
    status: Mapped[str] = Column(String(20), nullable=False)
    expected_on: Mapped[date] = Column(Date, nullable=False)
    delivered_on: Mapped[date | None] = Column(Date)


class OrderLine(Base):
    """A product in an order, at the price that was paid for it, and the parcel it left in.

    ``wrap_pence`` is what wrapping one as a gift costs, 0 where it is not wrapped; ``gift_note`` stands on its card.
    """

    __tablename__ = "order_lines"
    __table_args__ = on_erasure(gift_note="")

    id: Mapped[int] = Column(Integer, primary_key=True)
    order_id: Mapped[int] = Column(ForeignKey("orders.id"), nullable=False, index=True)
    product_id: Mapped[int] = Column(ForeignKey("products.id"), nullable=False, index=True)
    parcel_id: Mapped[int | None] = Column(ForeignKey("parcels.id"))
    quantity: Mapped[int] = Column(Integer, nullable=False)
    unit_price_pence: Mapped[int] = Column(Integer, nullable=False)
    wrap_pence: Mapped[int] = Column(Integer, nullable=False, default=0)
    gift_note: Mapped[str] = Column(String(300), nullable=False, default="")

    # Whoever reads a line wants its product.
    product: Mapped[Product] = relationship("Product", lazy="joined", innerjoin=True)
    parcel: Mapped[Parcel | None] = relationship("Parcel")


class OrderEvent(Base):
    """A step in an order's history. ``note`` is a fact about that step, such as the neighbour who took the parcel."""

    __tablename__ = "order_events"
    __table_args__ = on_erasure()

    id: Mapped[int] = Column(Integer, primary_key=True)
    order_id: Mapped[int] = Column(ForeignKey("orders.id"), nullable=False, index=True)
    status: Mapped[str] = Column(String(20), nullable=False)
    happened_at: Mapped[datetime] = Column(DateTime, nullable=False)
    note: Mapped[str] = Column(String(200), nullable=False, default="")


class MissingParcel(Base):
    """A parcel that the carrier was asked to look for."""

    __tablename__ = "missing_parcels"
    __table_args__ = on_erasure()

    id: Mapped[int] = Column(Integer, primary_key=True)
    order_id: Mapped[int] = Column(ForeignKey("orders.id"), nullable=False, index=True)
    state: Mapped[str] = Column(String(10), nullable=False, default="open")
    opened_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)
