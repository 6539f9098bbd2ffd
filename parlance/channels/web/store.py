"""What was said in the web chat, kept in a SQLite file so that nothing is lost, doubled or crossed.

Each conversation is a numbered log. A browser that was away asks for what came after the last number that it has; a
message that arrives twice is known by the id that the browser gave it; one that was taken in but not yet answered when
the server stopped is ``pending`` and is answered after the start.

The module speaks to SQLite directly: a call takes about 0.1 ms, so that none needs a thread, and an answer waits for
several of them. Through SQLAlchemy the same calls took one to four.
"""

import json
import sqlite3
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parlance.channels.core.uploads import StoredUpload
from parlance.errors import ParlanceError
from parlance.sqlite_files import damage_of, how_to_save

BUSY_SECONDS = 5.0
SCHEMA = """
CREATE TABLE IF NOT EXISTS conversations (id TEXT PRIMARY KEY, owner TEXT, used_at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (
    conversation TEXT NOT NULL, number INTEGER NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    at REAL NOT NULL, pending INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation, number), UNIQUE (conversation, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pending_entries ON entries (at) WHERE pending;
CREATE TABLE IF NOT EXISTS uploads (
    id TEXT PRIMARY KEY, conversation TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, size INTEGER NOT NULL
) WITHOUT ROWID;
"""
ENTRY = "SELECT conversation, number, id, kind, body, at FROM entries"


@dataclass(frozen=True)
class Entry:
    """A line of a conversation's log.

    ``number`` counts from 1 in each conversation. ``kind`` is ``user``, ``bot``, ``notice`` (said by the channel, not
    by the assistant), ``feedback`` (a thumb) or ``restart``. ``at`` is in seconds since 1970.
    """

    conversation: str
    number: int
    id: str
    kind: str
    body: dict[str, Any]
    at: float


