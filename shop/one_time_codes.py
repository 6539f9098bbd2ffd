"""One-time codes: proof that whoever chats reads the mail of the address on file.

A code belongs to one customer and one conversation, is good for ten minutes, five tries and one use. Only a keyed hash
of it is stored; the outbox holds the code itself until it is sent.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from shop import outbox
from shop.code_limits import CodeRequests
from shop.database import lock_name
from shop.models import Customer, OneTimeCode, utc_now
from shop.server_secret import keyed_hash

DIGITS = 6
GOOD_FOR = timedelta(minutes=10)
MOST_TRIES = 5
PROOF_LASTS = timedelta(minutes=30)


class Sending(str, Enum):
    """Whether a code was sent. LIMIT: too many lately."""

    SENT = "sent"
    LIMIT = "limit"
    NOT_FOUND = "not_found"


class CodeCheck(str, Enum):
    """GONE: there is no code that could be right any more: used, out of date, or tried too often."""

    RIGHT = "right"
    WRONG = "wrong"
    GONE = "gone"


def send(session: Session, customer_id: int, conversation_id: str, client: str | None = None) -> Sending:
    """Send a new code to the address on file; the conversation's earlier ones are good for nothing any more.

    Args:
        client: Who the channel says that it talks to, as for ``attempts.guard``.
    """
    lock_name(session, f"code:{customer_id}")
    customer = session.get(Customer, customer_id)
    if customer is None or customer.erased_at:
        return Sending.NOT_FOUND
    requests = CodeRequests(session, customer.email, conversation_id, client)
    if requests.are_used_up():
        return Sending.LIMIT
    requests.note_sent()
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    digest = _digest(customer_id, conversation_id, code)
    session.add(OneTimeCode(customer_id=customer_id, conversation_id=conversation_id, digest=digest))
    outbox.put(session, "one_time_code", customer.email, name=customer.name, code=code)
    return Sending.SENT


def check(session: Session, customer_id: int, conversation_id: str, code: str, client: str | None = None) -> CodeCheck:
    """Whether this is the conversation's newest code. Each call uses up a try, and the right one the code."""
    lock_name(session, f"code:{customer_id}")
    newest = session.execute(_here(customer_id, conversation_id).order_by(OneTimeCode.id.desc())).scalars().first()
    if newest is None or newest.used_at or newest.tries >= MOST_TRIES or utc_now() - newest.created_at > GOOD_FOR:
        return CodeCheck.GONE
    newest.tries += 1
    if hmac.compare_digest(newest.digest, _digest(customer_id, conversation_id, code)):
        newest.used_at = utc_now()
        customer = session.get(Customer, customer_id)
        if customer is not None:
            CodeRequests(session, customer.email, conversation_id, client).note_right()
        return CodeCheck.RIGHT
    return CodeCheck.GONE if newest.tries >= MOST_TRIES else CodeCheck.WRONG


def is_waited_for(session: Session, customer_id: int, conversation_id: str) -> bool:
    """Whether a code is out that could still be given."""
    newest = session.execute(_here(customer_id, conversation_id).order_by(OneTimeCode.id.desc())).scalars().first()
    return (
        newest is not None
        and newest.used_at is None
        and newest.tries < MOST_TRIES
        and utc_now() - newest.created_at <= GOOD_FOR
    )


def proved(session: Session, customer_id: int, conversation_id: str, since: datetime | None = None) -> bool:
    """Whether this conversation gave the right code within the last half hour, and not before ``since`` (UTC): what
    somebody proved who has left is no proof of the next."""
    earliest = max(utc_now() - PROOF_LASTS, since or datetime.min)
    used = _here(customer_id, conversation_id).where(OneTimeCode.used_at > earliest)
    return session.execute(used.limit(1)).first() is not None


def forget(session: Session, customer_id: int) -> None:
    """Take back every code of a customer and every proof by one: their address is another now."""
    session.execute(delete(OneTimeCode).where(OneTimeCode.customer_id == customer_id))


def _here(customer_id: int, conversation_id: str):  # type: ignore[no-untyped-def]  # SQLAlchemy 1.4 has no Select[T]
    return select(OneTimeCode).where(
        OneTimeCode.customer_id == customer_id, OneTimeCode.conversation_id == conversation_id
    )


def _digest(customer_id: int, conversation_id: str, code: str) -> str:
    return keyed_hash("one_time_code", customer_id, conversation_id, code)
