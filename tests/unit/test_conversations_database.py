"""Putting a SQLite database back while others have it open."""

import sqlite3
from pathlib import Path

import pytest

from parlance.testing import database as module
from parlance.testing.database import SqliteDatabase
from parlance.testing.errors import AssistantFault, BadTestFile


@pytest.fixture(params=["delete", "wal"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> sqlite3.Connection:
    """The assistant's own connection, which it keeps open."""
    connection = sqlite3.connect(tmp_path / "shop.db", isolation_level=None)
    connection.execute(f"PRAGMA journal_mode={request.param}")
    connection.execute("CREATE TABLE orders (number INTEGER, status TEXT)")
    connection.execute("INSERT INTO orders VALUES (1, 'paid')")
    return connection


def test_changes_are_seen_and_undone(shop: sqlite3.Connection, tmp_path: Path) -> None:
    before = list(shop.iterdump())
    with SqliteDatabase(tmp_path / "shop.db") as database:
        shop.execute("SELECT * FROM orders").fetchall()
        assert not database.changed()
        for _ in range(2):
            shop.execute("UPDATE orders SET status = 'cancelled'")
            shop.execute("CREATE TABLE tickets (id INTEGER)")
            assert database.changed()
            database.restore()
            assert not database.changed()
            assert list(shop.iterdump()) == before


def test_a_run_that_is_stopped_leaves_the_database_as_it_was(shop: sqlite3.Connection, tmp_path: Path) -> None:
    before = list(shop.iterdump())
    with pytest.raises(KeyboardInterrupt), SqliteDatabase(tmp_path / "shop.db"):
        shop.execute("DELETE FROM orders")
        raise KeyboardInterrupt
    assert list(shop.iterdump()) == before


def test_a_transaction_that_is_left_open_is_reported(
    shop: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BUSY_SECONDS", 0.2)
    with SqliteDatabase(tmp_path / "shop.db") as database:
        shop.execute("BEGIN IMMEDIATE")
        shop.execute("DELETE FROM orders")
        with pytest.raises(AssistantFault, match="holds a transaction"):
            database.restore()
        shop.execute("COMMIT")
        database.restore()
        assert shop.execute("SELECT count(*) FROM orders").fetchone() == (1,)


def test_it_is_back_after_it_was_away_whatever_happens(shop: sqlite3.Connection, tmp_path: Path) -> None:
    with SqliteDatabase(tmp_path / "shop.db") as database:
        with pytest.raises(ValueError), database.unavailable():
            assert not database.file.exists()
            raise ValueError
        assert database.file.exists()
        assert not database.changed()


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTestFile, match="There is no database at"):
        SqliteDatabase(tmp_path / "nowhere.db")
    (tmp_path / "text.db").write_text("no database, only text" * 50)
    with pytest.raises(BadTestFile, match="cannot be read as a SQLite database"):
        SqliteDatabase(tmp_path / "text.db")


def test_what_a_message_needs_is_looked_up_when_it_is_said(shop: sqlite3.Connection, tmp_path: Path) -> None:
    with SqliteDatabase(tmp_path / "shop.db") as database:
        shop.execute("UPDATE orders SET status = 'lost'")
        shop.commit()
        assert database.value("SELECT status FROM orders") == "lost"
        for query in ("SELECT status FROM orders WHERE 1 = 0", "SELECT nothing FROM nowhere"):
            with pytest.raises(AssistantFault, match=f"The query is: {query}"):
                database.value(query)
