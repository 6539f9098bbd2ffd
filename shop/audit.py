"""The audit log: what customers changed, when, and in which conversation."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.models import AuditEntry, utc_now

REPEAT_WINDOW = timedelta(minutes=10)
"""Somebody who asks for the same e-mail again within this time, in the same conversation, confirmed twice."""


def record(session: Session, action: str, conversation_id: str, customer_id: int | None, **detail: Any) -> None:
    """Note a change; it is stored with the change or not at all. ``detail`` must fit JSON."""
    session.add(AuditEntry(action=action, conversation_id=conversation_id, customer_id=customer_id, detail=detail))
    session.flush()


def last(
    session: Session, action: str, conversation_id: str, customer_id: int | None, **detail: Any
) -> AuditEntry | None:
    """The latest entry of this conversation with this action and, where given, this detail."""
    entries = session.execute(
        select(AuditEntry)
        .where(
            AuditEntry.action == action,
            AuditEntry.conversation_id == conversation_id,
            AuditEntry.customer_id == customer_id,
        )
        .order_by(AuditEntry.id.desc())
    ).scalars()
    return next((entry for entry in entries if detail.items() <= entry.detail.items()), None)


def just_done(session: Session, action: str, conversation_id: str, customer_id: int | None, **detail: Any) -> bool:
    """Whether the same was done in this conversation a moment ago."""
    entry = last(session, action, conversation_id, customer_id, **detail)
    return entry is not None and utc_now() - entry.happened_at < REPEAT_WINDOW
