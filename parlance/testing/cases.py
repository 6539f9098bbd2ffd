"""Conversation tests in memory: cases of turns, each with what is expected of the assistant."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from parlance.testing.turns import Button


@dataclass(frozen=True)
class Expectation:
    """Something a turn is checked for. ``line`` is where it stands in the file.

    ``ordered``: it is looked for behind the event that the last ordered expectation of the turn has found.
    """

    line: int
    ordered: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class Uttered(Expectation):
    """The assistant said something that all the given descriptions fit.

    Args:
        text: The whole text, or the same answer in another of the response's variations.
        response: The name of the response in the domain.
        pattern: A regular expression that is found somewhere in the text.
        buttons: Buttons that are all there; an empty payload stands for any.
    """

    text: str | None = None
    response: str | None = None
    pattern: re.Pattern[str] | None = None
    buttons: tuple[Button, ...] = ()
    key: ClassVar[str] = "bot_uttered"

    def __str__(self) -> str:
        if self.text is not None:
            return f'bot: "{self.text}"'
        if self.key == "bot_uttered" and self.pattern is None and not self.buttons:
            return f"utter: {self.response}"
        described = [f"utter_name: {self.response}"] if self.response else []
        described += [f"text_matches: {self.pattern.pattern}"] if self.pattern else []
        described += [f"buttons: {', '.join(button.title for button in self.buttons)}"] if self.buttons else []
        return f"{self.key}: {', '.join(described)}"


@dataclass(frozen=True)
class NotUttered(Uttered):
    """The assistant said nothing that all the given descriptions fit."""

    key: ClassVar[str] = "bot_did_not_utter"


@dataclass(frozen=True)
class SlotSet(Expectation):
    """The turn set a slot: to ``value``, or to anything but null where ``any_value``."""

    name: str = ""
    value: Any = None
    any_value: bool = False
    key: ClassVar[str] = "slot_was_set"

    def __str__(self) -> str:
        return f"{self.key}: {self.name}" + ("" if self.any_value else f": {show(self.value)}")


@dataclass(frozen=True)
class SlotNotSet(SlotSet):
    """The turn did not leave a slot with ``value``, or with anything at all where ``any_value``."""

    key: ClassVar[str] = "slot_was_not_set"


@dataclass(frozen=True)
class ActionExecuted(Expectation):
    """An action ran in the turn."""

    name: str = ""

    def __str__(self) -> str:
        return f"action_executed: {self.name}"


@dataclass(frozen=True)
class Turn:
    """A user's message, what goes with it, and what is expected until the next one."""

    line: int
    user: str
    metadata: Mapping[str, Any]
    expectations: tuple[Expectation, ...]


@dataclass(frozen=True)
class Case:
    """One conversation. ``slots`` are set before it begins."""

    file: Path
    line: int
    name: str
    slots: Mapping[str, Any]
    turns: tuple[Turn, ...]

    @property
    def source(self) -> str:
        """``file:line``."""
        return f"{self.file}:{self.line}"


def show(value: Any) -> str:
    """A slot's value in a form that tells the text "1" from the number 1."""
    return json.dumps(value, ensure_ascii=False, default=str)
