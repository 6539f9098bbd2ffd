"""What an annotated utterance is, for every part of the library."""

from collections.abc import Collection
from dataclasses import dataclass

OUT_OF_SCOPE_INTENTS = frozenset({"oos", "out_of_scope"})
"""Intent names that mean "none of the assistant's business" (CLINC150's, and Rasa's convention)."""


def is_out_of_scope(intent: str | None, names: Collection[str] = ()) -> bool:
    """Whether an intent means "none of the assistant's business": by convention, or because it is one of ``names``.

    A retrieval intent (``out_of_scope/other``) is so by its full name or its bare one.
    """
    if intent is None:
        return False
    return bool({intent, intent.split("/", 1)[0]} & OUT_OF_SCOPE_INTENTS.union(names))


@dataclass(frozen=True)
class Entity:
    """An annotated span: ``text[start:end]`` in characters; ``value`` is the span's text unless a synonym says else."""

    start: int
    end: int
    type: str
    role: str | None = None
    group: str | None = None
    value: str | None = None


@dataclass(frozen=True)
class Example:
    """One utterance. ``intent`` is the full name (``faq/returns`` for a retrieval intent), or None where unlabelled."""

    text: str
    intent: str | None = None
    entities: tuple[Entity, ...] = ()
    source: str = ""
    """Where it was read, as ``file:line`` where known, for messages to the user."""
    after: tuple[str, ...] = ()
    """What the assistant said last before it: any of these texts. Empty where the utterance means the same anywhere."""
    said: str | None = None
    """The customer's message before it, where it matters."""
    act: str | None = None
    """What it does to what is open, such as ``affirm``; a project has acts of its own, or none."""
