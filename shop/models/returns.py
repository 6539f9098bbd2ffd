"""Goods that go back, and goods that arrived damaged."""

from datetime import datetime

from sqlalchemy import JSON, Column, DateTime, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped

from shop.models.base import Base, on_erasure, utc_now


class Return(Base):
    """Goods on their way back, for money (``wanted`` is refund) or for other goods (exchange)."""

    __tablename__ = "returns"
    __table_args__ = on_erasure(reason="")

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
    __table_args__ = on_erasure(description="", photos=[])

    id: Mapped[int] = Column(Integer, primary_key=True)
    order_id: Mapped[int] = Column(ForeignKey("orders.id"), nullable=False, index=True)
    line_id: Mapped[int] = Column(ForeignKey("order_lines.id"), nullable=False)
    kind: Mapped[str] = Column(String(20), nullable=False)
    description: Mapped[str] = Column(Text, nullable=False)
    photos: Mapped[list[str]] = Column(JSON, nullable=False, default=list)
    state: Mapped[str] = Column(String(10), nullable=False, default="open")
    opened_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)
