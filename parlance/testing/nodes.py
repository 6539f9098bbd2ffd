"""Nodes of YAML as the files of conversation tests are made of them: lists, mappings of known keys, JSON values."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from parlance.data.yaml_nodes import at, is_null, mapping
from parlance.testing.errors import BadTestFile, listed, nearest

_STUBS = "stub_custom_actions"


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


def value_of(node: Node) -> Any:
    """A node as the Python value that YAML gives it."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _JsonConstructor
    return yaml.constructor.construct_object(node, deep=True)
