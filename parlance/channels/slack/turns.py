"""Turns of conversations in Slack."""

import uuid
from collections.abc import Callable
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage

from parlance.channels.core.turns import OnNewMessage, give, is_paused
from parlance.channels.slack.incoming import Place
from parlance.channels.slack.notices import Notices
from parlance.channels.slack.options import SlackOptions
from parlance.channels.slack.output import SlackOutput
from parlance.channels.slack.users import SlackUsers
from parlance.channels.slack.web_api import SlackWeb


class SlackTurns:
    """Gives messages to the assistant.

    Args:
        web: The workspace.
        options: The channel's options.
        users: Signs who somebody is.
        on_new_message: Rasa's handler of one message.
        agent: The agent that is loaded at the moment, or None while it is not.
    """

    def __init__(
        self,
        web: SlackWeb,
        options: SlackOptions,
        users: SlackUsers,
        on_new_message: OnNewMessage,
        agent: Callable[[], Agent | None],
    ) -> None:
        self._web = web
        self._options = options
        self._users = users
        self._on_new_message = on_new_message
        self._agent = agent
        self._notices = Notices(web)

    async def take(
        self, place: Place, user: str, text: str, thread: str = "", metadata: dict[str, Any] | None = None
    ) -> None:
        """One message through Rasa, and an apology where nothing comes back, as when an action fails."""
        conversation, id = place.conversation_id, uuid.uuid4().hex
        output = SlackOutput(self._web, self._options.feedback, thread, id)
        # A thread is read by others, so nobody is recognised there.
        token = None if place.thread else await self._users.token(user)
        metadata = {**(metadata or {}), "client": f"slack {user}", **({"identity_token": token} if token else {})}
        message = UserMessage(text, output, conversation, input_channel=output.name(), message_id=id, metadata=metadata)
        await give(message, self._on_new_message, self._options.answer_seconds)
        if not output.posted and not await is_paused(self._agent(), conversation):
            self._notices.say(place, self._options.texts.apology, thread)
