"""Thumbs up and down on answers: each is a record, with what the assistant had understood.

A record belongs to its conversation: it is kept as long as Rasa's conversations are, and erased with its own.
"""

import asyncio
import json
import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from typing import Any

from rasa.core.agent import Agent
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy import Column, Float, MetaData, String, Table, Text, delete, func, insert, or_, select
from sqlalchemy.exc import IntegrityError

from parlance.channels.core.databases import Database
from parlance.rasa.retention import Erased, Keeper, Retention
from parlance.rasa.tracker_retention import names

FEEDBACK_DATABASE = "sqlite:///feedback.db"

_metadata = MetaData()
_feedback = Table(
    "channel_feedback",
    _metadata,
    Column("conversation", String(255), primary_key=True),
    Column("id", String(255), primary_key=True),
    Column("channel", String(32), nullable=False),
    Column("rating", String(8), nullable=False),
    Column("message", String(255), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Float, nullable=False, index=True),
    Column("model", String(255)),
    Column("understood", Text),
)


@dataclass(frozen=True)
class Thumb:
    """A thumb as a channel has it.

    Attributes:
        id: Its own; one that comes twice is kept once.
        rating: ``up`` or ``down``.
        message: The answer's id in the channel.
        text: What the answer says.
    """

    conversation: str
    id: str
    channel: str
    rating: str
    message: str
    text: str


class FeedbackStore(Database):
    """The records of every channel, and the one way to them."""

    tables = _metadata
    what = "feedback"

    async def take(self, thumb: Thumb, answers: str, agent: Agent) -> bool:
        """Keep a thumb; whether its conversation is still there to be kept with.

        Args:
            thumb: As it was given.
            answers: The id of the message that the answer was given to; empty where it was said unasked.
            agent: The agent that is loaded.
        """
        # Under the lock no erasure comes between the look at the conversation and the record.
        async with agent.lock_store.lock(thumb.conversation):
            tracker = await agent.tracker_store.retrieve(thumb.conversation)
            if tracker is None:
                return False
            asked = _message(tracker, answers)
            if answers and asked is None:  # of an earlier session
                asked = _message(await agent.tracker_store.retrieve_full_tracker(thumb.conversation), answers)
            model = asked.metadata.get("model_id") if asked else None
            understood = json.dumps(_understood(asked), ensure_ascii=False) if asked else None
            record = {**asdict(thumb), "at": time.time(), "model": model or agent.model_id, "understood": understood}
            await asyncio.to_thread(self._add, record)
        return True

    def _add(self, record: dict[str, Any]) -> None:
        try:
            self._run(insert(_feedback).values(**record))
        except IntegrityError:
            pass  # it is there already

    def naming(self, emails: Collection[str]) -> set[str]:
        """The conversations of which a record says one of these addresses."""
        found: set[str] = set()
        with self._engine.connect() as connection:
            for email in emails:
                said = (_feedback.c.text, func.coalesce(_feedback.c.understood, ""))
                is_likely = or_(*(func.lower(column).contains(email, autoescape=True) for column in said))
                rows = connection.execute(select(_feedback.c.conversation, *said).where(is_likely))
                found |= {row[0] for row in rows if names(row[1], email) or names(row[2], email)}
        return found

    def forget(self, conversations: Collection[str]) -> None:
        """Remove the records of conversations."""
        self._run(delete(_feedback).where(_feedback.c.conversation.in_(conversations)))

    def forget_before(self, moment: float) -> None:
        """Remove what is older, in seconds since 1970."""
        self._run(delete(_feedback).where(_feedback.c.at < moment))

    def keep_by(self, retention: Retention) -> None:
        """Have a server's retention know of the records, once, whichever channels name them."""
        keeper = FeedbackKeeper(self, lambda: retention.conversation_days)
        retention.add(f"feedback in {self._url!r}", keeper)


class FeedbackKeeper(Keeper):
    """The records as a store of which the server's retention knows.

    Args:
        store: Where they are.
        days: Gives for how long conversations are kept; None is for good.
    """

    def __init__(self, store: FeedbackStore, days: Callable[[], float | None]) -> None:
        self._store = store
        self._days = days

    async def find(self, erased: Erased) -> Erased:
        """The conversations of records that name an address; Rasa may have forgotten that part of them before."""
        return Erased(conversations=frozenset(await asyncio.to_thread(self._store.naming, erased.emails)))

    async def forget(self, erased: Erased) -> None:
        """Remove the records of conversations."""
        if erased.conversations:
            await asyncio.to_thread(self._store.forget, erased.conversations)

    async def forget_old(self) -> None:
        """Remove the records that are older than conversations are kept for."""
        if days := self._days():
            await asyncio.to_thread(self._store.forget_before, time.time() - days * 86_400)


def _message(tracker: DialogueStateTracker | None, id: str) -> UserUttered | None:
    events = reversed(tracker.events) if tracker else ()
    return next((event for event in events if isinstance(event, UserUttered) and event.message_id == id), None)


def _understood(message: UserUttered) -> dict[str, Any]:
    return {
        "text": message.text,
        "intent": message.intent.get("name"),
        "confidence": message.intent.get("confidence"),
        "entities": [{name: entity.get(name) for name in ("entity", "value")} for entity in message.entities],
    }
