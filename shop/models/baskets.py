"""What somebody is about to order, and where orders wait to be paid."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, DateTime, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, relationship

from shop.models.base import Base, on_erasure, utc_now
from shop.models.orders import Order


class BasketRow(Base):
    """A basket: of a customer who has signed in, or of one conversation, whose ``key`` nobody else knows.

    ``lines`` are {sku, quantity, wrap, note}; what things cost is in the catalogue alone.
    """

    __tablename__ = "baskets"

    id: Mapped[int] = Column(Integer, primary_key=True)
    key: Mapped[str] = Column(String(64), nullable=False, unique=True)
    customer_id: Mapped[int | None] = Column(ForeignKey("customers.id"), index=True)
    lines: Mapped[list[dict[str, Any]]] = Column(JSON, nullable=False, default=list)
    promo_code: Mapped[str] = Column(String(20), nullable=False, default="")
    delivery: Mapped[str] = Column(String(20), nullable=False, default="")
    delivery_day: Mapped[date | None] = Column(Date)
    changed_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)


class PaymentPage(Base):
    """A page of the payment provider on which an order is paid. ``state`` is new (not made yet), open, paid or closed.

    ``token`` is what the conversation knows it by, ``session_id`` what the provider calls it. ``made_customer`` says
    that the customer was not there before: a guest, until the order is paid.
    """

    __tablename__ = "payment_pages"
    __table_args__ = on_erasure(url="", token="")

    id: Mapped[int] = Column(Integer, primary_key=True)
    order_id: Mapped[int] = Column(ForeignKey("orders.id"), nullable=False, index=True)
    conversation_id: Mapped[str] = Column(String(255), nullable=False)
    token: Mapped[str] = Column(String(64), nullable=False, index=True)
    session_id: Mapped[str] = Column(String(255), nullable=False, default="", index=True)
    url: Mapped[str] = Column(Text, nullable=False, default="")
    state: Mapped[str] = Column(String(10), nullable=False, default="new")
    expires_at: Mapped[datetime] = Column(DateTime, nullable=False)
    made_customer: Mapped[bool] = Column(Boolean, nullable=False, default=False)

    order: Mapped[Order] = relationship("Order")
