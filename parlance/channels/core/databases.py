"""Databases of channels: whose file is readable by its owner alone, and which are given up soon where they are away."""

import os
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import MetaData, create_engine, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.sql import Executable

from parlance.errors import ParlanceError
from parlance.sqlite_files import damage_of, how_to_save, sqlite_file

BUSY_SECONDS = 2  # less than the 3 seconds in which Slack wants an answer


class Database:
    """A database of a channel, shared by every process that is given the same address.

    Args:
        url: SQLAlchemy URL. A SQLite file serves the processes of one machine; replicas on several machines need a
            server such as PostgreSQL.

    Raises:
        ParlanceError: It is no URL.
    """

    tables: ClassVar[MetaData]
    what: ClassVar[str]
    """What is kept there, for messages."""

    def __init__(self, url: str) -> None:
        try:
            self._url = make_url(url)
        except ArgumentError as error:
            raise ParlanceError(
                f"'{url}' is no database URL.", "Write one such as sqlite:///deliveries.db or postgresql://host/name."
            ) from error

    def open(self) -> None:
        """Connect, and make the tables where they are not there yet.

        Raises:
            ParlanceError: The database cannot be used, or is a damaged file, which stays as it is.
        """
        file = sqlite_file(self._url)
        if file is not None and (damage := damage_of(file, thoroughly=True)):
            raise ParlanceError(
                f"The {self.what} in {file} cannot be read: {damage}. The file was left as it is.", how_to_save(file)
            )
        try:
            if file is not None:
                _make_private(file)
            self._engine = create_engine(self._url, **_limits(self._url))
            if self._url.get_backend_name() == "sqlite":
                event.listen(self._engine, "connect", _overwrite_what_is_deleted)
            try:
                self.tables.create_all(self._engine)
            except SQLAlchemyError:
                # Another process may have made the tables between our look and our attempt.
                if not all(inspect(self._engine).has_table(name) for name in self.tables.tables):
                    raise
        except (SQLAlchemyError, ImportError, OSError) as error:
            raise ParlanceError(
                f"The database of {self.what}, {self._url!r}, cannot be used: {error}.",
                "Check that it runs, and that the folder of a SQLite file can be written to.",
            ) from error

    def check(self) -> None:
        """Open and close it: a server that is starting would show a traceback of what is wrong.

        Raises:
            ParlanceError: As ``open`` does.
        """
        self.open()
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _run(self, statement: Executable) -> None:
        with self._engine.begin() as connection:
            connection.execute(statement)


def _make_private(file: Path) -> None:
    # It holds what customers write.
    file.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(file, os.O_CREAT | os.O_RDONLY, 0o600))
    os.chmod(file, 0o600)


def _overwrite_what_is_deleted(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA secure_delete=ON")


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
