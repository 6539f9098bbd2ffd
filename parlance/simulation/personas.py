"""Who comes: goals, tempers, habits and facts, drawn from a seed before anybody says anything."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from parlance.data.readers import read_examples
from parlance.simulation.database import Reader
from parlance.simulation.phrases import TEMPERS, fill, has_blanks
from parlance.simulation.profile import Facts, Goal, Profile
from parlance.testing.errors import BadTestFile

HABITS = (
    "plain",
    "digresses",
    "hedges",
    "corrects itself",
    "over-answers",
    "beside the point",
    "changes the goal",
    "types badly",
    "pastes",
    "adds a request",
    "own yes",
    "hesitates",
    "gives up",
    "disowns",
    "declines",
)
_SECOND_HABIT = 0.35
"""How many have two habits."""
_AT_ODDS = {"gives up", "disowns", "declines", "changes the goal"}
"""Of these a customer has one at most: each of them decides how the conversation ends."""


@dataclass(frozen=True)
class Persona:
    """A customer before the first word. ``facts`` are true of them, ``others`` of somebody else with the same goal."""

    number: int
    goal: str
    second_goal: str = ""
    habits: tuple[str, ...] = ("plain",)
    temper: str = "curt"
    facts: Facts = field(default_factory=dict)
    second_facts: Facts = field(default_factory=dict)
    others: Facts = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """Words that ask for something, and the slots that they give with it."""

    text: str
    slots: tuple[str, ...] = ()


class Utterances:
    """Held-out utterances by intent, with a customer's own facts in the places of their entities."""

    def __init__(self, profile: Profile) -> None:
        self._entities = profile.entities
        self._by_intent: dict[str, list[Any]] = {}
        path = profile.file.parent / profile.utterances
        for example in read_examples(path, "test") if profile.utterances else ():
            kinds = [entity.type for entity in example.entities]
            # A customer has one fact of each kind: "swap the mug for the mug" is nonsense.
            usable = {*kinds} <= profile.entities.keys() and len({*kinds}) == len(kinds)
            for intent in {example.intent or "", (example.intent or "").split("/")[0]}:
                if usable:
                    self._by_intent.setdefault(intent, []).append(example)

    def check(self, profile: Profile) -> None:
        """Refuses goals that nobody can ask for.

        Raises:
            BadTestFile: Names the goal.
        """
        for goal in profile.goals:
            if not goal.says and not any(self._by_intent.get(intent) for intent in goal.opens):
                raise BadTestFile(
                    f"{profile.file}: no utterance asks for '{goal.name}'.",
                    "Check the intents under 'opens:', or write requests under 'says:'.",
                )

    def request(self, goal: Goal, facts: Facts, random: Random) -> Request:
        """One way of asking for a goal."""
        examples = self._sayable(goal.opens, facts)
        place = random.randrange(len(examples) + len(goal.says)) if examples or goal.says else -1
        if place < len(examples):
            return self._filled(examples[place], facts) if examples else Request(goal.name)
        said = goal.says[place - len(examples)]
        names = {entity for entity, template in self._entities.items() if template in said}
        return Request(fill(said, facts), tuple(sorted(names)))

    def of(self, intents: Sequence[str], facts: Facts, random: Random) -> str:
        """An utterance of one of the intents, empty where there is none."""
        examples = self._sayable(intents, facts)
        return self._filled(random.choice(examples), facts).text if examples else ""

    def _sayable(self, intents: Sequence[str], facts: Facts) -> list[Any]:
        """The utterances of whose entities this customer has a fact each."""
        examples = (example for intent in intents for example in self._by_intent.get(intent, ()))
        return [
            example
            for example in examples
            if not any(has_blanks(fill(self._entities[entity.type], facts)) for entity in example.entities)
        ]

    def _filled(self, example: Any, facts: Facts) -> Request:
        text, slots = example.text, []
        for entity in sorted(example.entities, key=lambda entity: -entity.start):
            text = text[: entity.start] + fill(self._entities[entity.type], facts) + text[entity.end :]
            slots.append(entity.type)
        return Request(text, tuple(sorted(slots)))


class Casting:
    """Gives each conversation its customer. The same seed and database give the same customers."""

    def __init__(self, profile: Profile, database: Reader, seed: int) -> None:
        """Look up who there is.

        Raises:
            BadTestFile: A query is wrong, or no goal has anybody.
        """
        self._profile = profile
        self._seed = seed
        told = [answer for slot in profile.remembered for answer in profile.answers.get(slot, ())]
        self._one_thing = {profile.apart, *re.findall(r"\{(\w+)\}", " ".join(told))}
        self._rows = {goal.name: self._candidates(goal, database) for goal in profile.goals}
        self._goals = [goal for goal in profile.goals if self._rows[goal.name]]
        if not self._goals:
            raise BadTestFile(
                f"{profile.file}: the database has nobody for any goal.", "Check the queries under 'facts:'."
            )

    @property
    def without_anybody(self) -> list[str]:
        """Goals for which the database has nobody."""
        return [name for name, rows in self._rows.items() if not rows]

    def personas(self, numbers: range) -> list[Persona]:
        """The customers of conversations that share the database, none of whom are the same person."""
        taken: set[Any] = set()
        return [self._persona(number, taken) for number in numbers]

    def _candidates(self, goal: Goal, database: Reader) -> list[Facts]:
        if goal.query:
            return sorted(database.rows(goal.query, {}), key=repr)
        return list(goal.rows) or [{}]

    def _persona(self, number: int, taken: set[Any]) -> Persona:
        random = Random(f"{self._seed}/{number}")
        habits = self._habits(random)
        temper = random.choice(TEMPERS)
        goal = random.choices(self._goals, [goal.weight for goal in self._goals])[0]
        facts = self._facts(goal, random, taken)
        second, second_facts = self._second(goal, facts, random)
        others = random.choice(self._rows[goal.name])
        return Persona(number, goal.name, second, habits, temper, facts, second_facts, others)

    def _habits(self, random: Random) -> tuple[str, ...]:
        first = random.choice(HABITS)
        if first == "plain" or random.random() > _SECOND_HABIT:
            return (first,)
        fitting = [habit for habit in HABITS[1:] if habit != first and not {first, habit} <= _AT_ODDS]
        return first, random.choice(fitting)

    def _facts(self, goal: Goal, random: Random, taken: set[Any]) -> Facts:
        """Facts of somebody who is not there yet; of anybody, where all are."""
        rows = self._rows[goal.name]
        free = [row for row in rows if row.get(self._profile.apart) not in taken]
        facts = random.choice(free or rows)
        if self._profile.apart in facts:
            taken.add(facts[self._profile.apart])
        return facts

    def _second(self, goal: Goal, facts: Facts, random: Random) -> tuple[str, Facts]:
        """Another goal of the same person, for those who change their mind or want two things.

        What is remembered is one thing in a conversation: both goals are about the same order.
        """
        fitting = [
            (other.name, row)
            for other in self._goals
            if other.name != goal.name and not other.alone and not goal.alone
            for row in self._rows[other.name]
            if all(row[name] == facts[name] for name in self._one_thing if name in row and name in facts)
        ]
        names = sorted({name for name, _ in fitting})
        if not names:
            return "", {}
        name = random.choice(names)
        return name, {**facts, **random.choice([row for of, row in fitting if of == name])}
