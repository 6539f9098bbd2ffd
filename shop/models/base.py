"""What every table of the shop shares: their base, and the time that they store."""

from datetime import date, datetime, timezone
from typing import Any

from sqlalchemy.orm import declarative_base

Base: Any = declarative_base()


def utc_now() -> datetime:
    """The time now in UTC without a zone, as the tables store it."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


def today() -> date:
    """The shop's date: today in UTC."""
    return utc_now().date()
