"""Limits on guessing: failed tries are counted for each conversation and for what was guessed at."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.database import lock_name
from shop.models import IdentificationAttempt, utc_now

MOST_IN_A_CONVERSATION = 5
CONVERSATION_WINDOW = timedelta(days=1)
MOST_ON_A_SUBJECT = 10
SUBJECT_WINDOW = timedelta(hours=1)
SUBJECT_LENGTH = 40


class Guard:
    """Whether another try is allowed, and a note of one that failed."""

    def __init__(self, session: Session, kind: str, subject: str, conversation_id: str) -> None:
        self._session, self._kind, self._subject, self._conversation = session, kind, subject, conversation_id
        self.is_closed = self._too_many()

    def failed(self) -> None:
        """Count a failed try."""
        self._session.add(
            IdentificationAttempt(kind=self._kind, subject=self._subject, conversation_id=self._conversation)
        )
        self._session.flush()

    def _too_many(self) -> bool:
        tries = select(func.count()).select_from(IdentificationAttempt).where(IdentificationAttempt.kind == self._kind)
        # Some channels keep one conversation for years, so that a lock for ever would be a lock-out.
        here = tries.where(
            IdentificationAttempt.conversation_id == self._conversation,
            IdentificationAttempt.happened_at > utc_now() - CONVERSATION_WINDOW,
        )
        lately = tries.where(
            IdentificationAttempt.subject == self._subject,
            IdentificationAttempt.happened_at > utc_now() - SUBJECT_WINDOW,
        )
        return (
            self._session.execute(here).scalar_one() >= MOST_IN_A_CONVERSATION
            or self._session.execute(lately).scalar_one() >= MOST_ON_A_SUBJECT
        )


def guard(session: Session, kind: str, subject: str, conversation_id: str) -> Guard:
    """Count tries one after the other, so that many at the same time cannot slip through together.

    Args:
        kind: What is guessed: order or gift_card.
        subject: The order number or code.
    """
    subject = subject[:SUBJECT_LENGTH]
    for name in sorted((f"{kind}:{subject}", f"conversation:{conversation_id}")):
        lock_name(session, name)
    return Guard(session, kind, subject, conversation_id)
