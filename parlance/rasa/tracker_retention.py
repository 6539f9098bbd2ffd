"""What Rasa's tracker store forgets: on any SQL database, and in memory.

Rasa has no way to remove a conversation, and no other store of Rasa's is known here; one that is not says so.
"""

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rasa.core.tracker_store import InMemoryTrackerStore, SQLTrackerStore, TrackerStore
from sqlalchemy import create_engine, delete, func, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool

from parlance.errors import ParlanceError
from parlance.rasa.retention import Erased, Keeper
from parlance.rasa.tracker_store import (
    SQLiteTrackerStore,
    first_of_latest_session,
    innermost,
)
from parlance.sqlite_files import sqlite_file

AT_ONCE = 500
"""Events of one transaction: SQLite has one writer, and a visitor's turn waits no longer than this takes."""
BEFORE = re.compile(r"[\w.+-]")
AFTER = re.compile(r"[\w-]|\.\w")
"""What makes an address a part of another, around it."""
PICTURE_ID = re.compile(r"\b[0-9a-f]{32}\b")

_Stored = SQLTrackerStore.SQLEvent


class Busy(ParlanceError):
    """Somebody reads what is to be overwritten, so that it still stands in the file."""


class TrackerKeeper(Keeper):
    """Forgets conversations.

    Args:
        store: Gives the store, which a server has only once its model is loaded.
        days: For how long after its last event a conversation is kept, and what came before its latest session.
    """

    def __init__(self, store: Callable[[], TrackerStore], days: float) -> None:
        self._store = store
        self._days = days

    async def find(self, erased: Erased) -> Erased:
        """The conversations that name an address, and the ids of pictures in those that are to go."""
        store = innermost(self._store())
        if isinstance(store, InMemoryTrackerStore):
            return _in_memory(store, erased)
        return await asyncio.to_thread(_find, _sql(store), erased)

    async def forget(self, erased: Erased) -> None:
        """Remove conversations.

        Raises:
            ParlanceError: The store is of a kind that this cannot do; its conversations must be removed by hand.
            Busy: They are removed, and something of them is still in the file.
        """
        if not erased.conversations:
            return
        store = innermost(self._store())
        if isinstance(store, InMemoryTrackerStore):
            for conversation in erased.conversations:
                store.store.pop(conversation, None)
            return
        condition = _Stored.sender_id.in_(erased.conversations)
        await asyncio.to_thread(_delete_for_good, _sql(store), condition)
        if isinstance(store, SQLiteTrackerStore):
            for conversation in erased.conversations:
                store.drop(conversation)

    async def forget_old(self) -> None:
        """Remove conversations that nobody uses any more, and the earlier sessions of those that somebody does."""
        store = innermost(self._store())
        if isinstance(store, SQLTrackerStore):
            await asyncio.to_thread(_delete_before, store, time.time() - self._days * 86_400)


def _sql(store: TrackerStore) -> SQLTrackerStore:
    if not isinstance(store, SQLTrackerStore):
        raise ParlanceError(
            f"Conversations cannot be removed from a {type(store).__name__}.",
            "Keep them in an SQL database (docs/operators.md), or remove those of erased customers by hand.",
        )
    return store


@contextmanager
def _connected(store: SQLTrackerStore) -> Iterator[Connection]:
    """A connection of this thread's own: the store's are the server's, which answers visitors meanwhile."""
    engine = create_engine(store.engine.url, poolclass=NullPool, hide_parameters=True)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            # What is removed is overwritten in the file, not only marked as free.
            connection.exec_driver_sql("PRAGMA secure_delete=ON")
        yield connection


def _find(store: SQLTrackerStore, erased: Erased) -> Erased:
    with _connected(store) as connection:
        conversations = {found for email in erased.emails for found in _naming(connection, email)}
        stored = select(_Stored.data).where(_Stored.sender_id.in_(erased.conversations | conversations))
        pictures = {found for data in connection.execute(stored).scalars() for found in PICTURE_ID.findall(data or "")}
    return Erased(conversations=frozenset(conversations), pictures=frozenset(pictures))


def _naming(connection: Connection, email: str) -> set[str]:
    """The conversations in which an address was said, and not only as a part of another."""
    likely = select(_Stored.sender_id, _Stored.data).where(func.lower(_Stored.data).contains(email, autoescape=True))
    return {sender for sender, data in connection.execute(likely) if _says(json.loads(data), email)}


def _says(event: dict[str, Any], email: str) -> bool:
    # Not what a message was understood as, and slots that were filled by it: it may begin in the midst of an address.
    return names(str(event.get("text") or ""), email)


def names(data: str, email: str) -> bool:
    """Whether an address stands in a text, and not only as a part of another."""
    text = data.lower()
    at = text.find(email)
    while at >= 0 and (BEFORE.match(text[at - 1 : at]) or AFTER.match(text, at + len(email))):
        at = text.find(email, at + 1)
    return at >= 0


def _delete_before(store: SQLTrackerStore, moment: float) -> None:
    last = func.max(_Stored.timestamp)
    with_old = select(_Stored.sender_id, last).group_by(_Stored.sender_id).having(func.min(_Stored.timestamp) < moment)
    with _connected(store) as connection:
        for sender, used_at in list(connection.execute(with_old)):
            condition = (_Stored.sender_id == sender) & (_Stored.timestamp < moment)
            if used_at >= moment:
                condition &= _Stored.id < first_of_latest_session(sender)
            _delete(connection, condition)


def _delete(connection: Connection, condition: Any) -> None:
    some = select(_Stored.id).where(condition).limit(AT_ONCE)
    while ids := list(connection.execute(some).scalars()):
        with connection.begin():
            connection.execute(delete(_Stored).where(_Stored.id.in_(ids)))


def _delete_for_good(store: SQLTrackerStore, condition: Any) -> None:
    with _connected(store) as connection:
        _delete(connection, condition)
        if sqlite_file(store.engine.url) is not None:
            _empty_log(connection)


def _empty_log(connection: Connection) -> None:
    """Bring what the write-ahead log holds into the file, and leave nothing of it in the log."""
    is_busy = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).first()
    if is_busy is not None and is_busy[0]:
        raise Busy("Removed conversations still stand in the database's log, since somebody reads it.")


def _in_memory(store: InMemoryTrackerStore, erased: Erased) -> Erased:
    naming = {
        sender
        for sender, data in store.store.items()
        if any(_says(event, email) for event in json.loads(data)["events"] for email in erased.emails)
    }
    texts = [store.store[sender] for sender in erased.conversations | naming if sender in store.store]
    pictures = {found for data in texts for found in PICTURE_ID.findall(data)}
    return Erased(conversations=frozenset(naming), pictures=frozenset(pictures))
