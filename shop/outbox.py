"""The outbox: e-mails are stored in the transaction that causes them, and sent by whatever sends the shop's mail."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.audit import REPEAT_WINDOW
from shop.database import begin_change
from shop.models import OutboxMessage, utc_now


def put(session: Session, kind: str, recipient: str, **content: Any) -> None:
    """Queue an e-mail. ``kind`` names its template, ``content`` fills it and must fit JSON."""
    session.add(OutboxMessage(kind=kind, recipient=recipient, content=content))
    session.flush()


SECRETS = ("code", "token")
"""What opens something: taken out of a message once it is sent."""
LAST_WORDS = "data_deleted"
"""The message whose recipient is stored nowhere else any more: removed once it is sent."""


def waiting(session: Session) -> list[OutboxMessage]:
    """What is to be sent, the oldest first."""
    query = select(OutboxMessage).where(OutboxMessage.sent_at.is_(None)).order_by(OutboxMessage.id)
    return list(session.execute(query).scalars())


def sent(session: Session, number: int) -> None:
    """Note that a message has gone, and forget what it opened."""
    begin_change(session)
    message = session.get(OutboxMessage, number)
    if message is not None and message.kind == LAST_WORDS:
        session.delete(message)
    elif message is not None:
        message.sent_at = utc_now()
        message.content = {name: value for name, value in message.content.items() if name not in SECRETS}


def sent_lately(session: Session, kind: str, recipient: str) -> bool:
    """Whether this went to them a moment ago, whoever asked: nobody's inbox is to be flooded from new conversations."""
    sent = select(OutboxMessage.id).where(
        OutboxMessage.kind == kind,
        OutboxMessage.recipient == recipient,
        OutboxMessage.created_at > utc_now() - REPEAT_WINDOW,
    )
    return session.execute(sent.limit(1)).first() is not None
