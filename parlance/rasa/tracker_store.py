"""Rasa's tracker store on a SQLite file, set up for a server.

Rasa saves a conversation in the midst of answering it, and with SQLite's defaults a save waits for the disk three
times (26 ms where this was measured), while all visitors wait with it. With a write-ahead log it waits for none; what
was saved survives the end of the process, and at a power cut the last second may be missing.

Rasa reads a conversation anew for each message, event by event, which takes longer the longer it is. Here the trackers
of the latest conversations are kept, and one is read again where the file holds more or fewer events than it does.
"""

import asyncio
import json
import logging
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import wraps
from itertools import islice
from pathlib import Path
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore, TrackerStore
from rasa.shared.core.constants import ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SessionStarted
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import RasaException
from sqlalchemy import bindparam, create_engine, delete, event, func, insert, select
from sqlalchemy.orm import Query, Session, aliased, sessionmaker
from sqlalchemy.pool import QueuePool

from parlance.errors import ParlanceError
from parlance.sqlite_files import damage_of, how_to_save, sqlite_file

KEPT_TRACKERS = 1000
PROBE_SECONDS = 1.0

logger = logging.getLogger(__name__)

SessionScope = Callable[[SQLTrackerStore], AbstractContextManager[Session]]


class DamagedFile(ParlanceError, RasaException):
    """A file of conversations that is no database, or a broken one."""


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


def first_of_latest_session(sender_id: Any) -> Any:
    """The id of the event with which the latest session begins, 0 where there is none, as SQL."""
    session, earlier, action = (aliased(SQLTrackerStore.SQLEvent) for _ in range(3))
    started = select(func.max(session.id)).where(
        session.sender_id == sender_id, session.type_name == SessionStarted.type_name
    )
    before = select(func.max(earlier.id)).where(earlier.sender_id == sender_id, earlier.id < started.scalar_subquery())
    # Rasa stores what started the session in front of it.
    begun = select(action.id).where(
        action.id == before.scalar_subquery(), action.action_name == ACTION_SESSION_START_NAME
    )
    return func.coalesce(begun.scalar_subquery(), started.scalar_subquery(), 0)


def order_sessions_by_id() -> None:
    """Teach Rasa's SQL tracker stores, on every database, to tell sessions apart by the order of their events.

    Rasa compares times, so that after the clock was set back it does not find what is said in the session that is open,
    and a form forgets what it was told.
    """
    SQLTrackerStore._event_query = _event_query


def _event_query(
    self: SQLTrackerStore, session: Session, sender_id: str, fetch_events_from_all_sessions: bool
) -> Query:
    stored = self.SQLEvent
    query = session.query(stored).filter(stored.sender_id == sender_id)
    if not fetch_events_from_all_sessions:
        query = query.filter(stored.id >= first_of_latest_session(sender_id))
    return query.order_by(stored.id)


never_exit()
order_sessions_by_id()

# How many events Rasa would read.
EVENTS_OF_LATEST_SESSION = select(func.count()).where(
    SQLTrackerStore.SQLEvent.sender_id == bindparam("sender_id"),
    SQLTrackerStore.SQLEvent.id >= first_of_latest_session(bindparam("sender_id")),
)


def innermost(store: TrackerStore) -> TrackerStore:
    """The store itself, without Rasa's wrappers, which hide errors."""
    while isinstance(wrapped := getattr(store, "_tracker_store", None), TrackerStore):
        store = wrapped
    return store


async def check_writable(store: TrackerStore) -> None:
    """Writes an event and takes it back, where the store is an SQL database; reads from any other.

    Raises:
        Exception: What the store raises where that does not work.
    """
    store = innermost(store)
    if not isinstance(store, SQLTrackerStore):
        await store.retrieve("")
        return
    file = sqlite_file(store.engine.url)
    if isinstance(store, SQLiteTrackerStore):
        store.follow_file()
    if file is not None:
        await asyncio.to_thread(_write_to_file, file)
    elif store.engine.dialect.name != "sqlite":
        await asyncio.to_thread(_write_to_server, store)


