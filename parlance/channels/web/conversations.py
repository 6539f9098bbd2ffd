"""Turns of conversations: each visitor's messages are answered one after the other, and every browser is told."""

import asyncio
import logging
import sqlite3
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from parlance.channels.core.ordered_jobs import OrderedJobs
from parlance.channels.core.turns import MOST_TRIES, in_time
from parlance.channels.web.store import ConversationStore, Entry

logger = logging.getLogger(__name__)

Turn = Callable[[Entry], Awaitable[bool]]

APOLOGY = {
    "code": "unavailable",
    "text": "I'm sorry, something went wrong on our side and I can't answer just now. Please try again in a moment.",
}
SET_ASIDE = {
    "code": "set_aside",
    "text": "I'm sorry, something in your last message keeps going wrong on our side, so I have set it aside. "
    "Please say it in other words.",
}


class Conversations:
    """The conversations of one server process.

    Args:
        file: Where they are kept.
        seconds: How long an answer may take before the visitor gets an apology instead.
    """

    store: ConversationStore
    """There once the server starts."""

    def __init__(self, file: Path, seconds: float) -> None:
        self._file = file
        self._seconds = seconds
        self._take_turn: Turn
        self._jobs = OrderedJobs(when_done=self._tell)
        self._listeners: dict[str, set[asyncio.Event]] = {}

    def check(self) -> None:
        """Looks at the file: a server that is starting would show a traceback of what is wrong with it.

        Raises:
            ParlanceError: It is damaged, or cannot be made.
        """
        ConversationStore(self._file).close()

    def open(self, take_turn: Turn) -> None:
        """Opens the file, for this thread.

        Args:
            take_turn: Answers a pending entry; whether it said anything, or had no need to.
        """
        self.store = ConversationStore(self._file)
        self._take_turn = take_turn

    # what is said -------------------------------------------------------------------------------------------------

    def say(self, conversation: str, kind: str, body: Mapping[str, Any], id: str | None = None) -> Entry | None:
        """Adds to the log what needs no answer, and tells every browser; None where the id is known."""
        entry = self.store.append(conversation, id or uuid.uuid4().hex, kind, dict(body))
        self._tell(conversation)
        return entry

    def take_in(self, conversation: str, kind: str, body: Mapping[str, Any], id: str) -> Entry | None:
        """Takes in what is to be answered, after all that was taken in before; None where the id is known."""
        entry = self.store.append(conversation, id, kind, dict(body), pending=True)
        if entry:
            self._queue(entry)
            self._tell(conversation)
        return entry

    async def resume(self, was_answered: Callable[[Entry], Awaitable[bool]]) -> None:
        """Answers what was taken in before the server stopped, but for what was answered by then."""
        for entry in self.store.pending():
            try:
                answered = await was_answered(entry)
            except Exception:
                # One conversation that cannot be read must not keep the server from starting.
                logger.exception("Whether message %s was answered cannot be found out.", entry.id)
                answered = False
            if answered:
                self.store.finish(entry)
            else:
                self._queue(entry)

    def waiting(self, conversation: str) -> int:
        """How many entries wait for their turn."""
        return self._jobs.waiting(conversation)

    def is_typing(self, conversation: str) -> bool:
        """Whether an answer is on its way."""
        return self._jobs.is_busy(conversation)

    async def close(self, seconds: float = 5.0) -> None:
        """Lets running turns end, for a while; what is not done then is resumed at the next start."""
        await self._jobs.finish(seconds)
        self.store.close()

    # turns --------------------------------------------------------------------------------------------------------

    def _queue(self, entry: Entry) -> None:
        self._jobs.put(entry.conversation, partial(self._answer, entry))

    async def _answer(self, entry: Entry) -> None:
        try:
            tries = self.store.begin(entry)
            if tries == 0:
                return  # forgotten while it waited
            if tries > MOST_TRIES:
                logger.error("Message %s ended the server %d times and is set aside.", entry.id, MOST_TRIES)
                self.say(entry.conversation, "notice", {**SET_ASIDE, "to": entry.id})
            elif not await in_time(self._take_turn(entry), entry.conversation, self._seconds):
                self.say(entry.conversation, "notice", {**APOLOGY, "to": entry.id})
            self.store.finish(entry)
        except sqlite3.Error:
            # It stays pending until the next start; those that wait behind it have their turn.
            logger.exception("What became of message %s cannot be stored.", entry.id)

    # browsers -----------------------------------------------------------------------------------------------------

    @contextmanager
    def listen(self, conversation: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever there may be something new to read."""
        news = asyncio.Event()
        news.set()
        self._listeners.setdefault(conversation, set()).add(news)
        try:
            yield news
        finally:
            listeners = self._listeners[conversation]
            listeners.discard(news)
            if not listeners:
                del self._listeners[conversation]

    def listeners(self, conversation: str) -> int:
        """How many browsers are listening."""
        return len(self._listeners.get(conversation, ()))

    def _tell(self, conversation: str) -> None:
        for news in self._listeners.get(conversation, ()):
            news.set()
