"""The tables of the shop.

Money is in pence. Dates and times are UTC. Order numbers are five digits; the shop shows them as ``FH-10432``.
"""

from datetime import date, datetime, timezone
from enum import Enum
from typing import Any

from sqlalchemy import Column, Date, DateTime, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, declarative_base, relationship

Base: Any = declarative_base()


class OrderStatus(str, Enum):
    """The states of an order, in the order in which a smooth order passes through them, then the rougher ones."""

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


def utc_now() -> datetime:
    """The time now in UTC without a zone, as the tables store it."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


class Category(Base):
    """A shelf of the shop, such as lighting."""

    __tablename__ = "categories"

    id: Mapped[int] = Column(Integer, primary_key=True)
    name: Mapped[str] = Column(String(60), nullable=False, unique=True)


class Product(Base):
    """Something that Fernhill sells."""

    __tablename__ = "products"

    id: Mapped[int] = Column(Integer, primary_key=True)
    sku: Mapped[str] = Column(String(12), nullable=False, unique=True)
    category_id: Mapped[int] = Column(ForeignKey("categories.id"), nullable=False, index=True)
    name: Mapped[str] = Column(String(120), nullable=False)
    description: Mapped[str] = Column(Text, nullable=False)
    price_pence: Mapped[int] = Column(Integer, nullable=False)
    stock: Mapped[int] = Column(Integer, nullable=False)

    category: Mapped[Category] = relationship("Category")


class Customer(Base):
    """Somebody with an account. ``email`` is stored in lower case."""

    __tablename__ = "customers"

    id: Mapped[int] = Column(Integer, primary_key=True)
    name: Mapped[str] = Column(String(120), nullable=False)
    email: Mapped[str] = Column(String(254), nullable=False, unique=True)
    postcode: Mapped[str] = Column(String(10), nullable=False)


class Order(Base):
    """One order. ``status`` is the latest event's; ``carrier`` and ``tracking`` are empty before dispatch."""

    __tablename__ = "orders"

    id: Mapped[int] = Column(Integer, primary_key=True)
    number: Mapped[int] = Column(Integer, nullable=False, unique=True)
    customer_id: Mapped[int] = Column(ForeignKey("customers.id"), nullable=False, index=True)
    status: Mapped[str] = Column(String(20), nullable=False)
    placed_at: Mapped[datetime] = Column(DateTime, nullable=False)
    expected_on: Mapped[date] = Column(Date, nullable=False)
    carrier: Mapped[str] = Column(String(40), nullable=False, default="")
    tracking: Mapped[str] = Column(String(40), nullable=False, default="")
    postcode: Mapped[str] = Column(String(10), nullable=False)

    customer: Mapped[Customer] = relationship("Customer")
    lines: Mapped[list["OrderLine"]] = relationship("OrderLine", order_by="OrderLine.id")
    events: Mapped[list["OrderEvent"]] = relationship("OrderEvent", order_by="OrderEvent.happened_at")


class OrderLine(Base):
    """A product in an order, at the price that was paid for it."""

    __tablename__ = "order_lines"

    id: Mapped[int] = Column(Integer, primary_key=True)
    order_id: Mapped[int] = Column(ForeignKey("orders.id"), nullable=False, index=True)
    product_id: Mapped[int] = Column(ForeignKey("products.id"), nullable=False)
    quantity: Mapped[int] = Column(Integer, nullable=False)
    unit_price_pence: Mapped[int] = Column(Integer, nullable=False)

    product: Mapped[Product] = relationship("Product")


class OrderEvent(Base):
    """A step in an order's history. ``note`` is a fact about that step, such as the neighbour who took the parcel."""

    __tablename__ = "order_events"

    id: Mapped[int] = Column(Integer, primary_key=True)
    order_id: Mapped[int] = Column(ForeignKey("orders.id"), nullable=False, index=True)
    status: Mapped[str] = Column(String(20), nullable=False)
    happened_at: Mapped[datetime] = Column(DateTime, nullable=False)
    note: Mapped[str] = Column(String(200), nullable=False, default="")


class Ticket(Base):
    """A conversation handed to a person, with what was said so far."""

    __tablename__ = "tickets"

    id: Mapped[int] = Column(Integer, primary_key=True)
    conversation_id: Mapped[str] = Column(String(200), nullable=False, index=True)
    email: Mapped[str] = Column(String(254), nullable=False, default="")
    order_number: Mapped[str] = Column(String(20), nullable=False, default="")
    transcript: Mapped[str] = Column(Text, nullable=False)
    status: Mapped[str] = Column(String(10), nullable=False, default="open")
    opened_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)
