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
    session: Session, action: str, conversation_id: str | None, customer_id: int | None, **detail: Any
) -> AuditEntry | None:
    """The latest entry of this conversation, or of any, with this action and, where given, this detail."""
    done = select(AuditEntry).where(AuditEntry.action == action, AuditEntry.customer_id == customer_id)
    if conversation_id is not None:
        done = done.where(AuditEntry.conversation_id == conversation_id)
    entries = session.execute(done.order_by(AuditEntry.id.desc())).scalars()
    return next((entry for entry in entries if detail.items() <= entry.detail.items()), None)


def just_done(
    session: Session, action: str, conversation_id: str | None, customer_id: int | None, **detail: Any
) -> bool:
    """Whether the same was done a moment ago: in this conversation, or in any where None is given, for what goes to
    the customer's inbox whoever asks."""
    entry = last(session, action, conversation_id, customer_id, **detail)
    return entry is not None and utc_now() - entry.happened_at < REPEAT_WINDOW
