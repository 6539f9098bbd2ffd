"""How many one-time codes are sent: first by who asks for them, then by the account.

Whoever has read a parcel's label can ask for codes for its account. A limit on the account alone would let one such
stranger use up its owner's; so a client gets a few for an account, an account many more, and a client from which the
right code came lately does not share the account's with the others. docs/shop.md has the figures.
"""

from datetime import timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from shop.attempts import REMEMBERED, account_key, client_hash
from shop.models import IdentificationAttempt, utc_now

KIND = "code"
"""Of attempts: a code that was asked for or, where it succeeded, given."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOST_IN_A_CONVERSATION = {HOUR: 3}
MOST_FOR_A_CLIENT = {HOUR: 5, DAY: 8}
"""Of one account. All whose client the channel does not know are one."""
MOST_FOR_AN_ACCOUNT = {HOUR: 15, DAY: 30}
"""With five tries each, guessers at many addresses together have 150 of a million a day."""

_Attempt = IdentificationAttempt


class CodeRequests:
    """Those for one account; ``client`` is who asks, in ``conversation_id``."""

    def __init__(self, session: Session, email: str, conversation_id: str, client: str | None) -> None:
        self._session = session
        self._conversation = conversation_id
        self._client = client_hash(client)
        self._account = account_key(email)

    def are_used_up(self) -> bool:
        """Whether no further code is sent here for now."""
        return (
            self._has_reached(MOST_IN_A_CONVERSATION, _Attempt.conversation_id == self._conversation)
            or self._has_reached(MOST_FOR_A_CLIENT, _Attempt.client == self._client)
            or (self._has_reached(MOST_FOR_AN_ACCOUNT) and not self._is_known())
        )

    def note_sent(self) -> None:
        """Count a code."""
        self._note(succeeded=False)

    def note_right(self) -> None:
        """Remember that whoever asks here reads the account's mail."""
        self._note(succeeded=True)

    def _note(self, succeeded: bool) -> None:
        self._session.add(
            _Attempt(
                kind=KIND,
                subject="",
                conversation_id=self._conversation,
                client=self._client,
                account=self._account,
                succeeded=succeeded,
            )
        )
        self._session.flush()

    def _has_reached(self, most: dict[timedelta, int], *whose: ColumnElement[bool]) -> bool:
        sent = select(func.count()).where(*self._aimed(succeeded=False), *whose)
        return any(
            self._session.execute(sent.where(_Attempt.happened_at > utc_now() - span)).scalar_one() >= count
            for span, count in most.items()
        )

    def _is_known(self) -> bool:
        here = _Attempt.conversation_id == self._conversation
        if self._client is not None:
            here = or_(here, _Attempt.client == self._client)
        right = select(_Attempt.id).where(
            *self._aimed(succeeded=True), _Attempt.happened_at > utc_now() - REMEMBERED, here
        )
        return self._session.execute(right.limit(1)).first() is not None

    def _aimed(self, succeeded: bool) -> tuple[ColumnElement[bool], ...]:
        return _Attempt.kind == KIND, _Attempt.account == self._account, _Attempt.succeeded.is_(succeeded)
