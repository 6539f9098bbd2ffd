"""What the Slack channel says and changes itself, past the assistant."""

from typing import Any

from parlance.channels.slack.incoming import AskedElsewhere, Command, Incoming, Message, Place, Press
from parlance.channels.slack.output import SlackOutput
from parlance.channels.slack.rendering import Block, escape, section
from parlance.channels.slack.web_api import SlackWeb


class Notices:
    """Posts in the channel's own name.

    Args:
        web: The workspace.
    """

    def __init__(self, web: SlackWeb) -> None:
        self._web = web

    def say(self, place: Place, text: str, thread: str = "") -> None:
        """Something, to everybody there."""
        escaped = escape(text)
        SlackOutput(self._web, thread=thread).post(place.conversation_id, escaped, [section(escaped)])

    def whisper(self, place: Place, user: str, text: str) -> None:
        """Something that one person alone sees."""
        channel = place.channel
        self._web.send("chat.postEphemeral", channel, channel=channel, user=user, text=text, thread_ts=place.thread)

    def update(self, place: Place, message: dict[str, Any], blocks: list[Block]) -> None:
        """Other blocks in a message that stands there."""
        text, sent = message.get("text") or "", message.get("ts")
        self._web.send("chat.update", place.channel, channel=place.channel, ts=sent, text=text, blocks=blocks)

    async def tell(self, incoming: Incoming, text: str) -> None:
        """Something about a delivery, where it came from."""
        if isinstance(incoming, Message):
            self.say(incoming.place, text, incoming.answer_thread)
        elif isinstance(incoming, Command):
            await self._web.respond(incoming.response_url, text)
        elif isinstance(incoming, Press):
            self.say(incoming.place or await self.direct_messages(incoming.user), text)
        elif isinstance(incoming, AskedElsewhere):
            self.say(incoming.place, text)

    async def direct_messages(self, user: str) -> Place:
        """Where somebody and the bot are alone."""
        return Place((await self._web.call("conversations.open", users=user))["channel"]["id"])
