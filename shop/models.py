"""The tables of the shop. ``shop/migrations`` brings a database to this shape.

Money is in pence. Dates and times are UTC. Order numbers are five digits; the shop shows them as ``FH-10432``.
References such as ``RT-1004`` are a table's letters and its row's id (``shop/references.py``).
"""

from datetime import date, datetime, timezone
from enum import Enum
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, DateTime, ForeignKey, Integer, String, Text
from sqlalchemy import UniqueConstraint as Unique
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


def today() -> date:
    """The shop's date: today in UTC."""
    return utc_now().date()


class Category(Base):
    """A shelf of the shop, such as lighting."""

    __tablename__ = "categories"

    id: Mapped[int] = Column(Integer, primary_key=True)
    name: Mapped[str] = Column(String(60), nullable=False, unique=True)


class Product(Base):
    """Something that Fernhill sells. ``rooms`` is a list in one text: "bedroom, living room"."""

    __tablename__ = "products"

    id: Mapped[int] = Column(Integer, primary_key=True)
    sku: Mapped[str] = Column(String(12), nullable=False, unique=True)
    category_id: Mapped[int] = Column(ForeignKey("categories.id"), nullable=False, index=True)
    name: Mapped[str] = Column(String(120), nullable=False)
    description: Mapped[str] = Column(Text, nullable=False)
    price_pence: Mapped[int] = Column(Integer, nullable=False)
    stock: Mapped[int] = Column(Integer, nullable=False)
    colour: Mapped[str] = Column(String(40), nullable=False, default="")
    material: Mapped[str] = Column(String(60), nullable=False, default="")
    rooms: Mapped[str] = Column(String(120), nullable=False, default="")
    style: Mapped[str] = Column(String(30), nullable=False, default="")
    dimensions: Mapped[str] = Column(String(80), nullable=False, default="")
    weight_g: Mapped[int] = Column(Integer, nullable=False, default=0)
    care: Mapped[str] = Column(Text, nullable=False, default="")

    category: Mapped[Category] = relationship("Category")


class Customer(Base):
    """Somebody with an account. ``email`` is stored in lower case; ``erased_at`` is set once their data is gone."""

    __tablename__ = "customers"

    id: Mapped[int] = Column(Integer, primary_key=True)
    name: Mapped[str] = Column(String(120), nullable=False)
    email: Mapped[str] = Column(String(254), nullable=False, unique=True)
    phone: Mapped[str] = Column(String(20), nullable=False, default="")
    address: Mapped[str] = Column(String(200), nullable=False, default="")
    postcode: Mapped[str] = Column(String(10), nullable=False)
    points: Mapped[int] = Column(Integer, nullable=False, default=0)
    erased_at: Mapped[datetime | None] = Column(DateTime)


class CustomerPreferences(Base):
    """What a customer asked Fern to remember; it holds in every conversation and channel."""

    __tablename__ = "preferences"

    customer_id: Mapped[int] = Column(ForeignKey("customers.id"), primary_key=True)
    call_me: Mapped[str] = Column(String(60), nullable=False, default="")
    tone: Mapped[str] = Column(String(40), nullable=False, default="")
    colours: Mapped[list[str]] = Column(JSON, nullable=False, default=list)
    rooms: Mapped[list[str]] = Column(JSON, nullable=False, default=list)
    materials: Mapped[list[str]] = Column(JSON, nullable=False, default=list)
    usual_address: Mapped[str] = Column(String(200), nullable=False, default="")
    usual_postcode: Mapped[str] = Column(String(10), nullable=False, default="")


class Order(Base):
    """One order. ``status`` is the latest event's; ``expected_on`` is the day its last parcel is promised for."""

    __tablename__ = "orders"

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

    id: Mapped[int] = Column(Integer, primary_key=True)
    order_id: Mapped[int] = Column(ForeignKey("orders.id"), nullable=False, index=True)
    carrier: Mapped[str] = Column(String(40), nullable=False)
    tracking: Mapped[str] = Column(String(40), nullable=False)
    status: Mapped[str] = Column(String(20), nullable=False)
    expected_on: Mapped[date] = Column(Date, nullable=False)
    delivered_on: Mapped[date | None] = Column(Date)


