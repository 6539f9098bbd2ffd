"""Customers, what is remembered of them, and what they asked to be done with it."""

from datetime import datetime

from sqlalchemy import JSON, Column, DateTime, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped

from shop.models.base import Base, on_erasure, utc_now


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


class CustomerConversation(Base):
    """A conversation in which a customer was known; ``seen_at`` is when they were last recognised there."""

    __tablename__ = "customer_conversations"

    customer_id: Mapped[int] = Column(ForeignKey("customers.id"), primary_key=True)
    conversation_id: Mapped[str] = Column(String(255), primary_key=True)
    seen_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)


class DataRequestRecord(Base):
    """A customer who asked for their data (``kind`` is export) or for its erasure (delete)."""

    __tablename__ = "data_requests"
    __table_args__ = on_erasure()

    id: Mapped[int] = Column(Integer, primary_key=True)
    customer_id: Mapped[int] = Column(ForeignKey("customers.id"), nullable=False, index=True)
    kind: Mapped[str] = Column(String(10), nullable=False)
    conversation_id: Mapped[str] = Column(String(255), nullable=False)
    done_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)


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
