"""What Fern remembers about a customer, across conversations and channels."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Preferences:
    """All empty for somebody who never told any."""

    call_me: str = ""
    tone: str = ""
    colours: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    usual_address: str = ""
    usual_postcode: str = ""


def of(session: Session, customer_id: int) -> Preferences:
    """What is remembered about a customer."""
    raise NotImplementedError


def remember(
    session: Session, customer_id: int, conversation_id: str = "", **changes: str | Iterable[str]
) -> Preferences:
    """Remember ``changes``, which name fields of Preferences. A text replaces; names of colours, rooms and materials
    are added to those already there."""
    raise NotImplementedError


def forget(session: Session, customer_id: int, what: str | None = None, conversation_id: str = "") -> Preferences:
    """Forget one field of Preferences, or everything."""
    raise NotImplementedError
