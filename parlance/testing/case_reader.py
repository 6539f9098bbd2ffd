"""Reading one case of a conversation test: its steps, and what they expect of the assistant."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from parlance.data.yaml_nodes import at, is_null, line_of, mapping
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
from parlance.testing.nodes import entries_of, list_of, value_of
from parlance.testing.turns import Button

SECTIONS = {"fixture": "fixtures", "metadata": "metadata"}
"""Where in a file that stands which cases name."""

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

Named = Mapping[str, Mapping[str, Any]]
"""Fixtures or metadata by name."""


class CaseReader:
    """Reads the cases of one file, which may use the fixtures and metadata given."""

    def __init__(self, path: Path, fixtures: Named, metadata: Named) -> None:
        self._path = path
        self._fixtures = fixtures
        self._metadata = metadata

    def case(self, node: Node) -> Case:
        """One case.

        Raises:
            BadTestFile: Something in it is wrong; with ``file:line``.
        """
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
        ordered = bool(value_of(entries["assertion_order_enabled"])) if "assertion_order_enabled" in entries else False
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
                found += [(line_of(key), str(key.value), value_of(value), False) for key, value in item.value]
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
                    value=value_of(slot["value"]) if given else None,
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
                nearest(name, named) or f"Define it under '{SECTIONS[what]}:' at the top of the file.",
            )
        return named[name]

    def _text(self, node: Node, key: str) -> str:
        """A scalar as it is written: a user who types 10432 or yes types text."""
        if not isinstance(node, ScalarNode) or is_null(node):
            raise BadTestFile(f"{at(self._path, node)}: after '{key}:' comes a text.", "Write it on the same line.")
        return str(node.value)
