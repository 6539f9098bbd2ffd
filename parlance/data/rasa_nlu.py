"""Training data in Rasa's NLU YAML, read without Rasa.

What is read and what is skipped is as in ``rasa.shared.nlu.training_data.formats.rasa_yaml`` of Rasa 3.6, except
that an intent without examples, or one whose name YAML does not read as text, is an error here and not a warning.
"""

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml.nodes import Node, ScalarNode, SequenceNode

from parlance.data import yaml_nodes
from parlance.data.annotations import parse_annotations
from parlance.data.context import example_context
from parlance.data.examples import Example
from parlance.data.files import read_text
from parlance.errors import ParlanceError

logger = logging.getLogger(__name__)

_NLU_KEY = re.compile(r"^\s*nlu\s*:", re.MULTILINE)
_OTHER_SECTIONS = ("synonym", "regex", "lookup")
_STRIPPED = "\n\r "


def may_hold_nlu(path: Path) -> bool:
    """Whether a line of the file starts with ``nlu:``; cheap, so that a folder's other YAML is not parsed."""
    return _NLU_KEY.search(read_text(path)) is not None


def read_nlu_file(path: Path) -> list[Example] | None:
    """The examples of every intent in the file, in the file's order; None where there is no ``nlu`` key at all.

    Synonyms, regexes and lookup tables are skipped: Rasa's own components read those.

    Raises:
        ParlanceError: The file is not YAML, or an intent or annotation in it is wrong; with ``file:line``.
    """
    root = yaml_nodes.mapping(yaml_nodes.read_yaml(path), path)
    if "nlu" not in root:
        return None
    sections = root["nlu"]
    if not yaml_nodes.is_null(sections) and not isinstance(sections, SequenceNode):
        raise ParlanceError(
            f"{yaml_nodes.at(path, sections)}: what stands under 'nlu:' is not a list.",
            "Start each intent with '- intent: NAME'.",
        )
    examples: list[Example] = []
    for section in yaml_nodes.items(sections):
        examples += _read_section(section, path)
    return examples


def _read_section(section: Node, path: Path) -> list[Example]:
    entries = yaml_nodes.mapping(section, path)
    if "intent" in entries:
        return _read_intent(section, entries, path)
    if not any(name in entries for name in _OTHER_SECTIONS):
        logger.warning(
            "%s: a section without intent, synonym, regex or lookup was skipped.", yaml_nodes.at(path, section)
        )
    return []


def _read_intent(section: Node, entries: dict[str, Node], path: Path) -> list[Example]:
    where = yaml_nodes.at(path, section)
    name = yaml_nodes.string(entries["intent"])
    if name is None and not yaml_nodes.is_null(entries["intent"]):
        value = f" {entries['intent'].value}" if isinstance(entries["intent"], ScalarNode) else ""
        raise ParlanceError(f"{where}: YAML does not read the intent name{value} as text.", "Put it in double quotes.")
    intent = (name or "").strip()
    if not intent:
        raise ParlanceError(f"{where}: this intent has no name.", "Write one after 'intent:'.")

    examples: list[Example] = []
    of_intent = yaml_nodes.plain(entries.get("metadata"), path)
    example_context(of_intent, None, yaml_nodes.at(path, entries["metadata"]) if "metadata" in entries else where)
    for line, annotated, metadata in _annotated_texts(entries.get("examples"), intent, path):
        source = f"{path}:{line}"
        if not annotated:
            logger.warning("%s: an empty example of the intent '%s' was skipped.", source, intent)
            continue
        text, entities = parse_annotations(annotated, source)
        examples.append(Example(text, intent, entities, source, *example_context(of_intent, metadata, source)))
    if not examples:
        raise ParlanceError(
            f"{where}: the intent '{intent}' has no examples.",
            "Add lines such as '- hello there' under 'examples: |', or remove the intent.",
        )
    return examples


def _annotated_texts(node: Node | None, intent: str, path: Path) -> Iterator[tuple[int, str, Any]]:
    """Line number, annotated text and metadata of each example of a block of text or of a list of mappings."""
    block = yaml_nodes.string(node)
    if isinstance(node, SequenceNode):
        yield from _texts_of_list(node, intent, path)
    elif block is not None and isinstance(node, ScalarNode):
        yield from ((line, text, None) for line, text in _texts_of_block(block, node, intent, path))
    elif not yaml_nodes.is_null(node):
        assert node is not None
        raise ParlanceError(
            f"{yaml_nodes.at(path, node)}: the examples of the intent '{intent}' are not a block of text.",
            "Write 'examples: |' and one '- example' a line.",
        )


def _texts_of_block(block: str, node: ScalarNode, intent: str, path: Path) -> Iterator[tuple[int, str]]:
    line = _first_line(node)
    for whole in block.splitlines(keepends=True):
        text = whole.rstrip("\n\r")
        if text.startswith("-"):
            yield line, text[1:].strip(_STRIPPED)
        elif text.strip():
            logger.warning(
                "%s:%d: a line of the intent '%s' was skipped, because it does not start with '- ': %s",
                path,
                line,
                intent,
                text.strip(),
            )
        if node.style == "|":  # only there does each line of the value stand on a line of its own in the file
            line += whole.count("\n")


def _first_line(node: Node) -> int:
    """The line where a text starts, which for a block is the one after its sign."""
    return yaml_nodes.line_of(node) + (1 if isinstance(node, ScalarNode) and node.style in ("|", ">") else 0)


def _texts_of_list(node: SequenceNode, intent: str, path: Path) -> Iterator[tuple[int, str, Any]]:
    for item in yaml_nodes.items(node):
        if yaml_nodes.is_null(item):
            continue
        entries = yaml_nodes.mapping(item, path)
        node_of_text = entries.get("text")
        text = yaml_nodes.string(node_of_text)
        if node_of_text is None or text is None:
            raise ParlanceError(
                f"{yaml_nodes.at(path, item)}: an example of the intent '{intent}' has no 'text:'.",
                "Write 'examples: |' for plain lines, or '- text: ...' for each example of a list.",
            )
        yield _first_line(node_of_text), text.strip(_STRIPPED), yaml_nodes.plain(entries.get("metadata"), path)
