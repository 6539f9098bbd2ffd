"""The outbox: e-mails are stored in the transaction that causes them, and sent by whatever sends the shop's mail."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.audit import REPEAT_WINDOW
from shop.models import OutboxMessage, utc_now


def put(session: Session, kind: str, recipient: str, **content: Any) -> None:
    """Queue an e-mail. ``kind`` names its template, ``content`` fills it and must fit JSON."""
    session.add(OutboxMessage(kind=kind, recipient=recipient, content=content))
    session.flush()


def sent_lately(session: Session, kind: str, recipient: str) -> bool:
    """Whether this went to them a moment ago, whoever asked: nobody's inbox is to be flooded from new conversations."""
    sent = select(OutboxMessage.id).where(
        OutboxMessage.kind == kind,
        OutboxMessage.recipient == recipient,
        OutboxMessage.created_at > utc_now() - REPEAT_WINDOW,
    )
    return session.execute(sent.limit(1)).first() is not None
