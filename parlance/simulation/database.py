"""Reading the assistant's database: facts for customers, what changed, what is so."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parlance.simulation.profile import Facts
from parlance.testing.errors import BadTestFile

_BUSY_SECONDS = 10.0


class _Known(dict[str, Any]):
    """Facts as a query takes them; what a customer does not know is null, and equals nothing."""

    def __missing__(self, _: str) -> None:
        return None


class Reader:
    """Asks a SQLite file and changes nothing. Without a file every query finds nothing."""

    def __init__(self, file: Path | None) -> None:
        self._connection: sqlite3.Connection | None = None
        if file is not None:
            self._connection = sqlite3.connect(f"file:{file.resolve()}?mode=ro", uri=True, timeout=_BUSY_SECONDS)
            self._connection.row_factory = sqlite3.Row

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection:
            self._connection.close()

    @property
    def knows(self) -> bool:
        """Whether there is a database."""
        return self._connection is not None

    def rows(self, query: str, facts: Facts) -> list[dict[str, Any]]:
        """What a query finds, with ``:name`` standing for a fact.

        Raises:
            BadTestFile: The query is wrong.
        """
        if self._connection is None:
            return []
        try:
            return [dict(row) for row in self._connection.execute(query, _Known(facts))]
        except sqlite3.Error as error:
            raise BadTestFile(f"The database cannot be asked: {error}.", f"The query is: {query}") from error

    def finds(self, query: str, facts: Facts) -> bool:
        """Whether a query finds anything."""
        return bool(self.rows(query, facts))

    def first(self, query: str, facts: Facts) -> str:
        """The first value that a query finds, empty where it finds none."""
        found = self.rows(query, facts)
        return str(next(iter(found[0].values()))) if found else ""

    def watched(self, queries: Mapping[str, str], facts: Facts) -> dict[str, Any]:
        """What each query finds now, to be compared with what it finds later."""
        return {name: [tuple(row.values()) for row in self.rows(query, facts)] for name, query in queries.items()}
