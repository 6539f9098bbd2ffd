"""Limits on guessing: growing waits for who guesses and for what is guessed at, which its owner gets past.

A try has a source, which is its conversation and its client (an address, or the user of a workspace), and targets, such
as an e-mail address and an order number. A source that fails often waits on its own account. Of a target that many fail
at, only one failure is let through in a while: that slows guessers who use a source once. Three things keep its owner
from waiting with them: sources that failed often leave the turns of the others alone; a source that was right about
the target lately does not wait for it; and whoever has signed in is not asked here. docs/shop.md has the figures.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from shop.database import lock_name
from shop.models import IdentificationAttempt, utc_now
from shop.server_secret import keyed_hash

WINDOW = timedelta(days=1)
"""How long a failure counts. Some channels keep one conversation for years: a lock for ever would be a lock-out."""
MOST_IN_A_CONVERSATION = 5
FREE_FOR_A_CLIENT = 10
"""Failures of a client before it waits; several people may share one."""
LONGEST_WAIT_OF_A_CLIENT = timedelta(hours=1)
FREE_ON_A_TARGET = 5
FAILURES_TO_EACH_STEP = 5
"""The wait for a target doubles with so many failures."""
LONGEST_WAIT_FOR_A_TARGET = timedelta(minutes=10)
SUSPECT_FROM = 3
"""Failures from which on a source's turns at a target are not those of others."""
REMEMBERED = timedelta(days=90)
"""How long a source that was right is known, and anything is kept."""
SUBJECT_LENGTH = 40

_Attempt = IdentificationAttempt


class Guard:
    """Whether another try is allowed, and a note of how it ended."""

    def __init__(
        self, session: Session, kind: str, subject: str, conversation_id: str, client: str | None, account: str | None
    ) -> None:
        self._session = session
        self._row = {
            "kind": kind,
            "subject": subject,
            "conversation_id": conversation_id,
            "client": client,
            "account": account,
        }
        self._now = utc_now()
        here, from_client = self._failures("conversation_id"), self._failures("client")
        self._is_suspect = max(here[0], from_client[0]) >= SUSPECT_FROM
        self.is_closed = (
            here[0] >= MOST_IN_A_CONVERSATION
            or self._is_waiting(from_client, FREE_FOR_A_CLIENT, 1, LONGEST_WAIT_OF_A_CLIENT)
            or (account is not None and not self._is_known() and self._is_target_closed())
        )

    def failed(self) -> None:
        """Count a failed try."""
        self._note(succeeded=False)

    def succeeded(self) -> None:
        """Remember the source as one that was right."""
        self._note(succeeded=True)

    def _note(self, succeeded: bool) -> None:
        old = delete(_Attempt).where(_Attempt.happened_at < self._now - REMEMBERED)
        self._session.execute(old.execution_options(synchronize_session=False))
        self._session.add(
            _Attempt(**self._row, succeeded=succeeded, is_suspect=self._is_suspect, happened_at=self._now)
        )
        self._session.flush()

    def _is_target_closed(self) -> bool:
        # Strangers who failed often do not use up the turns of those who did not; they wait for everybody's.
        only = () if self._is_suspect else (_Attempt.is_suspect.is_(False),)
        return any(
            self._is_waiting(
                self._failures(target, *only), FREE_ON_A_TARGET, FAILURES_TO_EACH_STEP, LONGEST_WAIT_FOR_A_TARGET
            )
            for target in ("account", "subject")
        )

    def _is_known(self) -> bool:
        """Whether the account was told rightly from here before, as a device that once signed in."""
        here = _Attempt.conversation_id == self._row["conversation_id"]
        if self._row["client"] is not None:
            here = or_(here, _Attempt.client == self._row["client"])
        right = select(_Attempt.id).where(
            _Attempt.kind == self._row["kind"],
            _Attempt.account == self._row["account"],
            _Attempt.succeeded.is_(True),
            _Attempt.happened_at > self._now - REMEMBERED,
            here,
        )
        return self._session.execute(right.limit(1)).first() is not None

    def _failures(self, column: str, *conditions: ColumnElement[bool]) -> tuple[int, datetime | None]:
        """How many there were lately with the same value in a column, and when the last one was."""
        if self._row[column] is None:
            return 0, None
        failures = select(func.count(), func.max(_Attempt.happened_at)).where(
            _Attempt.kind == self._row["kind"],
            getattr(_Attempt, column) == self._row[column],
            _Attempt.succeeded.is_(False),
            _Attempt.happened_at > self._now - WINDOW,
            *conditions,
        )
        count, last = self._session.execute(failures).one()
        return count, last

    def _is_waiting(self, failures: tuple[int, datetime | None], free: int, step: int, longest: timedelta) -> bool:
        """Whether the wait after the last failure is not over: a minute, doubled after each ``step`` failures."""
        count, last = failures
        if last is None or count < free:
            return False
        doublings = min((count - free) // step, 10)
        return last + min(timedelta(minutes=2**doublings), longest) > self._now


def guard(
    session: Session, kind: str, subject: str, conversation_id: str, client: str | None = None, email: str | None = None
) -> Guard:
    """Count tries one after the other, so that many at the same time cannot slip through together.

    Args:
        kind: What is guessed: order or gift_card.
        subject: The order number or code.
        client: Who the channel says that it talks to, whatever the conversation; None where it does not know.
        email: The account at which the guess is aimed. Without one nothing but the source is counted: a gift card's
            code is not known in part.
    """
    subject = subject[:SUBJECT_LENGTH]
    hashed = client_hash(client)
    account = account_key(email) if email else None
    names = [f"{kind}:{subject}", f"conversation:{conversation_id}"]
    names += [f"client:{hashed}"] if hashed else []
    names += [f"account:{account}"] if account else []
    for name in sorted(names):
        lock_name(session, name)
    return Guard(session, kind, subject, conversation_id, hashed, account)


def client_hash(client: str | None) -> str | None:
    """What is stored of a client; None where the channel knows none."""
    return keyed_hash("client", client) if client else None


def account_key(email: str) -> str:
    """What is stored of an e-mail address that was tried, whether it has an account or not."""
    return keyed_hash("account", email.strip().casefold())


def conversations(session: Session, emails: Collection[str]) -> set[str]:
    """The ids of the conversations in which somebody told one of these addresses."""
    told = _Attempt.account.in_([account_key(email) for email in emails])
    return set(session.execute(select(_Attempt.conversation_id).where(told)).scalars())


def forget(session: Session, emails: Collection[str], order_numbers: Collection[int]) -> None:
    """Remove the tries at somebody's account and orders."""
    aimed = or_(
        _Attempt.account.in_([account_key(email) for email in emails]),
        _Attempt.subject.in_([str(number) for number in order_numbers]),
    )
    session.execute(delete(_Attempt).where(aimed).execution_options(synchronize_session=False))
