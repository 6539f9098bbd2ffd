"""One message through the assistant: whatever becomes of it, the channel learns in time whether to apologise."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage

from parlance.channels.core.payloads import storable_message

MOST_TRIES = 3
"""How often a message is given to the assistant; after that many failures or ends of the server it is set aside."""

OnNewMessage = Callable[[UserMessage], Awaitable[Any]]
"""Rasa's handler of one message."""

logger = logging.getLogger(__name__)


async def give(message: UserMessage, on_new_message: OnNewMessage, seconds: float) -> bool:
    """Gives a message to the assistant; whether that went well, in time."""

    async def turn() -> bool:
        await on_new_message(storable_message(message))
        return True

    return await in_time(turn(), message.sender_id, seconds)


async def in_time(turn: Awaitable[bool], conversation: str, seconds: float) -> bool:
    """What a turn returns; False where it fails or takes too long, which is logged."""
    try:
        return await asyncio.wait_for(turn, seconds)
    except asyncio.TimeoutError:
        logger.error("There was no answer in the conversation '%s' within %g seconds.", conversation, seconds)
    except (Exception, SystemExit):
        # Whatever it was, the customer must hear something, and the next message have its turn. Rasa exits where it
        # takes a fault for one of the configuration.
        logger.exception("A message in the conversation '%s' failed.", conversation)
    return False


async def is_paused(agent: Agent | None, conversation: str) -> bool:
    """Whether an action has paused a conversation, because a person has taken it over: silence is on purpose."""
    tracker = await agent.tracker_store.retrieve(conversation) if agent else None
    return tracker is not None and bool(tracker.is_paused())
