"""Turns of conversations: each visitor's messages are answered one after the other, and every browser is told."""

import asyncio
import logging
import sqlite3
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rasa.core.channels.channel import OutputChannel

from parlance.channels.web.rendering import bubbles
from parlance.channels.web.store import ConversationStore, Entry

logger = logging.getLogger(__name__)

Turn = Callable[[Entry], Awaitable[bool]]

NEW_VISIT = "new_visit"
"""The type of a custom response with which an action says that whoever writes next may be somebody else."""

MOST_TRIES = 3
"""How often a message is given to the assistant; after that many ends of the server in its midst it is set aside."""

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
        store: Where they are kept.
        take_turn: Answers a pending entry; whether it said anything, or had no need to.
        seconds: How long an answer may take before the visitor gets an apology instead.
    """

    def __init__(self, store: ConversationStore, take_turn: Turn, seconds: float) -> None:
        self.store = store
        self._take_turn = take_turn
        self._seconds = seconds
        self._waiting: dict[str, deque[Entry]] = {}
        self._turns: dict[str, asyncio.Task[None]] = {}
        self._listeners: dict[str, set[asyncio.Event]] = {}

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
        return len(self._waiting.get(conversation, ()))

    def is_typing(self, conversation: str) -> bool:
        """Whether an answer is on its way."""
        return conversation in self._turns

    async def close(self, seconds: float = 5.0) -> None:
        """Lets running turns end, for a while; what is not done then is resumed at the next start."""
        if self._turns:
            await asyncio.wait(self._turns.values(), timeout=seconds)
        for turn in self._turns.values():
            turn.cancel()
        if self._turns:
            await asyncio.wait(self._turns.values(), timeout=1.0)
        self.store.close()

    # turns --------------------------------------------------------------------------------------------------------

    def _queue(self, entry: Entry) -> None:
        self._waiting.setdefault(entry.conversation, deque()).append(entry)
        if entry.conversation not in self._turns:
            self._turns[entry.conversation] = asyncio.ensure_future(self._take_turns(entry.conversation))

    async def _take_turns(self, conversation: str) -> None:
        waiting = self._waiting[conversation]
        try:
            while waiting:
                entry = waiting.popleft()
                try:
                    tries = self.store.begin(entry)
                    if tries == 0:
                        continue  # forgotten while it waited
                    if tries > MOST_TRIES:
                        logger.error("Message %s ended the server %d times and is set aside.", entry.id, MOST_TRIES)
                        self.say(conversation, "notice", {**SET_ASIDE, "to": entry.id})
                    elif not await self._answered(entry):
                        self.say(conversation, "notice", {**APOLOGY, "to": entry.id})
                    self.store.finish(entry)
                except sqlite3.Error:
                    # It stays pending until the next start; those that wait behind it have their turn.
                    logger.exception("What became of message %s cannot be stored.", entry.id)
        finally:
            del self._waiting[conversation], self._turns[conversation]
            self._tell(conversation)

    async def _answered(self, entry: Entry) -> bool:
        try:
            return await asyncio.wait_for(self._take_turn(entry), self._seconds)
        except asyncio.TimeoutError:
            logger.error("There was no answer to message %s within %g seconds.", entry.id, self._seconds)
        except (Exception, SystemExit):
            # Whatever it was, the visitor must hear something, and the next message have its turn. Rasa exits where
            # it takes a fault for one of the configuration.
            logger.exception("Message %s could not be answered.", entry.id)
        return False

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


class WebOutput(OutputChannel):
    """Puts what the assistant says into the log; ``said`` counts bubbles.

    Args:
        conversations: Where it is put.
        to: The id of the message that is answered; None for what the assistant says of itself.
    """

    def __init__(self, conversations: Conversations, to: str | None = None) -> None:
        self._conversations = conversations
        self._to = to
        self.said = 0

    @classmethod
    def name(cls) -> str:
        return "web"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Every kind of response, whole: see ``rendering``. A ``new_visit`` takes from view what was said before."""
        if (message.get("custom") or {}).get("type") == NEW_VISIT:
            self._conversations.say(recipient_id, "restart", {})
            return
        for body in bubbles(message):
            self._conversations.say(recipient_id, "bot", {**body, "to": self._to} if self._to else body)
            self.said += 1

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        """A text that does not come as a response."""
        await self.send_response(recipient_id, {"text": text})

    async def send_image_url(self, recipient_id: str, image: str, **kwargs: Any) -> None:
        """A picture that does not come as a response."""
        await self.send_response(recipient_id, {"image": image})

    async def send_custom_json(self, recipient_id: str, json_message: dict[str, Any], **kwargs: Any) -> None:
        """A payload that does not come as a response."""
        await self.send_response(recipient_id, {"custom": json_message})
