"""A channel's part of ``credentials.yml``: read into a dataclass, and each mistake in it named."""

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, TypeVar

from parlance.dotted_names import named_function
from parlance.errors import ParlanceError

SomeOptions = TypeVar("SomeOptions", bound="ChannelOptions")

Texts = tuple[str, ...]
"""The type of an option that is a list of texts."""


def one_of(*choices: str, default: str) -> Any:
    """An option that is one of a few texts."""
    return field(default=default, metadata={"choices": choices})


def from_zero(default: float) -> Any:
    """A number that may be zero; the others are above it."""
    return field(default=default, metadata={"zero": True})


def secret(variable: str) -> Any:
    """A secret that is taken from the environment where ``credentials.yml`` leaves it out; empty in neither."""
    return field(default="", metadata={"variable": variable})


@dataclass(frozen=True)
class ChannelOptions:
    """The base of a channel's options. Their types say what they take, and a number is above zero."""

    channel: ClassVar[str]
    """Whose options these are, for messages: "The web chat"."""
    kind: ClassVar[str] = "option"
    """What one of them is, for messages."""

    @classmethod
    def from_credentials(cls: type[SomeOptions], credentials: Mapping[str, Any] | None) -> SomeOptions:
        """Reads and checks the options.

        Raises:
            ParlanceError: One is unknown or has a value that makes no sense.
        """
        if not isinstance(credentials or {}, Mapping):
            raise ParlanceError(
                f"{cls.channel}'s {cls.kind}s are not given by name.", "Write each on a line of its own, name: value"
            )
        known = {option.name: option for option in fields(cls)}
        given: dict[str, Any] = {}
        for name, value in (credentials or {}).items():
            if name not in known:
                near = difflib.get_close_matches(str(name), known, n=1)
                hint = f"Did you mean {near[0]!r}? " if near else ""
                raise ParlanceError(
                    f"{cls.channel} has no {cls.kind} {name!r}.", f"{hint}Its {cls.kind}s: {', '.join(known)}."
                )
            given[name] = _checked(f"{cls.channel}'s {cls.kind}", name, value, known[name].type, known[name].metadata)
        for name, option in known.items():
            if variable := option.metadata.get("variable"):
                given[name] = str(given.get(name) or os.environ.get(variable) or "").strip()
        options = cls(**given)
        options.check()
        return options

    def check(self) -> None:
        """What else has to hold.

        Raises:
            ParlanceError: It does not.
        """

    def function(self, name: str) -> Callable[..., Any] | None:
        """The function that an option names, as ``package.module.function``; None where it names none.

        Raises:
            ParlanceError: There is no such function.
        """
        path = getattr(self, name)
        return named_function(path, f"{self.channel}'s {self.kind} {name}") if path else None


def _checked(what: str, name: str, value: Any, kind: Any, rules: Mapping[str, Any]) -> Any:
    """A value, where it is of the option's kind."""
    if isinstance(kind, type) and issubclass(kind, ChannelOptions):
        return kind.from_credentials(value)
    if "variable" in rules:
        return value  # whatever it is, it is not shown
    if fault := _fault(name, value, kind, rules):
        raise ParlanceError(f"{what} {name} is {value!r}.", fault)
    return tuple(value) if kind == Texts else value


def _fault(name: str, value: Any, kind: Any, rules: Mapping[str, Any]) -> str:
    """What a value should be; empty where it is that."""
    if choices := rules.get("choices"):
        return "" if value in choices else f"Write {' or '.join(f'{name}: {choice}' for choice in choices)}."
    if kind == Texts:
        fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
        return "" if fits else "It is a list of texts."
    if kind is bool:
        return "" if isinstance(value, bool) else "It is true or false."
    if kind in (int, float):
        is_number = isinstance(value, (int, kind)) and not isinstance(value, bool)
        fits = is_number and (value > 0 or value == 0 and "zero" in rules)
        number = "whole number" if kind is int else "number"
        return "" if fits else f"It is a {number} {'from' if 'zero' in rules else 'above'} 0."
    may_be_empty = kind is not str
    fits = isinstance(value, str) and bool(value) or may_be_empty and value in (None, "")
    return "" if fits else f"It is a text{'' if may_be_empty else ', and not empty'}."
