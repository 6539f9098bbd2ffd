"""Reading conversation tests in the format of Rasa Pro's end-to-end tests.

https://rasa.com/docs/reference/testing/test-cases and .../assertions describe the format.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from parlance.data.yaml_nodes import at, is_null, line_of, mapping, read_yaml
from parlance.errors import ParlanceError
from parlance.testing.cases import (
    ActionExecuted,
    Case,
    Expectation,
    NotUttered,
    SlotNotSet,
    SlotSet,
    Turn,
    Uttered,
)
from parlance.testing.errors import BadTestFile, listed, nearest
from parlance.testing.turns import Button

SETTINGS_FILE = "conftest.yml"
_FILE_KEYS = ("test_cases", "fixtures", "metadata", "version")
_OTHER_RASA_KEYS = {"nlu", "stories", "rules", "intents", "responses", "pipeline"}
_SECTIONS = {"fixture": "fixtures", "metadata": "metadata"}
_STEPS = ("user", "bot", "utter", "slot_was_set", "slot_was_not_set")
_ASSERTIONS = ("bot_uttered", "bot_did_not_utter", "slot_was_set", "slot_was_not_set", "action_executed")
# What only assistants with Rasa Pro's flows and language models can be asked.
_RASA_PRO_ASSERTIONS = (
    "flow_started",
    "flow_completed",
    "flow_cancelled",
    "pattern_clarification_contains",
    "generative_response_is_relevant",
    "generative_response_is_grounded",
)
_STUBS = "stub_custom_actions"
Named = Mapping[str, Mapping[str, Any]]


def read_cases(path: str | Path) -> list[Case]:
    """The cases of a file, of a folder with its subfolders, or the one that ``file.yml::case name`` names.

    Raises:
        BadTestFile: There is none, or something in a file is wrong; with ``file:line``.
    """
    file, name = split_name(path)
    try:
        cases = _read_files(_test_files(file))
    except BadTestFile:
        raise
    except ParlanceError as error:  # a file that is missing or no YAML
        raise BadTestFile(error.problem, error.remedy) from error
    if name is not None:
        chosen = [case for case in cases if case.name == name]
        if not chosen:
            raise BadTestFile(
                f"{file} has no case called '{name}'.",
                nearest(name, [case.name for case in cases]) or "Names are written after test_case:.",
            )
        return chosen
    if not cases:
        raise BadTestFile(f"There is no test case in {path}.", "Write test_cases: with - test_case: NAME below it.")
    return cases


def split_name(path: str | Path) -> tuple[Path, str | None]:
    """The file or folder, and the name of a case where there is one: ``orders.yml::late parcel``."""
    if "::" not in str(path) or Path(path).exists():
        return Path(path), None
    file, name = str(path).split("::", 1)
    return Path(file), name


def _test_files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(
        file
        for file in path.rglob("*")
        if file.suffix in (".yml", ".yaml") and file.name != SETTINGS_FILE and file.is_file()
    )


def _read_files(paths: list[Path]) -> list[Case]:
    files = [file for path in paths if (file := _read_file(path, alone=len(paths) == 1))]
    # As in Rasa Pro, what one file names the others may use.
    fixtures = _merged(file.fixtures for file in files)
    metadata = _merged(file.metadata for file in files)
    return [case for file in files for case in file.cases(fixtures, metadata)]


def _merged(parts: Iterable[Named]) -> dict[str, Mapping[str, Any]]:
    merged: dict[str, Mapping[str, Any]] = {}
    for part in parts:
        merged = {**part, **merged}
    return merged


@dataclass(frozen=True)
class _File:
    """A file whose fixtures and metadata are read and whose cases are not."""

    path: Path
    fixtures: Named
    metadata: Named
    case_nodes: list[Node]

    def cases(self, fixtures: Named, metadata: Named) -> list[Case]:
        reader = _CaseReader(self.path, {**fixtures, **self.fixtures}, {**metadata, **self.metadata})
        cases: dict[str, Case] = {}
        for node in self.case_nodes:
            case = reader.case(node)
            if case.name in cases:
                raise BadTestFile(
                    f"{at(self.path, node)}: a case called '{case.name}' is in line {cases[case.name].line} already.",
                    "Give each case of a file its own name.",
                )
            cases[case.name] = case
        return list(cases.values())


def _read_file(path: Path, alone: bool) -> _File | None:
    """None for another file of a Rasa project, in a folder."""
    root = read_yaml(path)
    if root is None:
        return _File(path, {}, {}, [])
    keys = {key.value for key, _ in root.value} if isinstance(root, MappingNode) else set()
    if not alone and keys & _OTHER_RASA_KEYS:
        return None
    entries = entries_of(root, path, "a test file", _FILE_KEYS)
    return _File(
        path,
        _named_values(entries.get("fixtures"), path, "fixture"),
        _named_values(entries.get("metadata"), path, "metadata"),
        list_of(entries.get("test_cases"), path, "test_cases", "- test_case: NAME"),
    )


class _CaseReader:
    """Reads the cases of one file, which may use the fixtures and metadata given."""

    def __init__(self, path: Path, fixtures: Named, metadata: Named) -> None:
        self._path = path
        self._fixtures = fixtures
        self._metadata = metadata

    def case(self, node: Node) -> Case:
        entries = entries_of(
            node,
            self._path,
            "a test case",
            ("test_case", "steps", "fixtures", "metadata"),
            needed=("test_case", "steps"),
        )
        slots: dict[str, Any] = {}
        for fixture in list_of(entries.get("fixtures"), self._path, "fixtures", "- NAME"):
            slots |= self._look_up(fixture, self._fixtures, "fixture")
        metadata = self._look_up(entries.get("metadata"), self._metadata, "metadata")
        steps = list_of(entries["steps"], self._path, "steps", "- user: TEXT")
        if not steps:
            raise BadTestFile(f"{at(self._path, node)}: this case has no steps.", "Begin with - user: TEXT.")
        return Case(
            file=self._path,
            line=line_of(node),
            name=self._text(entries["test_case"], "test_case"),
            slots=slots,
            turns=tuple(self._turns(steps, metadata)),
        )

    def _turns(self, steps: list[Node], metadata: Mapping[str, Any]) -> list[Turn]:
        turns: list[Turn] = []
        for step in steps:
            kind = self._kind(step)
            if kind == "user":
                turns.append(self._user_step(step, metadata))
                continue
            if not turns:
                raise BadTestFile(
                    f"{at(self._path, step)}: a case begins with what the user says.", "Put - user: TEXT first."
                )
            expected = self._step(step, kind)
            turns[-1] = replace(turns[-1], expectations=(*turns[-1].expectations, *expected))
        return turns

    def _kind(self, step: Node) -> str:
        if isinstance(step, ScalarNode) and step.value in _STEPS:
            raise BadTestFile(f"{at(self._path, step)}: after '{step.value}' a colon is missing.", "Put one there.")
        keys = [key.value for key, _ in step.value] if isinstance(step, MappingNode) else []
        kinds = [key for key in keys if key in _STEPS]
        if len(kinds) == 1:
            return str(kinds[0])
        if kinds:
            raise BadTestFile(
                f"{at(self._path, step)}: one step has both '{kinds[0]}' and '{kinds[1]}'.",
                "Give each a line with - of its own.",
            )
        wrong = f" '{keys[0]}'" if keys else ""
        remedy = nearest(keys[0], _STEPS) if keys else ""
        raise BadTestFile(f"{at(self._path, step)}: there is no step{wrong}.", remedy or f"Use {listed(_STEPS)}.")

    def _user_step(self, step: Node, metadata: Mapping[str, Any]) -> Turn:
        keys = ("user", "metadata", "assertions", "assertion_order_enabled")
        entries = entries_of(step, self._path, "a user step", keys)
        ordered = bool(_value(entries["assertion_order_enabled"])) if "assertion_order_enabled" in entries else False
        assertions = list_of(entries.get("assertions"), self._path, "assertions", "- bot_uttered:")
        return Turn(
            line=line_of(step),
            user=self._text(entries["user"], "user").rstrip("\n"),
            # As in Rasa Pro, what the step says goes before what the case says.
            metadata={**metadata, **self._look_up(entries.get("metadata"), self._metadata, "metadata")},
            expectations=tuple(
                expectation for assertion in assertions for expectation in self._assertion(assertion, ordered)
            ),
        )

    def _step(self, step: Node, kind: str) -> list[Expectation]:
        value = entries_of(step, self._path, f"the step '{kind}'", (kind,))[kind]
        if is_null(value):  # YAML gives a value that is not there the line behind it
            raise BadTestFile(f"{at(self._path, step)}: nothing is written after '{kind}:'.", "Add what you expect.")
        line = line_of(step)
        if kind == "bot":
            return [Uttered(line, text=self._text(value, kind), ordered=True)]
        if kind == "utter":
            return [Uttered(line, response=self._text(value, kind).strip(), ordered=True)]
        expected = SlotSet if kind == "slot_was_set" else SlotNotSet
        return [
            expected(slot_line, name=name, value=value, any_value=any_value)
            for slot_line, name, value, any_value in self._slots(value, kind)
        ]

    def _slots(self, node: Node, kind: str) -> list[tuple[int, str, Any, bool]]:
        """Line, name, value and whether any value will do, of ``name``, ``- name`` and ``- name: value``."""
        found: list[tuple[int, str, Any, bool]] = []
        for item in node.value if isinstance(node, SequenceNode) else [node]:
            if isinstance(item, MappingNode):
                mapping(item, self._path)  # refuses a name that is there twice
                found += [(line_of(key), str(key.value), _value(value), False) for key, value in item.value]
            elif isinstance(item, ScalarNode) and not is_null(item):
                found.append((line_of(item), item.value, None, True))
        if not found:
            raise BadTestFile(f"{at(self._path, node)}: '{kind}' names no slot.", "Write - NAME or - NAME: VALUE.")
        return found

    def _assertion(self, node: Node, ordered: bool) -> list[Expectation]:
        keys = [key.value for key, _ in node.value] if isinstance(node, MappingNode) else []
        if len(keys) == 1 and keys[0] in _RASA_PRO_ASSERTIONS:
            raise BadTestFile(
                f"{at(self._path, node)}: '{keys[0]}' is about what only Rasa Pro has: flows or language models.",
                f"Use {listed(_ASSERTIONS)}.",
            )
        entries = entries_of(node, self._path, "an assertion", _ASSERTIONS)
        if len(entries) != 1:
            raise BadTestFile(
                f"{at(self._path, node)}: an assertion is one of {listed(_ASSERTIONS)}.", "Name one here."
            )
        ((kind, value),) = entries.items()
        line = line_of(node)
        if kind == "action_executed":
            return [ActionExecuted(line, name=self._text(value, kind), ordered=ordered)]
        if kind in ("bot_uttered", "bot_did_not_utter"):
            return [self._uttered(value, kind, line, ordered)]
        expected = SlotSet if kind == "slot_was_set" else SlotNotSet
        found: list[Expectation] = []
        for item in list_of(value, self._path, kind, "- name: SLOT"):
            slot = entries_of(item, self._path, f"'{kind}'", ("name", "value"), needed=("name",))
            name = self._text(slot["name"], "name")
            given = "value" in slot
            found.append(
                expected(
                    line_of(item),
                    name=name,
                    value=_value(slot["value"]) if given else None,
                    any_value=not given,
                    ordered=ordered,
                )
            )
        return found

    def _uttered(self, node: Node, kind: str, line: int, ordered: bool) -> Uttered:
        entries = entries_of(node, self._path, f"'{kind}'", ("utter_name", "text_matches", "buttons"))
        if not entries:
            raise BadTestFile(f"{at(self._path, node)}: '{kind}' says nothing about the message.", "Add utter_name.")
        buttons = []
        for item in list_of(entries.get("buttons"), self._path, "buttons", "- title: TEXT"):
            button = entries_of(item, self._path, "a button", ("title", "payload"), needed=("title",))
            payload = self._text(button["payload"], "payload") if "payload" in button else ""
            buttons.append(Button(self._text(button["title"], "title"), payload))
        expected = Uttered if kind == "bot_uttered" else NotUttered
        return expected(
            line,
            response=self._text(entries["utter_name"], "utter_name") if "utter_name" in entries else None,
            pattern=self._pattern(entries["text_matches"]) if "text_matches" in entries else None,
            buttons=tuple(buttons),
            ordered=ordered,
        )

    def _pattern(self, node: Node) -> re.Pattern[str]:
        text = self._text(node, "text_matches")
        try:
            return re.compile(text)
        except re.error as error:
            raise BadTestFile(
                f"{at(self._path, node)}: '{text}' is not a regular expression: {error}.",
                "Write a backslash before each sign that stands for itself, such as \\( and \\?.",
            ) from error

    def _look_up(self, node: Node | None, named: Named, what: str) -> Mapping[str, Any]:
        if node is None:
            return {}
        name = self._text(node, what)
        if name not in named:
            raise BadTestFile(
                f"{at(self._path, node)}: there is no {what} called '{name}'.",
                nearest(name, named) or f"Define it under '{_SECTIONS[what]}:' at the top of the file.",
            )
        return named[name]

    def _text(self, node: Node, key: str) -> str:
        """A scalar as it is written: a user who types 10432 or yes types text."""
        if not isinstance(node, ScalarNode) or is_null(node):
            raise BadTestFile(f"{at(self._path, node)}: after '{key}:' comes a text.", "Write it on the same line.")
        return str(node.value)


def _named_values(node: Node | None, path: Path, what: str) -> Named:
    """``- name: [- key: value]`` entries, as fixtures and metadata are written."""
    named: dict[str, Mapping[str, Any]] = {}
    for item in list_of(node, path, _SECTIONS[what], "- NAME:"):
        for name, values in mapping(item, path).items():
            if name in named:
                raise BadTestFile(f"{at(path, item)}: the {what} '{name}' is there twice.", "Rename or merge them.")
            named[name] = {}
            for part in values.value if isinstance(values, SequenceNode) else [values]:
                if not isinstance(part, MappingNode):
                    raise BadTestFile(f"{at(path, part)}: under '{name}' come KEY: VALUE lines.", "Write it so.")
                mapping(part, path)  # refuses a key that is there twice
                named[name] = {**named[name], **{str(key): value for key, value in _value(part).items()}}
    return named


def list_of(node: Node | None, path: Path, key: str, example: str) -> list[Node]:
    """The items of a list that may be left out."""
    if is_null(node):
        return []
    if not isinstance(node, SequenceNode):
        assert node is not None
        raise BadTestFile(f"{at(path, node)}: what stands under '{key}:' is not a list.", f"Begin with '{example}'.")
    return list(node.value)


def entries_of(
    node: Node, path: Path, what: str, allowed: Collection[str], needed: Collection[str] = ()
) -> dict[str, Node]:
    """The entries of a mapping, all of whose keys are known and which has those that are needed."""
    if not isinstance(node, MappingNode):
        raise BadTestFile(f"{at(path, node)}: {what} is made of KEY: VALUE lines.", f"The keys are {listed(allowed)}.")
    for key, _ in node.value:
        if key.value == _STUBS:
            raise BadTestFile(
                f"{at(path, key)}: '{_STUBS}' puts made-up answers in the place of custom actions, and these tests run "
                "the assistant's real ones.",
                "Remove it: fill slots with fixtures, and give the database of the tests what the action is to find.",
            )
        if key.value not in allowed:
            raise BadTestFile(
                f"{at(path, key)}: {what} has no key '{key.value}'.",
                nearest(str(key.value), allowed) or f"The keys are {listed(allowed)}.",
            )
    entries = mapping(node, path)
    for key in needed:
        if key not in entries:
            raise BadTestFile(f"{at(path, node)}: {what} needs the key '{key}'.", f"Add '{key}:'.")
    return entries


class _JsonConstructor(SafeConstructor):
    """YAML's values, except that dates stay text: slots and metadata are JSON."""


_JsonConstructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def _value(node: Node) -> Any:
    """A node as the Python value that YAML gives it."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _JsonConstructor
    return yaml.constructor.construct_object(node, deep=True)
