"""Putting the assistant's database back after each conversation that changed it."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from parlance.testing.errors import AssistantFault, BadTestFile

_BUSY_SECONDS = 10.0
_SQLITE_BUSY = 5  # Python 3.10 has no name for it


class SqliteDatabase:
    """A SQLite file that the assistant under test works on, and a copy of what it held at the start.

    Changes are seen, and undone, through SQLite itself, so the assistant may keep its connections open. Use it as a
    context manager; at its end the file holds what it held at the start.
    """

    def __init__(self, file: Path) -> None:
        """Copy what the file holds.

        Raises:
            BadTestFile: There is no such file, or it is no SQLite database.
        """
        self.file = file
        if not file.is_file():
            raise BadTestFile(f"There is no database at {file}.", "Give the SQLite file that the assistant uses.")
        self._copy = sqlite3.connect(":memory:", check_same_thread=False)
        self._live = sqlite3.connect(file, timeout=_BUSY_SECONDS, check_same_thread=False)
        try:
            self._live.backup(self._copy)
            self._version = self._data_version()
        except sqlite3.Error as error:
            self._close()
            raise BadTestFile(f"{file} cannot be read as a SQLite database: {error}.", "Give another file.") from error

    def __enter__(self) -> "SqliteDatabase":
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the file, put back even where a run was stopped half-way."""
        try:
            if self.changed():
                self.restore()
        finally:
            self._close()

    def value(self, query: str) -> str:
        """The first value that a query finds.

        Raises:
            AssistantFault: It finds nothing, or is wrong.
        """
        try:
            found = self._live.execute(query).fetchone()
        except sqlite3.Error as error:
            raise AssistantFault(
                f"The database {self.file} cannot be asked: {error}.", f"The query is: {query}"
            ) from error
        if found is None:
            raise AssistantFault(f"The database {self.file} has nothing to fill in.", f"The query is: {query}")
        return str(found[0])

    def changed(self) -> bool:
        """Whether anybody has committed anything since the start or the last ``restore``."""
        return self._data_version() != self._version

    def restore(self) -> None:
        """Make it hold what it held at the start.

        Raises:
            AssistantFault: Somebody keeps a transaction on it open for more than ten seconds.
        """
        try:
            self._copy.backup(self._live, progress=_refuse_to_wait)
        except TimeoutError as error:
            raise AssistantFault(
                f"The database {self.file} cannot be put back: the assistant holds a transaction on it.",
                "See its log for an action that hangs.",
            ) from error
        self._version = self._data_version()

    @contextmanager
    def unavailable(self) -> Iterator[None]:
        """Take the file away while the block runs, as if the database were down."""
        away = self.file.with_name(f"{self.file.name}.away")
        os.replace(self.file, away)
        try:
            yield
        finally:
            os.replace(away, self.file)

    def _close(self) -> None:
        self._copy.close()
        self._live.close()

    def _data_version(self) -> int:
        # Another value as soon as another connection has committed: https://www.sqlite.org/pragma.html
        return int(self._live.execute("PRAGMA data_version").fetchone()[0])


def _refuse_to_wait(status: int, _remaining: int, _total: int) -> None:
    """SQLite has waited for the lock for as long as the connection says; Python would go on for ever."""
    if status == _SQLITE_BUSY:
        raise TimeoutError