class OrderLine(Base):
    """A product in an order, at the price that was paid for it, and the parcel it left in."""

    __tablename__ = "order_lines"

    id: Mapped[int] = Column(Integer, primary_key=True)
    order_id: Mapped[int] = Column(ForeignKey("orders.id"), nullable=False, index=True)
    product_id: Mapped[int] = Column(ForeignKey("products.id"), nullable=False, index=True)
    parcel_id: Mapped[int | None] = Column(ForeignKey("parcels.id"))
    quantity: Mapped[int] = Column(Integer, nullable=False)
    unit_price_pence: Mapped[int] = Column(Integer, nullable=False)

    # Whoever reads a line wants its product.
    product: Mapped[Product] = relationship("Product", lazy="joined", innerjoin=True)
    parcel: Mapped[Parcel | None] = relationship("Parcel")


class OrderEvent(Base):
    """A step in an order's history. ``note`` is a fact about that step, such as the neighbour who took the parcel."""

    __tablename__ = "order_events"

    id: Mapped[int] = Column(Integer, primary_key=True)
    order_id: Mapped[int] = Column(ForeignKey("orders.id"), nullable=False, index=True)
    status: Mapped[str] = Column(String(20), nullable=False)
    happened_at: Mapped[datetime] = Column(DateTime, nullable=False)
    note: Mapped[str] = Column(String(200), nullable=False, default="")


class Payment(Base):
    """An attempt to take money: paid, pending, failed (``problem`` says why) or cancelled before it was taken."""

    __tablename__ = "payments"

    id: Mapped[int] = Column(Integer, primary_key=True)
    order_id: Mapped[int] = Column(ForeignKey("orders.id"), nullable=False, index=True)
    amount_pence: Mapped[int] = Column(Integer, nullable=False)
    method: Mapped[str] = Column(String(40), nullable=False)
    status: Mapped[str] = Column(String(10), nullable=False)
    problem: Mapped[str] = Column(String(20), nullable=False, default="")
    happened_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)


class Refund(Base):
    """Money on its way back: expected (we owe it), issued (sent to the bank), paid (arrived)."""

    __tablename__ = "refunds"

    id: Mapped[int] = Column(Integer, primary_key=True)
    order_id: Mapped[int] = Column(ForeignKey("orders.id"), nullable=False, index=True)
    return_id: Mapped[int | None] = Column(ForeignKey("returns.id"))
    amount_pence: Mapped[int] = Column(Integer, nullable=False)
    method: Mapped[str] = Column(String(40), nullable=False)
    reason: Mapped[str] = Column(String(20), nullable=False)
    state: Mapped[str] = Column(String(10), nullable=False)
    opened_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)
    issued_on: Mapped[date | None] = Column(Date)
    expected_on: Mapped[date] = Column(Date, nullable=False)


class Return(Base):
    """Goods on their way back, for money (``wanted`` is refund) or for other goods (exchange)."""

    __tablename__ = "returns"

    id: Mapped[int] = Column(Integer, primary_key=True)
    order_id: Mapped[int] = Column(ForeignKey("orders.id"), nullable=False, index=True)
    line_id: Mapped[int] = Column(ForeignKey("order_lines.id"), nullable=False)
    quantity: Mapped[int] = Column(Integer, nullable=False)
    reason: Mapped[str] = Column(String(200), nullable=False)
    wanted: Mapped[str] = Column(String(10), nullable=False)
    exchange_product_id: Mapped[int | None] = Column(ForeignKey("products.id"))
    state: Mapped[str] = Column(String(10), nullable=False, default="open")
    opened_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)


class DamageClaim(Base):
    """Something arrived broken, wrong or incomplete. ``photos`` holds ids of uploads."""

    __tablename__ = "claims"

    id: Mapped[int] = Column(Integer, primary_key=True)
    order_id: Mapped[int] = Column(ForeignKey("orders.id"), nullable=False, index=True)
    line_id: Mapped[int] = Column(ForeignKey("order_lines.id"), nullable=False)
    kind: Mapped[str] = Column(String(20), nullable=False)
    description: Mapped[str] = Column(Text, nullable=False)
    photos: Mapped[list[str]] = Column(JSON, nullable=False, default=list)
    state: Mapped[str] = Column(String(10), nullable=False, default="open")
    opened_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)


