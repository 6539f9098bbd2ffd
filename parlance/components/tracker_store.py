"""Rasa's tracker store on a SQLite file, set up for a server.

Rasa saves a conversation in the midst of answering it, and with SQLite's defaults a save waits for the disk three
times (26 ms where this was measured), while all visitors wait with it. With a write-ahead log it waits for none; what
was saved survives the end of the process, and at a power cut the last second may be missing.

Rasa reads a conversation anew for each message, event by event, which takes longer the longer it is. Here the trackers
of the latest conversations are kept, and one is read again where the file holds more or fewer events than it does.
"""

import json
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from itertools import islice
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import RasaException
from sqlalchemy import create_engine, event, insert, text
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import QueuePool

KEPT_TRACKERS = 1000

SessionScope = Callable[[SQLTrackerStore], AbstractContextManager[Session]]

# How many events Rasa would read.
EVENTS_OF_LATEST_SESSION = text(
    """
    SELECT COUNT(*) FROM events WHERE sender_id = :sender_id AND timestamp >= COALESCE(
        (SELECT MAX(timestamp) FROM events WHERE sender_id = :sender_id AND type_name = 'session_started'), 0)
    """
)


class NotStorable(RasaException):
    """A conversation that the database cannot hold as it is; the turn is lost, and the server goes on."""


def never_exit() -> None:
    """Teach Rasa's SQL tracker stores, on every database, not to end the process; calling this again changes nothing.

    Rasa takes any ValueError of a session for a missing schema and exits; what a database cannot hold, such as half of
    a surrogate pair or PostgreSQL a NUL, raises ValueErrors, too.
    """
    original = SQLTrackerStore.session_scope
    if not hasattr(original, "__never_exits__"):
        SQLTrackerStore.session_scope = _without_exit(original)


def _without_exit(original: SessionScope) -> SessionScope:
    @wraps(original)
    @contextmanager
    def session_scope(self: SQLTrackerStore) -> Iterator[Session]:
        problem: ValueError | None = None
        with original(self) as session:
            try:
                yield session
            except ValueError as error:
                # Rasa's own block sees a good end, so that it closes the session and nothing else.
                problem = error
        if problem is not None:
            raise NotStorable(f"The tracker store cannot hold this conversation: {problem}") from problem

    session_scope.__never_exits__ = True  # type: ignore[attr-defined]
    return session_scope


never_exit()


class SQLiteTrackerStore(SQLTrackerStore):
    """``SQLTrackerStore`` on a file.

    Args:
        domain: The assistant's domain.
        host: Not used; Rasa passes the endpoint's ``url``.
        event_broker: Where events are published, as Rasa passes it.
        db: The file.
    """

    def __init__(
        self,
        domain: Domain | None = None,
        host: str | None = None,
        event_broker: EventBroker | None = None,
        db: str = "conversations.db",
        **kwargs: Any,
    ) -> None:
        super().__init__(domain=domain, dialect="sqlite", db=db, event_broker=event_broker, **kwargs)
        # Without a pool each save opens the file and closes it, and closing it empties the log onto the disk.
        self.engine = create_engine(self.get_db_url("sqlite", db=db), poolclass=QueuePool, hide_parameters=True)
        event.listen(self.engine, "connect", _use_write_ahead_log)
        self.sessionmaker = sessionmaker(bind=self.engine)
        self._kept: OrderedDict[str, tuple[DialogueStateTracker, int]] = OrderedDict()
        """Trackers, and how many of their events are in the file; the longest unused first."""

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker of the latest session; the caller may change it, as Rasa's processor does."""
        tracker, saved = self._kept.pop(sender_id, (None, 0))
        if tracker is None or not saved == len(tracker.events) == self._events_in_file(sender_id):
            tracker = await super().retrieve(sender_id)
        if tracker is not None:
            self._keep(tracker)
        return tracker

    def _keep(self, tracker: DialogueStateTracker) -> None:
        self._kept[tracker.sender_id] = tracker, len(tracker.events)
        self._kept.move_to_end(tracker.sender_id)
        if len(self._kept) > KEPT_TRACKERS:
            self._kept.popitem(last=False)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write the events that are not in the file yet.

        As Rasa does, and all at once: Rasa makes an object of each for SQLAlchemy's object mapper.
        """
        await self.stream_events(tracker)
        with self.session_scope() as session:
            rows = [self._row(tracker.sender_id, event) for event in self._additional_events(session, tracker)]
            if rows:
                session.execute(insert(self.SQLEvent.__table__), rows)
                session.commit()
        if self._kept.get(tracker.sender_id, (None, 0))[0] is tracker:
            self._keep(tracker)

    def _additional_events(self, session: Session, tracker: DialogueStateTracker) -> Iterator[Event]:
        """The events that are not in the file yet; Rasa counts those in the file to know."""
        kept, saved = self._kept.get(tracker.sender_id, (None, 0))
        if kept is not tracker:
            events: Iterator[Event] = super()._additional_events(session, tracker)
            return events
        return islice(tracker.events, saved, None)

    @staticmethod
    def _row(sender_id: str, event: Event) -> dict[str, Any]:
        data = event.as_dict()
        return {
            "sender_id": sender_id,
            "type_name": event.type_name,
            "timestamp": data.get("timestamp"),
            "intent_name": data.get("parse_data", {}).get("intent", {}).get("name"),
            "action_name": data.get("name"),
            "data": json.dumps(data),
        }

    def _events_in_file(self, sender_id: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(EVENTS_OF_LATEST_SESSION, {"sender_id": sender_id}).scalar_one())


def _use_write_ahead_log(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
