"""What every table of the shop shares: their base, and the time that they store."""

from datetime import date, datetime, timezone
from typing import Any

from sqlalchemy.orm import declarative_base

Base: Any = declarative_base()

NOT_EXPORTED: dict[str, Any] = {"info": {"exported": False}}
"""Arguments of a table of which nothing is in a copy of a customer's data (``shop.personal_data``)."""


def on_erasure(**instead: Any) -> dict[str, Any]:
    """Arguments of a table whose rows stay when a customer is erased, with these columns overwritten."""
    return {"info": {"erasure": instead}}


def utc_now() -> datetime:
    """The time now in UTC without a zone, as the tables store it."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


def today() -> date:
    """The shop's date: today in UTC."""
    return utc_now().date()
