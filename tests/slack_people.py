"""Who and what is in a Slack workspace, and the payloads of what people do there."""

import html
import itertools
import time
from dataclasses import dataclass, field
from typing import Any

from tests.slack_rules import buttons_of

BOT_USER = "U0FERN"
TEAM = "T0SHOP"


@dataclass
class User:
    id: str
    name: str
    email: str
    is_email_confirmed: bool = True
    team: str = TEAM


@dataclass
class Channel:
    id: str
    messages: list[dict[str, Any]] = field(default_factory=list)


class SlackPeople:
    """A workspace; whoever serves it says at which ``address`` its files are."""

    address: str

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, dict[str, Any]] = {}
        self.file_contents: dict[str, bytes] = {}
        self.homes: dict[str, dict[str, Any]] = {}
        self._counter = itertools.count(1)

    # --- who and what is there ----------------------------------------------------------------------------------------

    def user(self, name: str, email: str = "", **details: Any) -> User:
        user = User(f"U{next(self._counter):05}", name, email, **details)
        self.users[user.id] = user
        return user

    def channel(self) -> str:
        return self.add_channel(f"C{next(self._counter):05}")

    def direct(self, user: User) -> str:
        return self.add_channel(f"D{user.id[1:]}")

    def add_channel(self, name: str) -> str:
        self.channels.setdefault(name, Channel(name))
        return name

    def file(self, data: bytes, name: str, **details: Any) -> dict[str, Any]:
        """A file that somebody has uploaded."""
        number = f"F{next(self._counter):05}"
        self.file_contents[number] = data
        self.files[number] = {
            "id": number,
            "name": name,
            "size": len(data),
            "mode": "hosted",
            "url_private_download": f"{self.address}/files/{number}",
            **details,
        }
        return self.files[number]

    def posted(self, channel: str, thread: str | None = None) -> list[dict[str, Any]]:
        """What the app has posted to a channel, or to one of its threads."""
        return [message for message in self.channels[channel].messages if thread in (None, message.get("thread_ts"))]

    def timestamp(self) -> str:
        return f"{int(time.time())}.{next(self._counter):06}"

    # --- what people do -----------------------------------------------------------------------------------------------

    def message_event(self, user: User, channel: str, text: str, **details: Any) -> dict[str, Any]:
        """The payload of an event for a message somebody writes."""
        kind = {"D": "im", "C": "channel", "G": "group"}[channel[0]]
        event = {"type": "message", "channel": channel, "channel_type": kind, "user": user.id, "text": typed(text)}
        return self.event({**event, "ts": self.timestamp(), **details})

    def mention_event(self, user: User, channel: str, text: str, **details: Any) -> dict[str, Any]:
        event = {"type": "app_mention", "channel": channel, "user": user.id, "text": f"<@{BOT_USER}> {typed(text)}"}
        return self.event({**event, "ts": self.timestamp(), **details})

    def event(self, event: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "event_callback",
            "team_id": TEAM,
            "api_app_id": "A0FERN",
            "event": event,
            "event_id": f"Ev{next(self._counter):08}",
            "event_time": int(time.time()),
            "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True}],
        }

    def press_payload(
        self, user: User, channel: str | None, message: dict[str, Any] | None, title: str
    ) -> dict[str, Any]:
        """The payload of pressing a button, by what is on it, in a message or in the app's home."""
        blocks = message["blocks"] if message else self.homes[user.id]["blocks"]
        action = next(action for action in buttons_of(blocks) if action["text"]["text"] == title)
        return self.interaction(user, channel, message, action)

    def rating_payload(self, user: User, channel: str, message: dict[str, Any], value: str) -> dict[str, Any]:
        block = next(block for block in message["blocks"] if block["type"] == "context_actions")
        action = {"type": "feedback_buttons", "action_id": "feedback", "block_id": block["block_id"], "value": value}
        return self.interaction(user, channel, message, action)

    def interaction(
        self, user: User, channel: str | None, message: dict[str, Any] | None, action: dict[str, Any]
    ) -> dict[str, Any]:
        place = {"channel": {"id": channel, "name": "x"}, "message": message} if channel else {"view": {"type": "home"}}
        return {
            "type": "block_actions",
            "team": {"id": TEAM},
            "user": {"id": user.id, "team_id": TEAM},
            "api_app_id": "A0FERN",
            "trigger_id": f"trigger-{next(self._counter)}",
            "container": {"type": "message" if channel else "view"},
            "actions": [{**action, "action_ts": self.timestamp()}],
            **place,
        }

    def command_form(self, user: User, channel: str, text: str) -> dict[str, str]:
        number = str(next(self._counter))
        return {
            "command": "/fern",
            "text": typed(text),
            "user_id": user.id,
            "channel_id": channel,
            "team_id": TEAM,
            "trigger_id": f"trigger-{number}",
            "response_url": f"{self.address}/commands/{number}",
        }


def typed(text: str) -> str:
    """What somebody types, as Slack passes it on."""
    return html.escape(text, quote=False)
