"""One request through the assistant, and what is answered to it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.channels.rest import QueueOutputChannel

from parlance.channels.core.turns import OnNewMessage, give, is_paused

APOLOGY = "I'm sorry, something went wrong on our side and I can't answer just now. Please try again in a moment."
STARTED_OVER = "We start from the beginning. What can I do for you?"

logger = logging.getLogger(__name__)


class Turn:
    """One message through Rasa, and never silence: where nothing comes back, an honest sentence does.

    Args:
        message: The message; its output channel is set here.
        agent: The agent that is loaded.
        on_new_message: Rasa's handler.
        seconds: How long the answer may take.
    """

    def __init__(
        self,
        message: UserMessage,
        agent: Agent,
        on_new_message: OnNewMessage,
        seconds: float,
    ) -> None:
        self._message = message
        self._agent = agent
        self._on_new_message = on_new_message
        self._seconds = seconds

    async def whole(self) -> list[dict[str, Any]]:
        """All that was said."""
        output = CollectingOutputChannel()
        failed = await self._run(output)
        said: list[dict[str, Any]] = output.messages
        return said if said and not failed else said + await self._instead(failed)

    async def parts(self) -> AsyncIterator[dict[str, Any]]:
        """What is said, as it is said; the last is an ``error`` where the turn failed."""
        output = QueueOutputChannel()
        running = asyncio.ensure_future(self._run(output))
        # After all that was said, whatever becomes of the turn.
        running.add_done_callback(lambda _: output.messages.put_nowait(None))
        count = 0
        try:
            while (said := await output.messages.get()) is not None:
                count += 1
                yield said
        finally:
            if not running.done():
                running.cancel()
        failed = running.result()
        if failed or not count:
            for said in await self._instead(failed):
                yield {**said, "error": "The message could not be answered."} if failed else said

    async def _run(self, output: CollectingOutputChannel) -> bool:
        """Whether the turn failed."""
        self._message.output_channel = output
        return not await give(self._message, self._on_new_message, self._seconds)

    async def _instead(self, failed: bool) -> list[dict[str, Any]]:
        """What is said where the assistant said nothing, as it also does when an action fails."""
        sender = self._message.sender_id
        try:
            paused = await is_paused(self._agent, sender)
        except Exception:
            logger.exception("The conversation '%s' cannot be read.", sender)
            paused = False
        if paused and not failed:
            return []
        text = STARTED_OVER if self._message.text == "/restart" and not failed else APOLOGY
        return [{"recipient_id": sender, "text": text}]
