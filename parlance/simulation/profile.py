"""What a simulator has to know of one Rasa project, in memory. ``profile_reader`` reads it from YAML."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

Facts = Mapping[str, Any]
"""What one customer knows, by name: a row of a goal's query, or one that the profile states."""


@dataclass(frozen=True)
class Goal:
    """Something that customers come for.

    Args:
        name: What reports call it.
        opens: Intents of held-out utterances that ask for it.
        says: Requests written in the profile, beside those of ``opens``.
        query: Finds facts in the database, one customer a row.
        rows: Facts written in the profile, where there is no database.
        answers: What is answered when a slot is asked for, over the profile's own answers.
        reached: Responses that show that it was reached, as patterns of names.
        reached_query: Finds a row once it was reached; with ``reached`` both have to be so.
        refused: Responses by which the assistant refuses it for a good reason.
        form: The form that collects for it, where there is one.
        weight: How often it is chosen, beside the others.
        alone: Whether it goes with no second goal, as when nothing is left of an account.
    """

    name: str
    opens: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    query: str = ""
    rows: tuple[Facts, ...] = ()
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reached: tuple[str, ...] = ()
    reached_query: str = ""
    refused: tuple[str, ...] = ()
    form: str = ""
    weight: float = 1.0
    alone: bool = False


@dataclass(frozen=True)
class Claim:
    """Something that an answer may state, and that the database has to agree with.

    Args:
        name: What it is called.
        pattern: A regular expression; its first group, or all of it, is the value.
        query: Finds a row where ``:value`` is so for the customer's facts.
        kind: ``text``, ``money`` (the query gets pence) or ``day`` (it gets a date as 2026-03-31).
        responses: The responses in which it is looked for; all where empty.
    """

    name: str
    pattern: str
    query: str
    kind: str = "text"
    responses: tuple[str, ...] = ("*",)


@dataclass(frozen=True)
class Profile:
    """A project as its customers see it.

    Args:
        file: Where it stands.
        goals: What they come for.
        assistant: The folder whose ``conftest.yml`` says how the assistant is started.
        utterances: Held-out utterances.
        entities: What an entity in an utterance becomes; an utterance with any other entity is not used.
        apart: The fact in which customers who are there at the same time have to differ.
        together: How many conversations share the database before it is put back.
        remembered: Slots that hold for a whole conversation, and not for one form alone.
        never_wrong: Slots of which nobody gives a wrong value first, such as one that guessing is counted for.
        answers: What is answered when a slot is asked for, the bare fact first.
        lookups: Facts that are looked up when they are needed, such as a code in a mail.
        digressions: Intents whose utterances interrupt.
        questions: Responses that ask before something is done, and the names in ``watched`` that a yes may change.
        watched: Queries of what changes only with a yes.
        claims: What answers state.
        fallbacks: Responses by which the assistant says that it did not understand.
        broken: Regular expressions of texts that say that something broke.
        words: Phrases by kind, over ``phrases.ENGLISH``.
    """

    file: Path
    goals: tuple[Goal, ...]
    assistant: str = "tests/conversations"
    utterances: str = ""
    entities: Mapping[str, str] = field(default_factory=dict)
    apart: str = ""
    together: int = 100
    remembered: tuple[str, ...] = ()
    never_wrong: tuple[str, ...] = ()
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lookups: Mapping[str, str] = field(default_factory=dict)
    digressions: tuple[str, ...] = ()
    questions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    watched: Mapping[str, str] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    fallbacks: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def goal(self, name: str) -> Goal:
        """The goal of that name."""
        return next(goal for goal in self.goals if goal.name == name)

    def may_change(self, responses: Iterable[str]) -> set[str] | None:
        """What a yes to what was said last may change; None where none of it asks before something is done."""
        said = list(responses)
        asked = [names for pattern, names in self.questions.items() if any(fits(one, [pattern]) for one in said)]
        return {name for names in asked for name in names} if asked else None


def fits(response: str, patterns: Iterable[str]) -> bool:
    """Whether a response's name fits one of the patterns, in which * stands for anything."""
    return bool(response) and any(fnmatchcase(response, pattern) for pattern in patterns)
