"""One exchange with the assistant: what a customer said, and what came back."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from parlance.testing.assistant import Assistant
from parlance.testing.errors import AssistantFault
from parlance.testing.turns import BotMessage, Button, turn_events

REQUESTED_SLOT = "requested_slot"


@dataclass(frozen=True)
class Said:
    """A customer's message.

    Args:
        text: The words; of a button, its title.
        kind: What it does, in the customer's mind: ``request``, ``answer``, ``yes``, ``no``, ``hesitation`` and so on.
        gives: The slots that it answers well enough for anybody to understand.
        takes_back: Slots that were given wrongly before.
        pressed: Whether it is the button with that title, where the assistant offers one.
    """

    text: str
    kind: str
    gives: tuple[str, ...] = ()
    takes_back: tuple[str, ...] = ()
    pressed: bool = False

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Said":
        """From what ``as_dict`` made."""
        return cls(**{**values, "gives": tuple(values["gives"]), "takes_back": tuple(values["takes_back"])})


@dataclass(frozen=True)
class Heard:
    """What the assistant made of a message. ``form`` and ``slot`` are open afterwards; ``fault`` is an error."""

    messages: tuple[BotMessage, ...] = ()
    form: str = ""
    slot: str = ""
    seconds: float = 0.0
    fault: str = ""

    @property
    def responses(self) -> list[str]:
        """The names of what was said, in order."""
        return [message.response for message in self.messages]

    @property
    def buttons(self) -> list[Button]:
        """All buttons on offer."""
        return [button for message in self.messages for button in message.buttons]

    @property
    def text(self) -> str:
        """All that was said."""
        return "\n".join(message.text for message in self.messages)


NOTHING = Heard()


@dataclass(frozen=True)
class Violation:
    """Something that no conversation may show.

    Args:
        invariant: Its name.
        detail: What was wrong, in a sentence.
        form: Where: the open form.
        slot: Where: the slot that is asked for.
        response: The response at fault, for a conversation test.
        text: The text at fault, where the response has no name.
    """

    invariant: str
    detail: str
    form: str = ""
    slot: str = ""
    response: str = ""
    text: str = ""

    def like(self, other: "Violation") -> bool:
        """Whether both are the same fault, in two conversations."""
        return (self.invariant, self.form, self.slot) == (other.invariant, other.form, other.slot)


@dataclass(frozen=True)
class Exchange:
    """A message, its answer, and what was wrong with that."""

    said: Said
    heard: Heard
    violations: tuple[Violation, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """For a line of JSON."""
        return asdict(self)


class Line:
    """A conversation with the assistant, message by message."""

    def __init__(self, assistant: Assistant, conversation: str) -> None:
        self._assistant = assistant
        self.conversation = conversation
        self._heard = 0

    async def say(self, said: Said, before: Heard) -> Heard:
        """Say something and wait for what comes of it; an error of the assistant is in what is returned."""
        text = _payload(said.text, before.buttons) if said.pressed else said.text
        began = time.monotonic()
        try:
            await self._assistant.say(self.conversation, text, {})
            seconds = time.monotonic() - began
            events = await self._assistant.events(self.conversation)
        except AssistantFault as fault:
            return Heard(seconds=time.monotonic() - began, fault=str(fault))
        users = [place for place, event in enumerate(events) if event.get("event") == "user"]
        if len(users) <= self._heard:
            return Heard(seconds=seconds, fault="The assistant met an error before it took the message in.")
        turn = events[users[self._heard] :]
        self._heard = len(users)
        messages = tuple(event for event in turn_events(turn) if isinstance(event, BotMessage))
        form = _last(events, "active_loop", "name")
        return Heard(messages, form, _last_slot(events) if form else "", seconds)


def _payload(title: str, buttons: Sequence[Button]) -> str:
    """What a button sends; its title in small letters where there is no such button, as somebody would type it."""
    return next((button.payload for button in buttons if button.title == title), "") or title.lower()


def _last(events: Sequence[Mapping[str, Any]], kind: str, key: str) -> str:
    found = next((event for event in reversed(events) if event.get("event") == kind), None)
    return str(found.get(key) or "") if found else ""


def _last_slot(events: Sequence[Mapping[str, Any]]) -> str:
    slots = (event for event in reversed(events) if event.get("event") == "slot")
    return str(next((event.get("value") for event in slots if event.get("name") == REQUESTED_SLOT), None) or "")
