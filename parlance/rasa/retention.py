"""What a server of conversations forgets: what is old, and what somebody has had erased.

Channels add their stores; the server's conversations and where erasures come from are added by the channel
``parlance.channels.retention.RetentionInput``. What cannot be forgotten now is tried again.
"""

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from rasa.core.agent import Agent
from sanic import Sanic

logger = logging.getLogger(__name__)

ERASURES_SECONDS = 15.0
OLD_SECONDS = 3600.0
LOCK_SECONDS = 30.0


@dataclass(frozen=True)
class Erased:
    """Of whom nothing is to be left: ids of conversations and of pictures, and e-mail addresses in lower case."""

    conversations: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    pictures: frozenset[str] = frozenset()

    def __or__(self, other: "Erased") -> "Erased":
        return Erased(
            self.conversations | other.conversations, self.emails | other.emails, self.pictures | other.pictures
        )


class Keeper(ABC):
    """A store. Its methods may be called again after they have failed, or have done everything."""

    async def find(self, erased: Erased) -> Erased:
        """What else belongs to it, as this store knows; by default nothing."""
        return Erased()

    async def of_others(self, erased: Erased) -> frozenset[str]:
        """Those of the pictures that were sent in conversations which stay, as this store knows: anybody may have named
        their ids. By default none."""
        return frozenset()

    @abstractmethod
    async def forget(self, erased: Erased) -> None:
        """Remove it, so that it stands in no file any more."""

    @abstractmethod
    async def forget_old(self) -> None:
        """Remove what is older than it is kept for."""


class Erasure(Protocol):
    """What a source of erasures asks for, with a number of its own for when it is done."""

    id: int
    conversations: list[str]
    emails: list[str]
    pictures: list[str]


@dataclass(frozen=True)
class Source:
    """Where erasures come from; both functions may wait for a database, and are called in a thread."""

    waiting: Callable[[], Iterable[Erasure]]
    done: Callable[[int], None]


class Retention:
    """The stores of one server, and the task that has them forget."""

    def __init__(self, app: Sanic) -> None:
        self._app = app
        self._keepers: dict[str, Keeper] = {}
        self._sources: list[Source] = []
        self._chores: list[Callable[[], None]] = []
        self.conversation_days: float | None = None
        """For how long Rasa's conversations are kept; None is for good."""
        self._failing: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def add(self, name: str, keeper: Keeper) -> None:
        """A store; one of a name."""
        self._keepers[name] = keeper
        if self._task is None:
            self._task = asyncio.ensure_future(self._run())

    def add_source(self, source: Source) -> None:
        """Somewhere that erasures come from."""
        self._sources.append(source)

    def add_chore(self, chore: Callable[[], None]) -> None:
        """A function that is called every hour, in a thread."""
        self._chores.append(chore)

    async def stop(self) -> None:
        """End the task; what it was at is done after the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        next_old = 0.0
        while True:
            for source in self._sources:
                await self._attempt("what was erased", self._follow(source))
            if time.monotonic() >= next_old:
                next_old = time.monotonic() + OLD_SECONDS
                for name, keeper in list(self._keepers.items()):
                    await self._attempt(f"what is old ({name})", keeper.forget_old())
                for chore in self._chores:
                    await self._attempt(f"what is old ({chore.__module__})", asyncio.to_thread(chore))
            await asyncio.sleep(ERASURES_SECONDS)

    async def _attempt(self, what: str, work: Awaitable[Any]) -> None:
        """Do something that is tried again; a failure is in the log once, until it is over."""
        try:
            await work
            self._failing.discard(what)
        except Exception as error:
            # Whatever a store or a shop raises: the others are to forget all the same.
            if what not in self._failing:
                logger.error("The server cannot forget %s, and tries again: %s", what, error, exc_info=error)
            self._failing.add(what)

    async def _follow(self, source: Source) -> None:
        for erasure in await asyncio.to_thread(lambda: list(source.waiting())):
            erased = Erased(*map(frozenset, (erasure.conversations, erasure.emails, erasure.pictures)))
            await self.erase(erased)
            await asyncio.to_thread(source.done, erasure.id)
            logger.info("Erasure %d is done.", erasure.id)

    async def erase(self, erased: Erased) -> None:
        """Have every store forget somebody.

        Raises:
            Exception: What a store raises that cannot; the others may have done it.
        """
        keepers = list(self._keepers.values())
        for _ in ("conversations", "their pictures"):  # each store may know of conversations that the others do not
            for keeper in keepers:
                erased |= await keeper.find(erased)
        for keeper in keepers:
            erased = Erased(erased.conversations, erased.emails, erased.pictures - await keeper.of_others(erased))
        agent: Agent = self._app.ctx.agent
        for conversation in sorted(erased.conversations):
            # Whoever is answered there now is answered first: what is in the midst of a turn is written at its end.
            async with agent.lock_store.lock(conversation, LOCK_SECONDS):
                for keeper in keepers:
                    await keeper.forget(Erased(frozenset({conversation})))
        for keeper in keepers:
            await keeper.forget(Erased(emails=erased.emails, pictures=erased.pictures))


def retention_of(app: Sanic) -> Retention:
    """The retention of a server, which ends with it."""
    if not hasattr(app.ctx, "retention"):
        app.ctx.retention = Retention(app)
    retention: Retention = app.ctx.retention
    return retention
