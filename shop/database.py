"""Where the shop's database is, and how to open a session on it."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session

from parlance.sqlite_files import how_to_save, sqlite_file
from shop.errors import ShopUnavailable
from shop.storable import make_parameters_storable, storable_json

DEFAULT_FILE = Path(__file__).resolve().parent / "fernhill.db"
TIMEOUT_S = 3
"""How long a connection, a statement or another's lock is waited for."""
KEEPALIVES = {"keepalives_idle": TIMEOUT_S, "keepalives_interval": 1, "keepalives_count": 3}
"""How libpq finds out that a server's machine is gone, which limits in the server itself cannot."""


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


@lru_cache(maxsize=8)
def engine_for(url: URL, patient: bool = False) -> Engine:
    """One engine, and so one pool of connections, for each address.

    Args:
        patient: Without a limit on how long a statement may take, for set-up and migrations.
    """
    backend = url.get_backend_name()
    arguments: dict[str, Any] = {}
    # Or an error, and so a log, holds the names and addresses of a statement.
    options: dict[str, Any] = {"hide_parameters": True}
    if backend == "postgresql":
        arguments = {"connect_timeout": TIMEOUT_S, "tcp_user_timeout": TIMEOUT_S * 1000, **KEEPALIVES}
        if not patient:
            limit = f"{TIMEOUT_S}s"
            arguments["options"] = f"-c statement_timeout={limit} -c lock_timeout={limit}"
        options |= {"pool_pre_ping": True, "pool_timeout": TIMEOUT_S, "pool_size": 10, "max_overflow": 20}
    elif backend == "sqlite":
        arguments = {"timeout": TIMEOUT_S}
    try:
        engine = create_engine(url, future=True, connect_args=arguments, json_serializer=storable_json, **options)
    except (NoSuchModuleError, ImportError, TypeError) as error:
        raise ShopUnavailable(
            f"No driver is installed for a {backend} database.",
            "Use a SQLite or PostgreSQL address in DATABASE_URL.",
        ) from error
    event.listen(engine, "before_cursor_execute", make_parameters_storable, retval=True)
    if backend == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # Python's driver begins a transaction before the first change only, so that what was read before may be stale.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")
    # What is erased is overwritten in the file, not only marked as free.
    connection.execute("PRAGMA secure_delete=ON")


def _begin_sqlite(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN")


def begin_change(session: Session) -> None:
    """Called first by whatever reads in order to change, so that two requests cannot both act on what they read.

    SQLite knows no locks on rows: this takes its one write lock, as BEGIN IMMEDIATE would, and waits for it.
    On PostgreSQL the rows are locked by those who read them (``with_for_update``). What was read before is read again.
    """
    session.flush()
    session.expire_all()
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("UPDATE orders SET id = id WHERE 1 = 0"))


def lock_name(session: Session, name: str) -> None:
    """Let one transaction at a time do what ``name`` stands for, where there is no row yet that two could meet at."""
    begin_change(session)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": name})


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
        remedy = "Check that it is running and reachable; python -m shop.setup makes one that is missing."
        if file is not None and type(getattr(error, "orig", None)) is sqlite3.DatabaseError:  # which means damage
            remedy = how_to_save(file)
        raise ShopUnavailable(f"The database at {where} cannot be used: {reason}.", remedy) from error


def check() -> None:
    """Whether the shop's database answers and, where it is a file, can be written to; for the server's readiness.

    Raises:
        ShopUnavailable: It does not.
    """
    with open_session() as session:
        session.execute(text("SELECT id FROM orders LIMIT 1"))
        if session.get_bind().dialect.name == "sqlite":
            # Writes a page, and so notices a full disk, and changes nothing.
            version = session.execute(text("PRAGMA user_version")).scalar_one()
            session.execute(text(f"PRAGMA user_version = {int(version)}"))
