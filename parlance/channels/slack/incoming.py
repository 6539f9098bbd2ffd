"""What Slack delivers, as plain objects: the same for HTTP and for Socket Mode.

Formats: https://docs.slack.dev/reference/events and https://docs.slack.dev/interactivity
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from parlance.channels.slack.rendering import (
    CARD_BLOCK,
    FEEDBACK_BLOCK,
    REPLY_BLOCK,
    detail_of_block,
    plain_text,
    read_block_id,
)

USER_SUBTYPES = (None, "file_share", "me_message", "thread_broadcast")
"""Messages that a person has just written; the others are edits, deletions, joins, and messages of apps."""


@dataclass(frozen=True)
class Place:
    """Where a conversation is held, and, where others are present, with whom.

    A direct message channel holds one conversation. In a thread everyone has their own, so that nobody can act on the
    order of somebody else.
    """

    channel: str
    thread: str = ""
    user: str = ""

    @property
    def conversation_id(self) -> str:
        return "-".join(part for part in ("slack", self.channel, self.thread, self.user) if part)

    @classmethod
    def of_conversation(cls, conversation_id: str) -> "Place":
        """The place that has this conversation id.

        Raises:
            ValueError: It is none of this channel's.
        """
        prefix, *parts = conversation_id.split("-")
        if prefix != "slack" or len(parts) not in (1, 3):
            raise ValueError(f"'{conversation_id}' is no conversation in Slack.")
        return cls(*parts)


@dataclass(frozen=True)
class Incoming:
    """A delivery. ``keys`` stay the same when Slack repeats it."""

    keys: tuple[str, ...]
    user: str

    @property
    def order(self) -> str:
        """Deliveries with the same order are processed one after the other."""
        return f"user-{self.user}"


@dataclass(frozen=True)
class Message(Incoming):
    """A message; ``is_addressed`` where it was written to the bot, and not just in a thread that it takes part in."""

    place: Place
    text: str
    files: tuple[dict[str, Any], ...]
    is_addressed: bool
    answer_thread: str

    @property
    def order(self) -> str:
        return self.place.conversation_id


@dataclass(frozen=True)
class Press(Incoming):
    """A button. Without a place it was in the app's home."""

    place: Place | None
    addressee: str
    title: str
    value: str
    message: dict[str, Any]
    is_quick_reply: bool

    @property
    def order(self) -> str:
        return self.place.conversation_id if self.place else super().order


@dataclass(frozen=True)
class Rating(Incoming):
    """Thumbs up or down on an answer; ``answers`` is the id of the message that the answer was given to."""

    place: Place
    addressee: str
    rating: str
    message: dict[str, Any]
    answers: str

    @property
    def order(self) -> str:
        return self.place.conversation_id


@dataclass(frozen=True)
class Command(Incoming):
    """A slash command."""

    name: str
    text: str
    response_url: str


@dataclass(frozen=True)
class AskedElsewhere(Incoming):
    """What a command or a button in the app's home asks, on its way into direct messages."""

    place: Place
    title: str
    text: str

    @property
    def order(self) -> str:
        return self.place.conversation_id


@dataclass(frozen=True)
class HomeOpened(Incoming):
    """Somebody looks at the app's home tab."""


def read_event(body: dict[str, Any]) -> Incoming | None:
    """An Events API payload; None where it asks for nothing."""
    event = body.get("event") or {}
    kind, user, event_id = event.get("type"), event.get("user"), body.get("event_id")
    if not user or not event_id or event.get("bot_id"):
        return None
    if kind == "app_home_opened" and event.get("tab") == "home":
        return HomeOpened((event_id,), user)
    if kind in ("message", "app_mention") and event.get("subtype") in USER_SUBTYPES and event.get("channel"):
        return _message(event, user, event_id)
    return None


def _message(event: dict[str, Any], user: str, event_id: str) -> Message | None:
    channel, sent, thread = event["channel"], event["ts"], event.get("thread_ts") or ""
    is_direct = event.get("channel_type") == "im" or channel.startswith("D")
    is_mention = event["type"] == "app_mention"
    if not is_direct and not is_mention and not thread:
        return None
    return Message(
        # A mention in a channel that the bot may read arrives twice, as two events with their own ids.
        keys=(event_id, f"{channel}-{sent}"),
        user=user,
        place=Place(channel) if is_direct else Place(channel, thread or sent, user),
        text=event.get("text") or "",
        files=tuple(event.get("files") or ()),
        is_addressed=is_direct or is_mention,
        answer_thread=thread if is_direct else thread or sent,
    )


def read_interaction(payload: dict[str, Any]) -> Incoming | None:
    """An interaction payload; None where it is none of ours or asks for nothing, as a link button does."""
    actions = payload.get("actions") or []
    if payload.get("type") != "block_actions" or not actions:
        return None
    action, user, message = actions[0], payload["user"]["id"], payload.get("message") or {}
    kind, addressee = read_block_id(str(action.get("block_id")))
    place = _place_of((payload.get("channel") or {}).get("id"), message, user)
    value = action.get("value")
    key = f"{user}-{action.get('block_id')}-{action.get('action_ts')}"
    if kind == FEEDBACK_BLOCK and place and value in ("up", "down"):
        answers = detail_of_block(str(action.get("block_id")))
        return Rating((key,), user, place, addressee, value, message, answers)
    is_reply = kind == REPLY_BLOCK
    if not value or action.get("url") or not (is_reply or kind.startswith(CARD_BLOCK)):
        return None
    if is_reply and place:
        # A question is answered once: a second press, before the buttons are gone, is a slip of the finger.
        key = f"answered-{place.channel}-{message.get('ts')}-{user}"
    title = plain_text((action.get("text") or {}).get("text") or "")
    return Press((key,), user, place, addressee, title, value, message, is_reply)


def _place_of(channel: str | None, message: dict[str, Any], user: str) -> Place | None:
    if not channel:
        return None
    if channel.startswith("D"):
        return Place(channel)
    return Place(channel, message.get("thread_ts") or message.get("ts", ""), user)


def read_command(form: dict[str, Any]) -> Command | None:
    """A slash command's form."""
    if not form.get("command") or not form.get("user_id") or not form.get("trigger_id"):
        return None
    return Command(
        (f"command-{form['trigger_id']}",),
        form["user_id"],
        form["command"],
        plain_text(form.get("text") or ""),
        form.get("response_url") or "",
    )


def _read_asked_elsewhere(stored: dict[str, Any]) -> AskedElsewhere:
    return AskedElsewhere((stored["key"],), stored["user"], Place(stored["channel"]), stored["title"], stored["text"])


READERS: dict[str, Callable[[dict[str, Any]], Incoming | None]] = {
    "events_api": read_event,
    "interactive": read_interaction,
    "slash_commands": read_command,
    "asked_elsewhere": _read_asked_elsewhere,
}
"""By kind, as Socket Mode names it; ``asked_elsewhere`` is the channel's own."""
