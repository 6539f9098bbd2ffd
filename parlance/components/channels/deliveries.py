"""Which deliveries of a messaging service were already taken on, so that a repeated one is processed once."""

import asyncio
import logging
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Float, MetaData, String, Table, create_engine, delete, insert, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from parlance.errors import ParlanceError

KEEP_SECONDS = 2 * 24 * 3600.0  # Slack repeats what failed for a day at most
PRUNE_SECONDS = 3600.0
BUSY_SECONDS = 2  # less than the 3 seconds in which Slack wants an answer

logger = logging.getLogger(__name__)

_metadata = MetaData()
_deliveries = Table(
    "channel_deliveries",
    _metadata,
    Column("key", String(255), primary_key=True),
    Column("received_at", Float, nullable=False, index=True),
)


class DeliveryLog:
    """A table in which each delivery's key stands once, shared by every process that is given the same database.

    Args:
        url: SQLAlchemy URL. A SQLite file serves the processes of one machine; replicas on several machines need a
            server such as PostgreSQL.
    """

    def __init__(self, url: str) -> None:
        try:
            self._url = make_url(url)
        except ArgumentError as error:
            raise ParlanceError(
                f"'{url}' is no database URL.", "Write one such as sqlite:///deliveries.db or postgresql://host/name."
            ) from error
        self._pruned_at = 0.0

    def open(self) -> None:
        """Connect, and make the table where it is not there yet.

        Raises:
            ParlanceError: The database cannot be used.
        """
        try:
            if self._url.get_backend_name() == "sqlite" and self._url.database:
                Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
            self._engine = create_engine(self._url, **_limits(self._url))
            try:
                _metadata.create_all(self._engine)
            except SQLAlchemyError:
                # Another process may have made the table between our look and our attempt.
                if not inspect(self._engine).has_table(_deliveries.name):
                    raise
        except (SQLAlchemyError, ImportError, OSError) as error:
            raise ParlanceError(
                f"The database of deliveries, {self._url!r}, cannot be used: {error}.",
                "Check that it runs, and that the folder of a SQLite file can be written to.",
            ) from error

    async def claim(self, *keys: str) -> bool:
        """Whether none of the keys was claimed before, here or in another process; then all of them are now.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: The database is away, so the delivery should be asked for again.
        """
        return await asyncio.to_thread(self._claim, keys)

    def _claim(self, keys: tuple[str, ...]) -> bool:
        now = time.time()
        # In one order everywhere: two processes that wait for each other's keys would wait in vain.
        rows = [{"key": key, "received_at": now} for key in sorted(keys)]
        try:
            with self._engine.begin() as connection:
                # The primary key decides between two processes that try at once.
                connection.execute(insert(_deliveries), rows)
        except IntegrityError:
            return False
        self._prune(now)
        return True

    def _prune(self, now: float) -> None:
        if now - self._pruned_at < PRUNE_SECONDS:
            return
        self._pruned_at = now
        try:
            with self._engine.begin() as connection:
                connection.execute(delete(_deliveries).where(_deliveries.c.received_at < now - KEEP_SECONDS))
        except SQLAlchemyError as error:
            # The delivery has been claimed: were it asked for again, nobody would process it.
            logger.warning("Old deliveries cannot be removed just now: %s", error)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def _limits(url: URL) -> dict[str, Any]:
    """Arguments of an engine that gives up waiting for the database while Slack still listens."""
    backend = url.get_backend_name()
    if backend == "sqlite":
        return {"connect_args": {"timeout": BUSY_SECONDS}}
    options: dict[str, Any] = {"pool_pre_ping": True, "pool_timeout": BUSY_SECONDS}
    if backend == "postgresql":
        limit = f"{BUSY_SECONDS}s"
        options["connect_args"] = {
            "connect_timeout": BUSY_SECONDS,
            "tcp_user_timeout": BUSY_SECONDS * 1000,
            "options": f"-c statement_timeout={limit} -c lock_timeout={limit}",
        }
    return options
