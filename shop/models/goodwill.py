"""What customers were given because something went wrong."""

from datetime import datetime

from sqlalchemy import Column, DateTime, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped

from shop.models.base import Base, on_erasure, utc_now


class Goodwill(Base):
    """Points, or a voucher, for an order that was late; one order has no more than one. ``days_late`` is what it rests
    on; ``worth`` counts points, or pence."""

    __tablename__ = "goodwill"
    __table_args__ = on_erasure(code="")

    order_id: Mapped[int] = Column(ForeignKey("orders.id"), primary_key=True)
    kind: Mapped[str] = Column(String(10), nullable=False)
    worth: Mapped[int] = Column(Integer, nullable=False)
    code: Mapped[str] = Column(String(20), nullable=False, default="", index=True)
    days_late: Mapped[int] = Column(Integer, nullable=False)
    given_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)
