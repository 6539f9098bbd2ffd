"""One Rasa server for each store of conversations, unless the servers share their locks.

A turn reads a conversation, answers, and writes what is new. Rasa's own lock keeps two messages of one conversation
apart within a process; two processes without a shared lock store (``lock_store`` in ``endpoints.yml``) read the same
state, and the events of one of them are lost.
"""

import logging
import os
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import IO, Any

from rasa.core.lock_store import InMemoryLockStore, LockStore
from rasa.core.tracker_store import SQLTrackerStore, TrackerStore, create_engine_kwargs
from rasa.core.utils import AvailableEndpoints
from rasa.shared.exceptions import RasaException
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, Connection

from parlance.errors import ParlanceError
from parlance.rasa.tracker_store import check_file
from parlance.readiness import NotReady
from parlance.sqlite_files import sqlite_file

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

WAIT_SECONDS = 5.0
"""For the database to notice that a server before this one was killed."""
LOCK_CLASS = 0x7061726C
"""The first half of the advisory lock's key; the second stands for the schema."""

logger = logging.getLogger(__name__)


class SecondServer(ParlanceError, RasaException):
    """Another server uses the same conversations, and does not know of this one's locks."""


class ServerClaim:
    """That this process answers in the conversations of a database, held until it ends.

    Args:
        url: The database: PostgreSQL, or SQLite in a file; any other is not guarded.
        shared: Whether others may hold it, too: those that share their locks with this one.
    """

    def __init__(self, url: URL, shared: bool) -> None:
        self._url = url
        self._shared = shared
        self._process = os.getpid()
        self._file: IO[str] | None = None
        self._connection: Connection | None = None

    def take(self, seconds: float = WAIT_SECONDS) -> None:
        """Claims the conversations.

        Args:
            seconds: How long another server may take to end.

        Raises:
            SecondServer: Another server holds them.
        """
        deadline = time.monotonic() + seconds
        while not self._try():
            if time.monotonic() > deadline:
                where = self._url.render_as_string(hide_password=True)
                raise SecondServer(
                    f"Another Rasa server uses the conversations in {where}; two that do not share their locks lose "
                    "messages.",
                    "Stop the other one or give this one a tracker store of its own; to run several, name a lock_store "
                    "of the type redis in the endpoints.yml of each.",
                )
            time.sleep(0.2)

    def check(self) -> None:
        """Looks whether it is still held, and takes it again where a database was restarted.

        Raises:
            NotReady: Another server has taken it meanwhile.
            sqlalchemy.exc.SQLAlchemyError: The database does not answer.
        """
        if self._process == os.getpid() and not self._is_held() and not self._try():
            raise NotReady("another server has begun to use the same conversations")

    def release(self) -> None:
        """Gives it up."""
        if self._file is not None:
            self._file.close()
        if self._connection is not None:
            self._connection.invalidate()  # ends its session, and the lock with it
            self._connection.close()
        self._file = self._connection = None

    def _is_held(self) -> bool:
        if self._connection is None:
            return self._file is not None
        try:
            self._connection.execute(text("SELECT 1"))
        except Exception:
            logger.warning("The connection that guards the conversations was lost.", exc_info=True)
            self.release()
            return False
        return True

    def _try(self) -> bool:
        if file := sqlite_file(self._url):
            return self._try_file(Path(f"{file}-lock"))
        return self._try_server() if self._url.get_backend_name() == "postgresql" else True

    def _try_file(self, lock: Path) -> bool:
        if fcntl is None:
            return True
        # A file of its own: SQLite has locks on the database.
        opened = lock.open("a")
        try:
            fcntl.flock(opened, (fcntl.LOCK_SH if self._shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            opened.close()
            return False
        self._file = opened
        return True

    def _try_server(self) -> bool:
        engine = create_engine(self._url, **create_engine_kwargs(self._url))
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        kind = "_shared" if self._shared else ""
        lock = text(f"SELECT pg_try_advisory_lock{kind}(:lock, hashtext(current_schema()))")
        if connection.execute(lock, {"lock": LOCK_CLASS}).scalar_one():
            self._connection = connection
            return True
        connection.close()
        engine.dispose()
        return False


_claims: list[ServerClaim] = []
"""That of this process, if it is a server."""


def check_claim() -> None:
    """``ServerClaim.check`` for this process."""
    for claim in _claims:
        claim.check()


def guarded(original: Callable[..., Any]) -> Callable[..., Any]:
    """A ``rasa.core.run.configure_app`` that refuses conversations which another server uses, or that are damaged."""

    @wraps(original)
    def configure_app(*arguments: Any, **options: Any) -> Any:
        endpoints = options.get("endpoints")
        if endpoints is not None:
            _claim(endpoints)
        return original(*arguments, **options)

    return configure_app


def _claim(endpoints: AvailableEndpoints) -> None:
    if endpoints.tracker_store is None:
        return
    store = TrackerStore.create(endpoints.tracker_store)
    if not isinstance(store, SQLTrackerStore):
        return
    url = store.engine.url
    store.engine.dispose()
    shared = not isinstance(LockStore.create(endpoints.lock_store), InMemoryLockStore)
    claim = ServerClaim(url, shared)
    claim.take()
    _claims.append(claim)
    if file := sqlite_file(url):
        check_file(file, thoroughly=True)
