"""The outbox: e-mails are stored in the transaction that causes them, and sent by whatever sends the shop's mail."""

from typing import Any

from sqlalchemy.orm import Session

from shop.models import OutboxMessage


def put(session: Session, kind: str, recipient: str, **content: Any) -> None:
    """Queue an e-mail. ``kind`` names its template, ``content`` fills it and must fit JSON."""
    session.add(OutboxMessage(kind=kind, recipient=recipient, content=content))
    session.flush()