class MissingParcel(Base):
    """A parcel that the carrier was asked to look for."""

    __tablename__ = "missing_parcels"

    id: Mapped[int] = Column(Integer, primary_key=True)
    order_id: Mapped[int] = Column(ForeignKey("orders.id"), nullable=False, index=True)
    state: Mapped[str] = Column(String(10), nullable=False, default="open")
    opened_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)


class PromoCode(Base):
    """A code for money off. ``kind`` is percent, amount (``value`` in pence) or delivery (free)."""

    __tablename__ = "promo_codes"

    code: Mapped[str] = Column(String(20), primary_key=True)
    kind: Mapped[str] = Column(String(10), nullable=False)
    value: Mapped[int] = Column(Integer, nullable=False)
    min_spend_pence: Mapped[int] = Column(Integer, nullable=False, default=0)
    category_id: Mapped[int | None] = Column(ForeignKey("categories.id"))
    starts_on: Mapped[date] = Column(Date, nullable=False)
    ends_on: Mapped[date] = Column(Date, nullable=False)
    once_per_customer: Mapped[bool] = Column(Boolean, nullable=False, default=False)

    category: Mapped[Category | None] = relationship("Category")


class GiftCardBalance(Base):
    """A gift card; whoever holds its code may spend it."""

    __tablename__ = "gift_cards"

    code: Mapped[str] = Column(String(20), primary_key=True)
    balance_pence: Mapped[int] = Column(Integer, nullable=False)
    expires_on: Mapped[date] = Column(Date, nullable=False)


class StockNotice(Base):
    """Somebody who wants to hear when a product is back."""

    __tablename__ = "stock_notices"
    __table_args__ = (Unique("product_id", "email"),)

    id: Mapped[int] = Column(Integer, primary_key=True)
    product_id: Mapped[int] = Column(ForeignKey("products.id"), nullable=False)
    email: Mapped[str] = Column(String(254), nullable=False, index=True)
    asked_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)


class FraudReport(Base):
    """A charge that a customer does not recognise; a person works it through the ticket."""

    __tablename__ = "fraud_cases"

    id: Mapped[int] = Column(Integer, primary_key=True)
    conversation_id: Mapped[str] = Column(String(255), nullable=False, index=True)
    email: Mapped[str] = Column(String(254), nullable=False, default="")
    amount_pence: Mapped[int | None] = Column(Integer)
    charged_on: Mapped[date | None] = Column(Date)
    ticket_id: Mapped[int] = Column(ForeignKey("tickets.id"), nullable=False)
    state: Mapped[str] = Column(String(10), nullable=False, default="open")
    opened_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)


class DataRequestRecord(Base):
    """A customer who asked for their data (``kind`` is export) or for its erasure (delete)."""

    __tablename__ = "data_requests"

    id: Mapped[int] = Column(Integer, primary_key=True)
    customer_id: Mapped[int] = Column(ForeignKey("customers.id"), nullable=False, index=True)
    kind: Mapped[str] = Column(String(10), nullable=False)
    conversation_id: Mapped[str] = Column(String(255), nullable=False)
    done_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)


class CustomerConversation(Base):
    """A conversation in which a customer was known; ``seen_at`` is when they were last recognised there."""

    __tablename__ = "customer_conversations"

    customer_id: Mapped[int] = Column(ForeignKey("customers.id"), primary_key=True)
    conversation_id: Mapped[str] = Column(String(255), primary_key=True)
    seen_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)


class Erasure(Base):
    """What the channels' and Rasa's own stores have yet to forget of an erased customer; deleted when they have.

    ``conversations`` and ``pictures`` are ids, ``emails`` the addresses that the customer had.
    """

    __tablename__ = "erasures"

    id: Mapped[int] = Column(Integer, primary_key=True)
    conversations: Mapped[list[str]] = Column(JSON, nullable=False)
    emails: Mapped[list[str]] = Column(JSON, nullable=False)
    pictures: Mapped[list[str]] = Column(JSON, nullable=False)
    erased_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)


