"""The file behind a SQLite address, whether it is damaged, and what its keeper can do; nothing here changes it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import URL


def sqlite_file(url: URL) -> Path | None:
    """The file behind a SQLite address; None for a server or a database in memory."""
    in_memory = url.database in (None, "", ":memory:")
    return None if in_memory or url.get_backend_name() != "sqlite" else Path(str(url.database))


def damage_of(file: Path, thoroughly: bool = False) -> str:
    """Why a file is no whole database; empty where it is one, or is not there yet, or cannot be looked at just now.

    Args:
        file: The database.
        thoroughly: Reads all of it.
    """
    if not file.is_file():
        return ""
    look = "PRAGMA quick_check(1)" if thoroughly else "SELECT 'ok' FROM (SELECT count(*) FROM sqlite_master)"
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            (found,) = connection.execute(look).fetchone()
    except sqlite3.OperationalError:
        return ""  # locked, or not ours to read: no damage, and its use says what it is
    except sqlite3.DatabaseError as error:
        found = str(error)
    return "" if found == "ok" else " ".join(str(found).split())


def how_to_save(file: Path) -> str:
    """What to do about a damaged file."""
    return (
        f"Put a back-up in its place; or move it away (mv {file} {file}.damaged) to begin with none, and take out "
        f"of it what can be read with: sqlite3 {file}.damaged .recover | sqlite3 {file}"
    )
