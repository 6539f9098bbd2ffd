"""Subscribe to the newsletter: who did, and when."""

from datetime import datetime

from sqlalchemy import Column, DateTime, ForeignKey
from sqlalchemy.orm import Mapped

from shop.models.base import Base, utc_now


class Newsletter(Base):
    """A customer's row is in a copy of their data, and deleted with their account (``shop/personal_data.py``)."""

    __tablename__ = "newsletter"

    customer_id: Mapped[int] = Column(ForeignKey("customers.id"), primary_key=True)
    done_at: Mapped[datetime] = Column(DateTime, nullable=False, default=utc_now)
