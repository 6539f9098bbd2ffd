"""A visitor's turns: what was taken in, through the assistant."""

from collections.abc import Callable
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import UserUttered

from parlance.channels.core.feedback import FeedbackStore, Thumb
from parlance.channels.core.payloads import storable_message, typed_text
from parlance.channels.core.turns import OnNewMessage, is_paused
from parlance.channels.web.conversations import Conversations
from parlance.channels.web.options import WebOptions
from parlance.channels.web.output import WebOutput
from parlance.channels.web.store import Entry


class Turns:
    """Answers entries of the log.

    Args:
        agent: The agent that is loaded at the moment.
        on_new_message: Rasa's handler of one message.
    """

    def __init__(
        self,
        options: WebOptions,
        conversations: Conversations,
        feedback: FeedbackStore,
        agent: Callable[[], Agent],
        on_new_message: OnNewMessage,
    ) -> None:
        self._options = options
        self._conversations = conversations
        self._feedback = feedback
        self._agent = agent
        self._on_new_message = on_new_message
        self.unstored: dict[tuple[str, str], dict[str, str]] = {}
        """Metadata that is not kept, by the conversation and the message's id."""

    async def take(self, entry: Entry) -> bool:
        """Gives an entry to the assistant; whether there was an answer, or none was due."""
        if entry.kind == "feedback":
            await self._keep_feedback(entry)
            return True
        output = WebOutput(self._conversations, to=entry.id)
        metadata: dict[str, Any] = {name: entry.body[name] for name in ("attachment", "locale") if name in entry.body}
        metadata.update(self.unstored.pop((entry.conversation, entry.id), {}))
        is_restart = entry.kind == "restart"
        text = self._options.restart_message if is_restart else await self._text_of(entry)
        message = UserMessage(
            text, output, entry.conversation, input_channel=output.name(), message_id=entry.id, metadata=metadata
        )
        await self._on_new_message(storable_message(message))
        return is_restart or output.said > 0 or await is_paused(self._agent(), entry.conversation)

    async def _text_of(self, entry: Entry) -> str:
        """What the assistant gets for a message: a payload only where the visitor cannot have made it up."""
        text: str = entry.body["message"]
        if "attachment" in entry.body:
            return text
        options = self._options
        return await typed_text(text, entry.conversation, self._agent(), options.payloads, options.page_payloads)

    async def _keep_feedback(self, entry: Entry) -> None:
        answer = self._conversations.store.entry(entry.conversation, entry.body["answer"])
        said = answer.body if answer else {}
        thumb = Thumb(
            entry.conversation,
            entry.id,
            WebOutput.name(),
            rating=entry.body["rating"],
            message=entry.body["answer"],
            text=said.get("text", ""),
        )
        await self._feedback.take(thumb, said.get("to", ""), self._agent())

    async def was_answered(self, entry: Entry) -> bool:
        """Whether an entry was answered before the server stopped: the tracker is written at the end of a turn."""
        tracker = await self._agent().tracker_store.retrieve(entry.conversation)
        events = tracker.events if tracker else ()
        return any(isinstance(event, UserUttered) and event.message_id == entry.id for event in events)
