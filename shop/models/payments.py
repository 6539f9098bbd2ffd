"""Money: taken, given back, taken off."""

from datetime import date, datetime

from sqlalchemy import Boolean, Column, Date, DateTime, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, relationship

from shop.models.base import Base, on_erasure, utc_now
from shop.models.catalogue import Category


class Payment(Base):
    """An attempt to take money: paid, pending, failed (``problem`` says why) or cancelled before it was taken."""

    __tablename__ = "payments"
    __table_args__ = on_erasure()

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
    __table_args__ = on_erasure()

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


class FraudReport(Base):
    """A charge that a customer does not recognise; a person works it through the ticket."""

    __tablename__ = "fraud_cases"
    __table_args__ = on_erasure(email="")

    id: Mapped[int] = Column(Integer, primary_key=True)
    conversation_id: Mapped[str] = Column(String(255), nullable=False, index=True)
    email: Mapped[str] = Column(String(254), nullable=False, default="")
    amount_pence: Mapped[int | None] = Column(Integer)
    charged_on: Mapped[date | None] = Column(Date)
    ticket_id: Mapped[int] = Column(ForeignKey("tickets.id"), nullable=False)
    state: Mapped[str] = Column(String(10), nullable=False, default="open")
    opened_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)