class ConversationStore:
    """The database behind the web chat, for one thread.

    Args:
        file: Where it is; made where it is not there yet.

    Raises:
        ParlanceError: It cannot be made, or is no whole database; then it stays as it is.
    """

    def __init__(self, file: Path) -> None:
        if damage := damage_of(file, thoroughly=True):
            raise ParlanceError(
                f"The web chat's conversations in {file} cannot be read: {damage}. The file was left as it is.",
                how_to_save(file),
            )
        try:
            self._db = sqlite3.connect(file, isolation_level=None, timeout=BUSY_SECONDS)
            # A commit is then one short write; it survives the end of the process, which is what is promised.
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            # What is removed is overwritten in the file, not only marked as free.
            self._db.execute("PRAGMA secure_delete=ON")
            self._db.executescript(SCHEMA)
            # A file of before tries were counted.
            if "tries" not in {column[1] for column in self._db.execute("PRAGMA table_info(entries)")}:
                self._db.execute("ALTER TABLE entries ADD COLUMN tries INTEGER NOT NULL DEFAULT 0")
        except sqlite3.Error as error:
            raise ParlanceError(
                f"The web chat cannot keep conversations in {file}: {error}.",
                "Make its folder, or make it writable; or name another file as the option database.",
            ) from error

    def check_writable(self) -> None:
        """Writes something and takes it back.

        Raises:
            sqlite3.Error: It does not work.
        """
        with self._transaction():
            self._db.execute("INSERT INTO conversations VALUES ('', NULL, 0)")
            self._db.execute("DELETE FROM conversations WHERE id = ''")

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # conversations ------------------------------------------------------------------------------------------------

    def start(self, conversation: str, owner: str | None) -> None:
        """Opens a conversation; ``owner`` is the e-mail address of a signed-in customer."""
        self._db.execute("INSERT INTO conversations VALUES (?, ?, ?)", (conversation, owner, time.time()))

    def admits(self, conversation: str, customer: str | None) -> bool:
        """Whether a customer (None: nobody in particular) may use a conversation.

        The first signed-in customer who uses an anonymous conversation becomes its owner, and from then on nobody
        else may use it: the next customer at the same computer does not see it.
        """
        row = self._db.execute("SELECT owner FROM conversations WHERE id = ?", (conversation,)).fetchone()
        if row is None:
            return False
        if row[0] is None and customer:
            claim = "UPDATE conversations SET owner = ? WHERE id = ? AND owner IS NULL"
            return self._db.execute(claim, (customer, conversation)).rowcount == 1
        return bool(row[0] == customer)

    def owner(self, conversation: str) -> str | None:
        """The customer who has signed in to a conversation; None where nobody has, or there is no such conversation."""
        row = self._db.execute("SELECT owner FROM conversations WHERE id = ?", (conversation,)).fetchone()
        return row[0] if row else None

    # the log ------------------------------------------------------------------------------------------------------

    def append(
        self, conversation: str, id: str, kind: str, body: dict[str, Any], pending: bool = False
    ) -> Entry | None:
        """Adds an entry; None where the conversation has one with this id already, or is forgotten."""
        with self._transaction():
            known = self._db.execute("SELECT 1 FROM conversations WHERE id = ?", (conversation,)).fetchone()
            if known is None or self.entry(conversation, id):
                return None
            last = "SELECT coalesce(max(number), 0) FROM entries WHERE conversation = ?"
            number = self._db.execute(last, (conversation,)).fetchone()[0] + 1
            entry = Entry(conversation, number, id, kind, body, time.time())
            values = (conversation, number, id, kind, json.dumps(body, ensure_ascii=False), entry.at, pending)
            self._db.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, 0)", values)
            self._db.execute("UPDATE conversations SET used_at = ? WHERE id = ?", (entry.at, conversation))
        return entry

    def begin(self, entry: Entry) -> int:
        """Counts a try to answer a pending entry, before it is made; how many that makes, 0 where it is forgotten."""
        this = (entry.conversation, entry.number)
        self._db.execute("UPDATE entries SET tries = tries + 1 WHERE conversation = ? AND number = ?", this)
        tries = self._db.execute("SELECT tries FROM entries WHERE conversation = ? AND number = ?", this).fetchone()
        return int(tries[0]) if tries else 0

    def finish(self, entry: Entry) -> None:
        """Marks an entry as dealt with."""
        this = (entry.conversation, entry.number)
        self._db.execute("UPDATE entries SET pending = 0 WHERE conversation = ? AND number = ?", this)

    def after(self, conversation: str, number: int, limit: int = 200) -> list[Entry]:
        """The entries after a number, oldest first; of more than ``limit`` the newest."""
        newest = f"{ENTRY} WHERE conversation = ? AND number > ? ORDER BY number DESC LIMIT ?"
        return [_entry(row) for row in self._db.execute(newest, (conversation, number, limit))][::-1]

    def entry(self, conversation: str, id: str) -> Entry | None:
        """The entry with an id."""
        row = self._db.execute(f"{ENTRY} WHERE conversation = ? AND id = ?", (conversation, id)).fetchone()
        return _entry(row) if row else None

    def last_restart(self, conversation: str) -> int:
        """The number of the entry in which the visitor last started over; 0 for never."""
        last = "SELECT coalesce(max(number), 0) FROM entries WHERE conversation = ? AND kind = 'restart'"
        return int(self._db.execute(last, (conversation,)).fetchone()[0])

    def pending(self) -> list[Entry]:
        """What was taken in and not dealt with, that of a conversation in its order, whatever the clock did."""
        return [_entry(row) for row in self._db.execute(f"{ENTRY} WHERE pending ORDER BY number, at")]

    # uploads ------------------------------------------------------------------------------------------------------

    def add_upload(self, conversation: str, upload: StoredUpload) -> None:
        """Remembers whose a stored picture is."""
        values = (upload.id, conversation, upload.name, upload.type, upload.size)
        self._db.execute("INSERT INTO uploads VALUES (?, ?, ?, ?, ?)", values)

    def upload(self, conversation: str, id: str) -> StoredUpload | None:
        """The picture with an id, where it was sent in this conversation."""
        found = "SELECT id, name, type, size FROM uploads WHERE id = ? AND conversation = ?"
        row = self._db.execute(found, (id, conversation)).fetchone()
        return StoredUpload(*row) if row else None

    # forgetting -----------------------------------------------------------------------------------------------------

    def of_owners(self, owners: Collection[str]) -> set[str]:
        """The conversations of signed-in customers, by their e-mail addresses in lower case."""
        marks = ", ".join("?" * len(owners))
        rows = self._db.execute(f"SELECT id FROM conversations WHERE lower(owner) IN ({marks})", tuple(owners))
        return {row[0] for row in rows}

    def uploads_of(self, conversations: Collection[str]) -> set[str]:
        """The ids of the pictures that were sent in conversations."""
        marks = ", ".join("?" * len(conversations))
        rows = self._db.execute(f"SELECT id FROM uploads WHERE conversation IN ({marks})", tuple(conversations))
        return {row[0] for row in rows}

    def uploads_elsewhere(self, uploads: Collection[str], conversations: Collection[str]) -> set[str]:
        """Which of some pictures were sent in other conversations than these."""
        marks = ", ".join("?" * len(uploads))
        rows = self._db.execute(f"SELECT id, conversation FROM uploads WHERE id IN ({marks})", tuple(uploads))
        return {id for id, conversation in rows if conversation not in conversations}

    def forget(self, conversations: Collection[str]) -> None:
        """Removes conversations, so that nothing of them stands in the file or its log any more.

        The pictures themselves are not the store's.

        Raises:
            sqlite3.OperationalError: Somebody else reads the file just now; what is removed still stands in its log.
        """
        self._forget("SELECT value FROM json_each(?)", json.dumps(list(conversations)))
        is_busy = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if is_busy and is_busy[0]:
            raise sqlite3.OperationalError("the write-ahead log is being read")

    def forget_unused(self, before: float) -> None:
        """Removes the conversations that nobody has used since ``before`` (seconds since 1970)."""
        self._forget("SELECT id FROM conversations WHERE used_at < ?", before)

    def _forget(self, which: str, value: str | float) -> None:
        with self._transaction():
            for table, column in (("entries", "conversation"), ("uploads", "conversation"), ("conversations", "id")):
                self._db.execute(f"DELETE FROM {table} WHERE {column} IN ({which})", (value,))


def _entry(row: tuple[str, int, str, str, str, float]) -> Entry:
    conversation, number, id, kind, body, at = row
    return Entry(conversation, number, id, kind, json.loads(body), at)
