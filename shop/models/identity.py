"""How customers show who they are, and guesses at it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, DateTime, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped

from shop.models.base import NOT_EXPORTED, Base, utc_now


class OneTimeCode(Base):
    """A code that was sent to a customer's address: one customer, one conversation, one use. ``digest`` is keyed."""

    __tablename__ = "one_time_codes"
    __table_args__ = NOT_EXPORTED

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
    __table_args__ = NOT_EXPORTED

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
