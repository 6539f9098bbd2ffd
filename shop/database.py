"""Where the shop's database is, and how to open a session on it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session

from shop.errors import ShopUnavailable

DEFAULT_FILE = Path(__file__).resolve().parent / "fernhill.db"
CONNECT_TIMEOUT_S = 3


def database_url() -> URL:
    """The address of the database: ``DATABASE_URL`` where it is set, the SQLite file beside this module otherwise."""
    address = os.environ.get("DATABASE_URL") or f"sqlite:///{DEFAULT_FILE}"
    try:
        return make_url(address)
    except ArgumentError as error:
        raise ShopUnavailable(
            "DATABASE_URL is not a database address.",
            "Write it as postgresql://user:password@host/name or sqlite:////full/path.db.",
        ) from error


def sqlite_file(url: URL) -> Path | None:
    """The file behind a SQLite address; None for a server or a database in memory."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database))


@lru_cache(maxsize=8)
def engine_for(url: URL) -> Engine:
    """One engine, and so one pool of connections, for each address."""
    postgres = url.get_backend_name() == "postgresql"
    try:
        engine = create_engine(
            url,
            future=True,
            pool_pre_ping=postgres,
            connect_args={"connect_timeout": CONNECT_TIMEOUT_S} if postgres else {},
        )
    except (NoSuchModuleError, ImportError) as error:
        raise ShopUnavailable(
            f"No driver is installed for a {url.get_backend_name()} database.",
            "Use a SQLite or PostgreSQL address in DATABASE_URL.",
        ) from error
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _enforce_foreign_keys)
    return engine


def _enforce_foreign_keys(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA foreign_keys=ON")


@contextmanager
def open_session() -> Iterator[Session]:
    """A session that commits when the block ends well and rolls back when it does not.

    Raises:
        ShopUnavailable: The database is missing, unreachable, damaged or not a Fernhill database.
    """
    url = database_url()
    file = sqlite_file(url)
    if file is not None and not file.is_file():
        raise ShopUnavailable(f"There is no database at {file}.", "Make it with: python -m shop.setup")
    try:
        with Session(engine_for(url), future=True) as session, session.begin():
            yield session
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().split("\n")[0]
        where = url.render_as_string(hide_password=True)
        raise ShopUnavailable(
            f"The database at {where} cannot be used: {reason}.",
            "Check that it is running and reachable; python -m shop.setup makes one that is missing.",
        ) from error
