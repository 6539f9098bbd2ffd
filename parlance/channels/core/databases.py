"""Databases of channels: whose file is readable by its owner alone, and which are given up soon where they are away."""

import os
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, create_engine, event, inspect
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from parlance.errors import ParlanceError
from parlance.sqlite_files import damage_of, how_to_save, sqlite_file

BUSY_SECONDS = 2  # less than the 3 seconds in which Slack wants an answer


def database_url(text: str) -> URL:
    """The URL that a text is.

    Raises:
        ParlanceError: It is none.
    """
    try:
        return make_url(text)
    except ArgumentError as error:
        raise ParlanceError(
            f"'{text}' is no database URL.", "Write one such as sqlite:///deliveries.db or postgresql://host/name."
        ) from error


def open_database(url: URL, tables: MetaData, what: str) -> Engine:
    """Connect, and make the tables where they are not there yet.

    Args:
        what: What is kept there, for messages: "deliveries".

    Raises:
        ParlanceError: The database cannot be used, or is a damaged file, which stays as it is.
    """
    file = sqlite_file(url)
    if file is not None and (damage := damage_of(file, thoroughly=True)):
        raise ParlanceError(
            f"The {what} in {file} cannot be read: {damage}. The file was left as it is.", how_to_save(file)
        )
    try:
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            _make_private(file)
        engine = create_engine(url, **_limits(url))
        if url.get_backend_name() == "sqlite":
            event.listen(engine, "connect", _overwrite_what_is_deleted)
        try:
            tables.create_all(engine)
        except SQLAlchemyError:
            # Another process may have made the tables between our look and our attempt.
            if not all(inspect(engine).has_table(name) for name in tables.tables):
                raise
    except (SQLAlchemyError, ImportError, OSError) as error:
        raise ParlanceError(
            f"The database of {what}, {url!r}, cannot be used: {error}.",
            "Check that it runs, and that the folder of a SQLite file can be written to.",
        ) from error
    return engine


def _make_private(file: Path) -> None:
    # It holds what customers write.
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