def _write_to_file(file: Path) -> None:
    # Not through the store's connections, which are those of another thread.
    address = f"{file.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=PROBE_SECONDS)) as connection, connection:
        connection.execute("INSERT INTO events (sender_id, type_name) VALUES ('', 'probe')")
        connection.execute("DELETE FROM events WHERE sender_id = '' AND type_name = 'probe'")


def _write_to_server(store: SQLTrackerStore) -> None:
    stored = store.SQLEvent
    with store.engine.begin() as connection:
        connection.execute(insert(stored).values(sender_id="", type_name="probe"))
        connection.execute(delete(stored).where(stored.sender_id == "", stored.type_name == "probe"))


def check_file(file: Path, thoroughly: bool = False) -> None:
    """Refuses a file that is no whole database; one that is not there yet is none.

    Args:
        file: The database.
        thoroughly: Reads all of it.

    Raises:
        DamagedFile: It is damaged; the file stays as it is.
    """
    if damage := damage_of(file, thoroughly):
        raise DamagedFile(
            f"The conversations in {file} cannot be read: {damage}. The file was left as it is.", how_to_save(file)
        )


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
        self._file = Path(db)
        check_file(self._file)
        super().__init__(domain=domain, dialect="sqlite", db=db, event_broker=event_broker, **kwargs)
        # Without a pool each save opens the file and closes it, and closing it empties the log onto the disk.
        self.engine = create_engine(self.get_db_url("sqlite", db=db), poolclass=QueuePool, hide_parameters=True)
        event.listen(self.engine, "connect", _use_write_ahead_log)
        self.sessionmaker = sessionmaker(bind=self.engine)
        self._kept: OrderedDict[str, tuple[DialogueStateTracker, int]] = OrderedDict()
        """Trackers, and how many of their events are in the file; the longest unused first."""
        self._identity = _identity(self._file)
        self._log = Path(f"{db}-wal")
        self._log_in_use = _identity(self._log)

    def follow_file(self) -> None:
        """Where the file was removed or replaced under the running server, goes on with the one that is there.

        A connection that is open would write into the old one, which nobody sees and which is gone with the process.
        """
        if (found := _identity(self._file)) == self._identity:
            return
        if found is None:
            logger.error(
                "The conversations in %s were removed while this server uses them; it begins anew.", self._file
            )
        else:
            logger.error("The conversations in %s were replaced while this server uses them.", self._file)
        self.engine.dispose()
        if self._log_in_use is not None and _identity(self._log) == self._log_in_use:
            # SQLite leaves the log of a file that is not there any more, and would apply it to the new one.
            self._log.unlink(missing_ok=True)
            self._log.with_name(f"{self._file.name}-shm").unlink(missing_ok=True)
        self._kept.clear()
        self.Base.metadata.create_all(self.engine)
        self._identity = _identity(self._file)

    @contextmanager
    def session_scope(self) -> Iterator[Session]:
        """Rasa's, on the file that is there now."""
        self.follow_file()
        with super().session_scope() as session:
            yield session
            self._log_in_use = _identity(self._log)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker of the latest session; the caller may change it, as Rasa's processor does."""
        self.follow_file()  # first, because another file may hold as many events of this conversation
        tracker, saved = self._kept.pop(sender_id, (None, 0))
        if tracker is None or not saved == len(tracker.events) == self._events_in_file(sender_id):
            tracker = await super().retrieve(sender_id)
        if tracker is not None:
            self._keep(tracker)
        return tracker

    def drop(self, sender_id: str) -> None:
        """Keep nothing of a conversation in memory."""
        self._kept.pop(sender_id, None)

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


def _identity(file: Path) -> tuple[int, int] | None:
    """Which file stands under a name; None where there is none."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _use_write_ahead_log(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
