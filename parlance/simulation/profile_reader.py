"""Reading a profile from YAML, with ``file:line`` for what is wrong in it."""

import re
from pathlib import Path
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from parlance.data.yaml_nodes import at, mapping, read_yaml
from parlance.errors import ParlanceError
from parlance.simulation.phrases import ENGLISH
from parlance.simulation.profile import Claim, Goal, Profile
from parlance.testing.errors import BadTestFile, listed
from parlance.testing.nodes import entries_of, value_of

PROFILE_FILE = "simulation.yml"
CLAIM_KINDS = ("text", "money", "day")

_TEXTS = ("assistant", "utterances", "apart")
_LISTS = ("remembered", "never_wrong", "digressions", "fallbacks", "broken")
_MAPS = ("entities", "lookups", "watched")
_MAPS_OF_LISTS = ("answers", "questions", "words")
_KEYS = (*_TEXTS, "together", *_LISTS, *_MAPS, *_MAPS_OF_LISTS, "claims", "goals")
_GOAL_KEYS = ("opens", "says", "facts", "answers", "reached", "refused", "form", "weight", "alone")


def read_profile(file: Path) -> Profile:
    """The profile in a file.

    Raises:
        BadTestFile: It is missing, or something in it is wrong; with ``file:line``.
    """
    try:
        root = read_yaml(file)
        return _Reader(file).profile(root)
    except BadTestFile:
        raise
    except ParlanceError as error:
        raise BadTestFile(error.problem, error.remedy) from error


class _Reader:
    def __init__(self, file: Path) -> None:
        self._file = file

    def profile(self, root: Node | None) -> Profile:
        if root is None:
            raise BadTestFile(f"{self._file} is empty.", "docs/simulation.md describes a profile.")
        entries = entries_of(root, self._file, "a profile", _KEYS, needed=("goals",))
        values: dict[str, Any] = {key: self._text(entries[key]) for key in _TEXTS if key in entries}
        values |= {key: self._texts(entries[key]) for key in _LISTS if key in entries}
        values |= {key: self._map(entries[key]) for key in _MAPS if key in entries}
        values |= {key: self._map_of_lists(entries[key]) for key in _MAPS_OF_LISTS if key in entries}
        if "together" in entries:
            values["together"] = max(1, int(self._number(entries["together"])))
        if "claims" in entries:
            values["claims"] = tuple(
                self._claim(name, node) for name, node in mapping(entries["claims"], self._file).items()
            )
        goals = tuple(self._goal(name, node) for name, node in mapping(entries["goals"], self._file).items())
        profile = Profile(file=self._file, goals=goals, **values)
        self._check(profile, entries)
        return profile

    def _check(self, profile: Profile, entries: dict[str, Node]) -> None:
        where = at(self._file, entries["goals"])
        if not profile.goals:
            raise BadTestFile(f"{where}: there is no goal.", "Name what customers come for.")
        for name in sorted({name for names in profile.questions.values() for name in names} - {*profile.watched}):
            raise BadTestFile(
                f"{at(self._file, entries['questions'])}: a yes changes '{name}', which is not under 'watched:'.",
                "Write its query there.",
            )
        for kind in profile.words.keys() - ENGLISH.keys():
            raise BadTestFile(
                f"{at(self._file, entries['words'])}: there is no kind of words '{kind}'.",
                f"The kinds are {listed(ENGLISH)}.",
            )
        for pattern in (*profile.broken, *(claim.pattern for claim in profile.claims)):
            try:
                re.compile(pattern)
            except re.error as error:
                raise BadTestFile(f"{self._file}: '{pattern}' is no regular expression: {error}.") from error

    def _goal(self, name: str, node: Node) -> Goal:
        entries = entries_of(node, self._file, f"the goal '{name}'", _GOAL_KEYS, needed=("reached",))
        if "opens" not in entries and "says" not in entries:
            raise BadTestFile(
                f"{at(self._file, node)}: nobody can ask for '{name}'.",
                "Write 'opens:' with an intent or 'says:' with requests.",
            )
        facts = entries.get("facts")
        reached = entries["reached"]
        both = mapping(reached, self._file) if isinstance(reached, MappingNode) else {"responses": reached}
        return Goal(
            name=name,
            opens=self._texts(entries.get("opens")),
            says=self._texts(entries.get("says")),
            query=self._text(facts) if isinstance(facts, ScalarNode) else "",
            rows=tuple(map(value_of, facts.value)) if isinstance(facts, SequenceNode) else (),
            answers=self._map_of_lists(entries["answers"]) if "answers" in entries else {},
            reached=self._texts(both.get("responses")),
            reached_query=self._text(both["query"]) if "query" in both else "",
            refused=self._texts(entries.get("refused")),
            form=self._text(entries["form"]) if "form" in entries else "",
            weight=self._number(entries["weight"]) if "weight" in entries else 1.0,
            alone="alone" in entries and value_of(entries["alone"]) is True,
        )

    def _claim(self, name: str, node: Node) -> Claim:
        keys = ("pattern", "query", "kind", "responses")
        entries = entries_of(node, self._file, f"the claim '{name}'", keys, needed=("pattern", "query"))
        kind = self._text(entries["kind"]) if "kind" in entries else "text"
        if kind not in CLAIM_KINDS:
            raise BadTestFile(f"{at(self._file, node)}: there is no kind '{kind}'.", f"Use {listed(CLAIM_KINDS)}.")
        responses = self._texts(entries.get("responses")) or ("*",)
        return Claim(name, self._text(entries["pattern"]), self._text(entries["query"]), kind, responses)

    def _map(self, node: Node) -> dict[str, str]:
        return {name: self._text(value) for name, value in mapping(node, self._file).items()}

    def _map_of_lists(self, node: Node) -> dict[str, tuple[str, ...]]:
        return {name: self._texts(value) for name, value in mapping(node, self._file).items()}

    def _texts(self, node: Node | None) -> tuple[str, ...]:
        """A list of texts, or one alone."""
        if node is None:
            return ()
        return tuple(map(self._text, node.value)) if isinstance(node, SequenceNode) else (self._text(node),)

    def _text(self, node: Node) -> str:
        if not isinstance(node, ScalarNode):
            raise BadTestFile(f"{at(self._file, node)}: here comes a text.", "Put it on the same line.")
        return str(node.value).strip()

    def _number(self, node: Node) -> float:
        try:
            return float(self._text(node))
        except ValueError as error:
            raise BadTestFile(f"{at(self._file, node)}: here comes a number.", "Write one, such as 2.") from error
