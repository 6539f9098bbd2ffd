"""Options of a component: their defaults, bounds and help in one dataclass, and mistakes in config.yml named."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, TypeVar

from parlance.errors import ParlanceError, did_you_mean

SomeOptions = TypeVar("SomeOptions", bound="Options")

Names = tuple[str, ...]
"""The type of an option that is a list of names."""


def option(default: Any, text: str, low: float | None = None, high: float | None = None, *choices: str) -> Any:
    """A field of an options dataclass: its default, what it does, and the bounds or the choices of its values."""
    return field(default=default, metadata={"help": text, "low": low, "high": high, "choices": choices})


def mapping_option(text: str, **keys: str) -> Any:
    """A field that is a mapping of just these keys to names, or None; ``keys`` says in words what each names."""
    return field(default=None, metadata={"help": text, "keys": keys})


@dataclass(frozen=True)
class Options:
    """The base of a component's options; every field is an ``option``."""

    component: ClassVar[str]
    """Whose options these are, for messages."""

    foreign: ClassVar[Mapping[str, tuple[str, str]]] = {}
    """Options of other components that people bring along: whose each is, and what to do with it."""

    @classmethod
    def from_dict(cls: type[SomeOptions], values: Mapping[str, Any], beside: Collection[str] = ()) -> SomeOptions:
        """Check and take options from a mapping.

        Args:
            values: The options by name.
            beside: The component's further options, which may be what was meant by a name.

        Raises:
            ParlanceError: Options are unknown (each with what to do), of the wrong type or out of range; names all.
        """
        known = {option.name: option for option in fields(cls)}
        checked: dict[str, Any] = {}
        faults: list[ParlanceError] = []
        for name, value in values.items():
            try:
                if name not in known:
                    raise cls._unknown(name, [*known, *beside])
                checked[name] = _checked(f"`{name}` of {cls.component}", value, known[name].type, known[name].metadata)
            except ParlanceError as fault:
                faults.append(fault)
        if len(faults) == 1:
            raise faults[0]
        if faults:
            listed = "\n".join(f"- {fault}" for fault in faults)
            raise ParlanceError(f"{cls.component} cannot use {len(faults)} of its options:\n{listed}")
        return cls(**checked)

    @classmethod
    def _unknown(cls, name: str, known: Collection[str]) -> ParlanceError:
        if name in cls.foreign:
            owner, advice = cls.foreign[name]
            return ParlanceError(f"{cls.component} has no option `{name}`; it is one of {owner}.", f"{advice}.")
        remedy = did_you_mean(name, known) or f"The options are {', '.join(known)}."
        return ParlanceError(f"{cls.component} has no option `{name}`.", remedy)

    def as_dict(self) -> dict[str, Any]:
        """The options as JSON-ready data."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def _checked(name: str, value: Any, kind: Any, rules: Mapping[str, Any]) -> Any:
    if kind == Names:
        if not isinstance(value, (list, tuple)) or not all(isinstance(entry, str) for entry in value):
            raise ParlanceError(f"The option {name} is {value!r}.", "It takes a list of names.")
        return tuple(value)
    if keys := rules.get("keys"):
        if value is not None and (not isinstance(value, dict) or value.keys() != keys.keys()):
            raise ParlanceError(f"The option {name} is {value!r}.", f"It takes {' and '.join(keys.values())}.")
        return value
    if kind is float and isinstance(value, str):
        value = _number_or_text(value)  # YAML 1.1 reads 2e-4 as text
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        named = {int: "a whole number", float: "a number", str: "text"}[kind]
        if kind is int and isinstance(value, list):
            named += ", not two as in Rasa's own components; leave it out for the default"
        raise ParlanceError(f"The option {name} is {value!r}.", f"It takes {named}.")
    if rules["choices"] and value not in rules["choices"]:
        hint = did_you_mean(value, rules["choices"], cutoff=0.6)
        raise ParlanceError(
            f"The option {name} is {value!r}.", f"It takes {' or '.join(rules['choices'])}. {hint}".rstrip()
        )
    if rules["low"] is not None and not rules["low"] <= value <= rules["high"]:
        nearest = min(max(value, kind(rules["low"])), kind(rules["high"]))
        raise ParlanceError(
            f"The option {name} is {value!r}, outside {rules['low']:g} to {rules['high']:g}.",
            f"The nearest value that works is {nearest:g}.",
        )
    return value


def _number_or_text(value: str) -> float | str:
    try:
        return float(value)
    except ValueError:
        return value
