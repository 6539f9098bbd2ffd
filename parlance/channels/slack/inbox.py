"""From what Slack delivers to what is answered: each delivery once, in order, and never lost."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from rasa.core.agent import Agent
from sqlalchemy.exc import SQLAlchemyError

from parlance.channels.core.deliveries import Delivery, DeliveryLog
from parlance.channels.core.ordered_jobs import OrderedJobs
from parlance.channels.core.turns import MOST_TRIES
from parlance.channels.slack.incoming import READERS, Incoming, Message, Place

RETRY_SECONDS = 2.0
WATCH_SECONDS = 2.0

Result = TypeVar("Result")

logger = logging.getLogger(__name__)


class SlackInbox:
    """Takes deliveries on, and has them answered.

    Args:
        deliveries: The inbox of this and every other process.
        agent: The agent that is loaded at the moment, or None while it is not.
    """

    def __init__(self, deliveries: DeliveryLog, agent: Callable[[], Agent | None]) -> None:
        self._deliveries = deliveries
        self._agent = agent
        self._answer: Callable[[Incoming, bool], Awaitable[None]]
        self._give_up: Callable[[Incoming], Awaitable[None]]
        self._jobs = OrderedJobs()
        self._watching: asyncio.Task[None] | None = None

    def start(
        self, answer: Callable[[Incoming, bool], Awaitable[None]], give_up: Callable[[Incoming], Awaitable[None]]
    ) -> None:
        """Answer what comes, and what a process that is gone has left pending, now and whenever one goes.

        Args:
            answer: Answers a delivery, which may have been tried before, and returns once Slack has the answer.
            give_up: Tells of a delivery that is set aside.
        """
        self._answer, self._give_up = answer, give_up
        self._watching = asyncio.ensure_future(self._watch())

    async def _watch(self) -> None:
        while True:
            try:
                await self._deliveries.renew()
                # Without a model nothing can be answered yet.
                for order, until in await self._deliveries.abandoned() if self._agent() else []:
                    self._jobs.put(order, partial(self._work, order, until))
            except SQLAlchemyError as error:
                logger.warning("Pending messages of Slack cannot be looked for just now: %s", error)
            await asyncio.sleep(WATCH_SECONDS)

    async def accept(self, incoming: Incoming, kind: str, payload: dict[str, Any]) -> None:
        """Take a delivery on. Returns once it is stored; the answer comes later.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: It cannot be stored, so Slack should deliver it again.
        """
        received_at = self._deliveries.stamp()
        storing = asyncio.ensure_future(self._store(incoming, kind, payload, received_at))
        # Queued before anything is waited for, so that the order is that of arrival.
        self._jobs.put(incoming.order, partial(self._work, incoming.order, received_at, storing))
        await asyncio.shield(storing)

    async def _store(self, incoming: Incoming, kind: str, payload: dict[str, Any], received_at: float) -> None:
        if isinstance(incoming, Message) and not incoming.is_addressed and not await self._takes_part(incoming.place):
            return
        stored = {"kind": kind, "payload": payload}
        await self._deliveries.take_in(incoming.keys, incoming.order, stored, received_at)

    async def _takes_part(self, place: Place) -> bool:
        """Whether the bot and this person have spoken in a thread before; then no mention is needed."""
        agent = self._agent()
        return agent is not None and bool(await agent.tracker_store.exists(place.conversation_id))

    async def _work(self, order: str, until: float, storing: "asyncio.Future[None] | None" = None) -> None:
        """Answer what is pending of an order, up to a delivery, which may be on its way into the inbox."""
        try:
            await storing if storing else None
        except Exception:
            logger.exception("A delivery of Slack cannot be stored; Slack is asked to deliver it again.")
            return
        while delivery := await self._until_stored(partial(self._deliveries.next, order, until)):
            try:
                await self._deal_with(delivery)
            except Exception:
                logger.exception("Delivery %s of Slack failed, try %d.", delivery.key, delivery.tries)
                await asyncio.sleep(RETRY_SECONDS)

    async def _deal_with(self, delivery: Delivery) -> None:
        """Answers, and marks that as done once Slack has the answer.

        A process that dies between the two answers again after it: at least once, rather than never.
        """
        incoming = READERS[delivery.payload["kind"]](delivery.payload["payload"])
        if incoming is not None and delivery.tries > MOST_TRIES:
            logger.error("Delivery %s of Slack failed %d times and is set aside.", delivery.key, MOST_TRIES)
            await self._deliveries.set_aside(delivery.key)
            await self._give_up(incoming)
            return
        if incoming is not None:
            await self._answer(incoming, delivery.tries > 1)
        await self._until_stored(partial(self._deliveries.finish, delivery.key))

    async def _until_stored(self, call: Callable[[], Awaitable[Result]]) -> Result:
        """A call of the inbox, again while the database is away: what is pending must not be forgotten for that."""
        while True:
            try:
                return await call()
            except SQLAlchemyError as error:
                logger.error("The inbox of Slack's deliveries cannot be used just now: %s", error)
                await asyncio.sleep(RETRY_SECONDS)

    async def finish(self, seconds: float) -> None:
        """Wait for turns that are under way, at most so long; the rest stays pending."""
        unfinished = await self._jobs.finish(seconds)
        if unfinished:
            logger.warning("%d Slack conversations were not answered before the server stopped.", unfinished)

    async def release(self) -> None:
        """Leave what is still pending to the next process, at once."""
        if self._watching is not None:
            self._watching.cancel()
        try:
            await self._deliveries.release()
        except SQLAlchemyError as error:
            logger.warning("Pending messages of Slack are left to the next process a little later: %s", error)