class OutboxMessage(Base):
    """An e-mail that is to be sent; whatever sends the shop's mail sets ``sent_at``."""

    __tablename__ = "outbox"

    id: Mapped[int] = Column(Integer, primary_key=True)
    kind: Mapped[str] = Column(String(30), nullable=False)
    recipient: Mapped[str] = Column(String(254), nullable=False, index=True)
    content: Mapped[dict[str, Any]] = Column(JSON, nullable=False)
    created_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)
    sent_at: Mapped[datetime | None] = Column(DateTime)


class OneTimeCode(Base):
    """A code that was sent to a customer's address: one customer, one conversation, one use. ``digest`` is keyed."""

    __tablename__ = "one_time_codes"

    id: Mapped[int] = Column(Integer, primary_key=True)
    customer_id: Mapped[int] = Column(ForeignKey("customers.id"), nullable=False, index=True)
    conversation_id: Mapped[str] = Column(String(255), nullable=False, index=True)
    digest: Mapped[str] = Column(String(64), nullable=False)
    tries: Mapped[int] = Column(Integer, nullable=False, default=0)
    created_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)
    used_at: Mapped[datetime | None] = Column(DateTime)


class AccountLink(Base):
    """A link in an e-mail that confirms a new address or undoes a change. ``digest`` is keyed; ``detail`` is what to
    put in place."""

    __tablename__ = "account_links"

    id: Mapped[int] = Column(Integer, primary_key=True)
    customer_id: Mapped[int] = Column(ForeignKey("customers.id"), nullable=False, index=True)
    purpose: Mapped[str] = Column(String(20), nullable=False)
    digest: Mapped[str] = Column(String(64), nullable=False, unique=True)
    detail: Mapped[dict[str, Any]] = Column(JSON, nullable=False)
    expires_at: Mapped[datetime] = Column(DateTime, nullable=False)
    used_at: Mapped[datetime | None] = Column(DateTime)


class IdentificationAttempt(Base):
    """A guess. ``kind`` is order or gift_card, ``subject`` the number or code that was tried; or a one-time code that
    was asked for or given (``kind`` code: ``shop.code_limits``). ``client``, who tried,
    and ``account``, the e-mail address, are keyed hashes. ``is_suspect``: who tried had failed often before."""

    __tablename__ = "identification_attempts"

    id: Mapped[int] = Column(Integer, primary_key=True)
    kind: Mapped[str] = Column(String(10), nullable=False)
    subject: Mapped[str] = Column(String(40), nullable=False, index=True)
    conversation_id: Mapped[str] = Column(String(255), nullable=False, index=True)
    client: Mapped[str | None] = Column(String(64), index=True)
    account: Mapped[str | None] = Column(String(64), index=True)
    is_suspect: Mapped[bool] = Column(Boolean, nullable=False, default=False)
    succeeded: Mapped[bool] = Column(Boolean, nullable=False, default=False)
    happened_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)


class AuditEntry(Base):
    """Something a customer changed through a conversation."""

    __tablename__ = "audit_log"

    id: Mapped[int] = Column(Integer, primary_key=True)
    happened_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)
    customer_id: Mapped[int | None] = Column(ForeignKey("customers.id"), index=True)
    action: Mapped[str] = Column(String(40), nullable=False)
    detail: Mapped[dict[str, Any]] = Column(JSON, nullable=False)
    conversation_id: Mapped[str] = Column(String(255), nullable=False, index=True)


class Ticket(Base):
    """A conversation handed to a person, with what was said so far."""

    __tablename__ = "tickets"

    id: Mapped[int] = Column(Integer, primary_key=True)
    conversation_id: Mapped[str] = Column(String(255), nullable=False, index=True)
    email: Mapped[str] = Column(String(254), nullable=False, default="")
    order_number: Mapped[str] = Column(String(20), nullable=False, default="")
    transcript: Mapped[str] = Column(Text, nullable=False)
    status: Mapped[str] = Column(String(10), nullable=False, default="open")
    opened_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)
