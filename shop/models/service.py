"""What people at the shop read and send: tickets, the log of changes, mail."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped

from shop.models.base import Base, on_erasure, utc_now


class Ticket(Base):
    """A conversation handed to a person, with what was said so far."""

    __tablename__ = "tickets"
    __table_args__ = on_erasure(email="", transcript="")

    id: Mapped[int] = Column(Integer, primary_key=True)
    conversation_id: Mapped[str] = Column(String(255), nullable=False, index=True)
    email: Mapped[str] = Column(String(254), nullable=False, default="")
    order_number: Mapped[str] = Column(String(20), nullable=False, default="")
    transcript: Mapped[str] = Column(Text, nullable=False)
    status: Mapped[str] = Column(String(10), nullable=False, default="open")
    opened_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)


class AuditEntry(Base):
    """Something a customer changed through a conversation."""

    __tablename__ = "audit_log"
    __table_args__ = on_erasure(detail={})

    id: Mapped[int] = Column(Integer, primary_key=True)
    happened_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)
    customer_id: Mapped[int | None] = Column(ForeignKey("customers.id"), index=True)
    action: Mapped[str] = Column(String(40), nullable=False)
    detail: Mapped[dict[str, Any]] = Column(JSON, nullable=False)
    conversation_id: Mapped[str] = Column(String(255), nullable=False, index=True)


class OutboxMessage(Base):
    """An e-mail that is to be sent; whatever sends the shop's mail sets ``sent_at``."""

    __tablename__ = "outbox"

    id: Mapped[int] = Column(Integer, primary_key=True)
    kind: Mapped[str] = Column(String(30), nullable=False)
    recipient: Mapped[str] = Column(String(254), nullable=False, index=True)
    content: Mapped[dict[str, Any]] = Column(JSON, nullable=False)
    created_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)
    sent_at: Mapped[datetime | None] = Column(DateTime)
