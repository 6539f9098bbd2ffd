"""What an assistant did in one turn, read from the events of Rasa's conversation tracker."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Button:
    """A button under a message; ``payload`` is what pressing it sends."""

    title: str
    payload: str = ""


@dataclass(frozen=True)
class BotMessage:
    """Something the assistant said. ``response`` is the domain's name for it, empty for text made in an action."""

    text: str
    response: str = ""
    buttons: tuple[Button, ...] = ()

    def __str__(self) -> str:
        buttons = "".join(f" [{button.title}]" for button in self.buttons)
        said = f'"{self.text}"' if self.text else "(no text)"
        return f"{self.response + ': ' if self.response else ''}{said}{buttons}"


@dataclass(frozen=True)
class SlotChange:
    """A slot got a value; None empties it."""

    name: str
    value: Any


@dataclass(frozen=True)
class ActionRun:
    """An action of the assistant ran."""

    name: str


TurnEvent = BotMessage | SlotChange | ActionRun


def turn_events(events: Iterable[dict[str, Any]]) -> list[TurnEvent]:
    """The tracker's events that tests speak of, in their order; all others are left out."""
    found: list[TurnEvent] = []
    for event in events:
        kind = event.get("event")
        if kind == "bot":
            found.append(_bot_message(event))
        elif kind == "slot":
            found.append(SlotChange(str(event.get("name")), event.get("value")))
        elif kind == "action" and event.get("name"):
            found.append(ActionRun(event["name"]))
    return found


def _bot_message(event: dict[str, Any]) -> BotMessage:
    # Rasa's actions keep the response's name in the event's metadata, custom actions' responses included.
    response = (event.get("metadata") or {}).get("utter_action") or ""
    buttons = (event.get("data") or {}).get("buttons") or ()
    return BotMessage(
        text=event.get("text") or "",
        response=response,
        buttons=tuple(Button(str(button.get("title", "")), str(button.get("payload") or "")) for button in buttons),
    )
