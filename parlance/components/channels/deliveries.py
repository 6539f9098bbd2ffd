"""Which deliveries of a messaging service were already taken on, so that a repeated one is processed once."""

import asyncio
import time
from pathlib import Path

from sqlalchemy import Column, Float, MetaData, String, Table, create_engine, delete, insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, OperationalError, ProgrammingError

from parlance.errors import ParlanceError

KEEP_SECONDS = 2 * 24 * 3600.0  # Slack repeats what failed for a day at most
PRUNE_SECONDS = 3600.0
BUSY_SECONDS = 2.0  # less than the 3 seconds in which Slack wants an answer

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
        is_file = self._url.get_backend_name() == "sqlite"
        try:
            if is_file and self._url.database:
                Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
            options = {"connect_args": {"timeout": BUSY_SECONDS}} if is_file else {"pool_pre_ping": True}
            self._engine = create_engine(self._url, **options)
            _metadata.create_all(self._engine)
        except (IntegrityError, OperationalError, ProgrammingError) as error:
            # Another process may have made the table between our look and our attempt.
            if "already exists" not in str(error):
                raise self._unusable(error) from error
        except (ArgumentError, ImportError, OSError) as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> ParlanceError:
        return ParlanceError(
            f"The database of deliveries, {self._url!r}, cannot be used: {error}.",
            "Check that it runs, and that the folder of a SQLite file can be written to.",
        )

    async def claim(self, *keys: str) -> bool:
        """Whether none of the keys was claimed before, here or in another process; then all of them are now.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: The database is away, so the delivery should be asked for again.
        """
        return await asyncio.to_thread(self._claim, keys)

    def _claim(self, keys: tuple[str, ...]) -> bool:
        now = time.time()
        try:
            with self._engine.begin() as connection:
                # The primary key decides between two processes that try at once.
                connection.execute(insert(_deliveries), [{"key": key, "received_at": now} for key in keys])
        except IntegrityError:
            return False
        if now - self._pruned_at > PRUNE_SECONDS:
            self._pruned_at = now
            with self._engine.begin() as connection:
                connection.execute(delete(_deliveries).where(_deliveries.c.received_at < now - KEEP_SECONDS))
        return True

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()
