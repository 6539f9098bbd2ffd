"""What Fern remembers about a customer, across conversations and channels."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop import audit
from shop.database import begin_change
from shop.models import Customer, CustomerPreferences

MOST_OF_A_KIND = 12
LONGEST = 40
"""Lengths of the texts that are lists; the columns of the others have theirs."""


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
    stored = session.get(CustomerPreferences, customer_id)
    if stored is None:
        return Preferences()
    return Preferences(
        call_me=stored.call_me,
        tone=stored.tone,
        colours=tuple(stored.colours),
        rooms=tuple(stored.rooms),
        materials=tuple(stored.materials),
        usual_address=stored.usual_address,
        usual_postcode=stored.usual_postcode,
    )


def remember(
    session: Session, customer_id: int, conversation_id: str = "", **changes: str | Iterable[str]
) -> Preferences:
    """Remember ``changes``, which name fields of Preferences; returns what is remembered now.

    A text replaces the one before. Colours, rooms and materials are added to those already there, one or several.
    """
    if not _lock(session, customer_id):
        return Preferences()
    stored = session.get(CustomerPreferences, customer_id) or CustomerPreferences(
        customer_id=customer_id, **{name: _stored(value) for name, value in asdict(Preferences()).items()}
    )
    for name, value in changes.items():
        setattr(stored, name, _changed(name, getattr(stored, name), value))
    session.add(stored)
    audit.record(session, "preferences_remembered", conversation_id, customer_id, fields=sorted(changes))
    return of(session, customer_id)


def forget(
    session: Session,
    customer_id: int,
    what: str | None = None,
    conversation_id: str = "",
    values: Collection[str] = (),
) -> Preferences:
    """Forget one field of Preferences, or everything; returns what is remembered still.

    Args:
        values: Those to forget of colours, rooms or materials; all where there are none.
    """
    if not _lock(session, customer_id):
        return Preferences()
    stored = session.get(CustomerPreferences, customer_id)
    if stored is None:
        return Preferences()
    if what is None:
        session.delete(stored)
    else:
        before = getattr(stored, what)
        left = [value for value in before if value not in values] if values and isinstance(before, list) else None
        setattr(stored, what, left or _stored(getattr(Preferences(), what)))
    audit.record(session, "preferences_forgotten", conversation_id, customer_id, fields=[what or "all"])
    return of(session, customer_id)


def _lock(session: Session, customer_id: int) -> bool:
    """Whether there is such a customer, locked until the transaction ends."""
    begin_change(session)
    query = select(Customer.id).where(Customer.id == customer_id, Customer.erased_at.is_(None)).with_for_update()
    return session.execute(query).first() is not None


def _changed(name: str, before: Any, value: str | Iterable[str]) -> Any:
    if isinstance(before, list):
        told = [value] if isinstance(value, str) else list(value)
        known = dict.fromkeys([*before, *(text.strip().lower()[:LONGEST] for text in told)])
        return [text for text in known if text][-MOST_OF_A_KIND:]
    length = CustomerPreferences.__table__.columns[name].type.length
    return " ".join(str(value).split())[:length]


def _stored(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
