"""What was said in the web chat, kept in a database so that nothing is lost, doubled or crossed.

Each conversation is a numbered log. A browser that was away asks for what came after the last number that it has; a
message that arrives twice is known by the id that the browser gave it; one that was taken in but not yet answered when
the server stopped is ``pending`` and is answered after the start.
"""

import json
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    delete,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

ATTEMPTS = 20

_metadata = MetaData()
_conversations = Table(
    "web_conversations",
    _metadata,
    Column("id", String(80), primary_key=True),
    Column("owner", String(254)),
    Column("used_at", Float, nullable=False),
)
_entries = Table(
    "web_entries",
    _metadata,
    Column("conversation", String(80), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("pending", Boolean, nullable=False, index=True),
    UniqueConstraint("conversation", "id"),
)
_uploads = Table(
    "web_uploads",
    _metadata,
    Column("id", String(64), primary_key=True),
    Column("conversation", String(80), nullable=False),
    Column("name", String(200), nullable=False),
    Column("type", String(60), nullable=False),
    Column("size", Integer, nullable=False),
)


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


@dataclass(frozen=True)
class Upload:
    """A picture that a visitor sent; ``size`` in bytes."""

    id: str
    conversation: str
    name: str
    type: str
    size: int


class ConversationStore:
    """The database behind the web chat. Its methods block for a moment: call them from a thread of their own.

    Args:
        url: Where it is, as SQLAlchemy writes addresses: ``sqlite:///web_chat.db``.
    """

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, future=True, pool_pre_ping=not url.startswith("sqlite"))
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _use_write_ahead_log)
        _metadata.create_all(self._engine)

    def close(self) -> None:
        """Closes the connections."""
        self._engine.dispose()

    # conversations ------------------------------------------------------------------------------------------------

    def start(self, conversation: str, owner: str | None) -> None:
        """Opens a conversation; ``owner`` is the e-mail address of a signed-in customer."""
        with self._engine.begin() as connection:
            connection.execute(insert(_conversations).values(id=conversation, owner=owner, used_at=time.time()))

    def admits(self, conversation: str, customer: str | None) -> bool:
        """Whether a customer (None: nobody in particular) may use a conversation.

        The first signed-in customer who uses an anonymous conversation becomes its owner, and from then on nobody
        else may use it: the next customer at the same computer does not see it.
        """
        table = _conversations
        with self._engine.begin() as connection:
            row = connection.execute(select(table.c.owner).where(table.c.id == conversation)).first()
            if row is None:
                return False
            if row.owner is None and customer:
                unowned = (table.c.id == conversation) & table.c.owner.is_(None)
                return connection.execute(update(table).where(unowned).values(owner=customer)).rowcount == 1
            return bool(row.owner == customer)

    # the log ------------------------------------------------------------------------------------------------------

    def append(
        self, conversation: str, id: str, kind: str, body: dict[str, Any], pending: bool = False
    ) -> Entry | None:
        """Adds an entry; None where the conversation has one with this id already."""
        for _ in range(ATTEMPTS):
            try:
                with self._engine.begin() as connection:
                    return self._append(connection, conversation, id, kind, body, pending)
            except IntegrityError:
                # Either the id is known, or another process took the number first.
                if self.entry(conversation, id):
                    return None
        raise RuntimeError(f"Conversation {conversation} is written to by too many at once.")

    def _append(
        self, connection: Connection, conversation: str, id: str, kind: str, body: dict[str, Any], pending: bool
    ) -> Entry:
        last = select(func.max(_entries.c.number)).where(_entries.c.conversation == conversation)
        number = (connection.execute(last).scalar() or 0) + 1
        entry = Entry(conversation, number, id, kind, body, time.time())
        connection.execute(
            insert(_entries).values(
                conversation=conversation,
                number=number,
                id=id,
                kind=kind,
                body=json.dumps(body, ensure_ascii=False),
                at=entry.at,
                pending=pending,
            )
        )
        connection.execute(update(_conversations).where(_conversations.c.id == conversation).values(used_at=entry.at))
        return entry

    def finish(self, entry: Entry) -> None:
        """Marks an entry as dealt with."""
        this = (_entries.c.conversation == entry.conversation) & (_entries.c.number == entry.number)
        with self._engine.begin() as connection:
            connection.execute(update(_entries).where(this).values(pending=False))

    def after(self, conversation: str, number: int, limit: int = 200) -> list[Entry]:
        """The entries after a number, oldest first; of more than ``limit`` the newest."""
        wanted = (_entries.c.conversation == conversation) & (_entries.c.number > number)
        query = select(_entries).where(wanted).order_by(_entries.c.number.desc()).limit(limit)
        with self._engine.connect() as connection:
            return [_entry(row) for row in connection.execute(query)][::-1]

    def entry(self, conversation: str, id: str) -> Entry | None:
        """The entry with an id."""
        this = (_entries.c.conversation == conversation) & (_entries.c.id == id)
        with self._engine.connect() as connection:
            row = connection.execute(select(_entries).where(this)).first()
        return _entry(row) if row else None

    def last_restart(self, conversation: str) -> int:
        """The number of the entry in which the visitor last started over; 0 for never."""
        restarts = (_entries.c.conversation == conversation) & (_entries.c.kind == "restart")
        with self._engine.connect() as connection:
            return connection.execute(select(func.max(_entries.c.number)).where(restarts)).scalar() or 0

    def pending(self) -> list[Entry]:
        """What was taken in and not dealt with, oldest first."""
        query = select(_entries).where(_entries.c.pending.is_(True)).order_by(_entries.c.at, _entries.c.number)
        with self._engine.connect() as connection:
            return [_entry(row) for row in connection.execute(query)]

    # uploads ------------------------------------------------------------------------------------------------------

    def add_upload(self, upload: Upload) -> None:
        """Remembers whose a stored picture is."""
        with self._engine.begin() as connection:
            connection.execute(insert(_uploads).values(**vars(upload)))

    def upload(self, id: str) -> Upload | None:
        """The upload with an id."""
        with self._engine.connect() as connection:
            row = connection.execute(select(_uploads).where(_uploads.c.id == id)).first()
        return Upload(**row._mapping) if row else None

    # keeping it small ---------------------------------------------------------------------------------------------

    def forget(self, before: float) -> int:
        """Removes the conversations that nobody has used since ``before`` (seconds since 1970); how many.

        The pictures stay: the claims that they belong to need them.
        """
        old = select(_conversations.c.id).where(_conversations.c.used_at < before).scalar_subquery()
        with self._engine.begin() as connection:
            connection.execute(delete(_entries).where(_entries.c.conversation.in_(old)))
            return int(connection.execute(delete(_conversations).where(_conversations.c.used_at < before)).rowcount)


def _entry(row: Any) -> Entry:
    return Entry(row.conversation, row.number, row.id, row.kind, json.loads(row.body), row.at)


def _use_write_ahead_log(connection: Any, _record: Any) -> None:
    # A commit is then one short write; it survives the end of the process, which is what is promised.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA busy_timeout=5000")
