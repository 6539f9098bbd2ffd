"""What the kit has to know of the assistant whose actions use it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.types import DomainDict

BeforeAction = Callable[[Tracker, DomainDict, str], list[EventType]]
"""Takes the conversation, the domain and the action's name; may change the tracker, and returns events that do the same
to Rasa's."""


def _nothing(tracker: Tracker, domain: DomainDict, action: str) -> list[EventType]:
    return []


@dataclass(frozen=True)
class Settings:
    """The assistant, as its actions see it."""

    name: str = "Assistant"
    """Its name, which stands in transcripts and which a user may add to a yes."""
    user: str = "User"
    """What transcripts call whoever talks to it."""
    between: str = ""
    """Words that may stand between a negation and what it refuses, besides those of any English: "cancel my order"."""
    before_action: BeforeAction = _nothing
    """Done before each action: for what no action may see, such as the words of whoever was here before."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """By intent the words on its button, where it may be suggested; the first ones are suggested where nothing is
    known. ``out_of_scope`` is the button for none of these."""
    refusable: Mapping[str, str] = field(default_factory=dict)
    """By intent the words that ask for it, so that a message which only refuses it is no request."""
    kept_between_forms: frozenset[str] = frozenset()
    """Slots of forms that say what the conversation is about, and so outlive each form."""
    kept_by_the_next_form: frozenset[str] = frozenset()
    """Slots that outlive a form where another one follows it at once."""
    kept_from_outside: frozenset[str] = frozenset()
    """Slots that may be filled outside of any form, and then wait for the form that wants them."""
    free_text: frozenset[str] = frozenset()
    """Slots of forms that take whatever the user writes."""
    secrets: frozenset[str] = frozenset()
    """Slots whose answers are masked in transcripts, such as a code."""
    person: str = "human_handoff"
    """The intent that asks for a person."""
    leave: str = "stop"
    """The intent that leaves what is open."""
    sure_of_a_yes: float = 0.9
    """How sure NLU has to be of the act ``affirm`` where the words alone are not plainly a yes."""
    sure_of_an_act: float = 0.7
    """How sure NLU has to be of any other act."""
    alternatives: tuple[frozenset[str], ...] = ()
    """Requests of which one takes another's place where both are about the same thing: who asks to send something back
    while they are asked whether to cancel it has changed their mind. Any other request leaves the first one waiting."""


_current = Settings()


def configure(**settings: Any) -> None:
    """Tell the kit about the assistant: the fields of ``Settings``. Once, in the ``__init__`` of its actions."""
    global _current
    _current = replace(Settings(), **settings)


def settings() -> Settings:
    """What it was told."""
    return _current
