"""YAML as nodes that know their line, so that a message about the data can say where to look."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from parlance.data.files import read_text
from parlance.errors import ParlanceError

STRING_TAG = "tag:yaml.org,2002:str"
NULL_TAG = "tag:yaml.org,2002:null"
MERGE_TAG = "tag:yaml.org,2002:merge"


def read_yaml(path: Path) -> Node | None:
    """The root node of a YAML 1.2 file (an intent called ``yes`` is text, not true); None for an empty file.

    Merge keys (``<<: *anchor``, https://yaml.org/type/merge.html) are resolved, as Rasa does it.

    Raises:
        ParlanceError: The file cannot be read, or is not YAML; with ``file:line``.
    """
    parser = YAML(typ="safe", pure=True)  # pure Python: the C parser of ruamel.yaml reads YAML 1.1
    text = _decode_escapes(read_text(path))
    try:
        root: Node | None = parser.compose(text)
    except YAMLError as error:
        raise invalid(path, error) from error
    _resolve_merges(root, path, set())
    return root


def _resolve_merges(node: Node | None, path: Path, seen: set[int]) -> None:
    """Put what is merged into each mapping in place; ``seen`` has the nodes that are done, which aliases share."""
    if not isinstance(node, (MappingNode, SequenceNode)) or id(node) in seen:
        return
    seen.add(id(node))
    children = node.value if isinstance(node, SequenceNode) else [child for entry in node.value for child in entry]
    for child in children:
        _resolve_merges(child, path, seen)
    if isinstance(node, MappingNode):
        _resolve_merge(node, path)


def _resolve_merge(node: MappingNode, path: Path) -> None:
    """A mapping's own entries, then those that it merges and does not have: the first that has a key gives it."""
    merges = [(key, value) for key, value in node.value if key.tag == MERGE_TAG]
    if not merges:
        return
    if len(merges) > 1:
        key = merges[1][0]
        raise ParlanceError(f"{at(path, key)}: the key '<<' is there twice in the same place.", "Write '<<: [*A, *B]'.")
    merge = merges[0][1]
    entries = [(key, value) for key, value in node.value if key.tag != MERGE_TAG]
    taken = {key.value for key, _ in entries if isinstance(key, ScalarNode)}
    for merged in merge.value if isinstance(merge, SequenceNode) else [merge]:
        if not isinstance(merged, MappingNode):
            raise ParlanceError(f"{at(path, merged)}: after '<<:' comes no mapping.", "Write '<<: *NAME' of one.")
        for key, value in merged.value:
            if isinstance(key, ScalarNode) and key.value not in taken:
                taken.add(key.value)
                entries.append((key, value))
    node.value = entries


def invalid(path: Path, error: YAMLError) -> ParlanceError:
    """What the parser found wrong, with ``file:line`` where it says."""
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        reason = " ".join(part for part in (error.context, error.problem) if part)
        return ParlanceError(
            f"{path}{line}: this is not valid YAML: {reason}.", "Check the indentation and quotes there."
        )
    reason = " ".join(str(error).split())
    return ParlanceError(f"{path}: this is not valid YAML: {reason}.", "Remove the characters it names.")


def mapping(node: Node | None, path: Path) -> dict[str, Node]:
    """The entries of a mapping node by key; empty for any other node.

    Raises:
        ParlanceError: A key is there twice, and only one of them would be read; or it is a list or a mapping.
    """
    if not isinstance(node, MappingNode):
        return {}
    entries: dict[str, Node] = {}
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            raise ParlanceError(f"{at(path, key)}: a key must be a word.", "Put the text there in quotes.")
        if key.value in entries:
            raise ParlanceError(
                f"{at(path, key)}: the key '{key.value}' is there twice in the same place.", "Merge the two."
            )
        entries[key.value] = value
    return entries


def items(node: Node | None) -> list[Node]:
    """The items of a sequence node; empty for any other node."""
    return list(node.value) if isinstance(node, SequenceNode) else []


def string(node: Node | None) -> str | None:
    """The text of a node that is a YAML string; None for a number, true, null, a list, a mapping or no node."""
    return node.value if isinstance(node, ScalarNode) and node.tag == STRING_TAG else None


def plain(node: Node | None, path: Path) -> Any:
    """A node's text, list or dictionary, and None for no value; what YAML reads as anything else stays a node."""
    if is_null(node):
        return None
    if isinstance(node, MappingNode):
        return {key: plain(value, path) for key, value in mapping(node, path).items()}
    if isinstance(node, SequenceNode):
        return [plain(item, path) for item in items(node)]
    text = string(node)
    return node if text is None else text


def is_null(node: Node | None) -> bool:
    """Whether there is no value: no node, ``~``, or nothing after the colon."""
    return node is None or (isinstance(node, ScalarNode) and node.tag == NULL_TAG)


def line_of(node: Node) -> int:
    """The line where the node starts, counted from 1."""
    return int(node.start_mark.line) + 1


def at(path: Path, node: Node) -> str:
    """``file:line`` of a node."""
    return f"{path}:{line_of(node)}"


def _decode_escapes(text: str) -> str:
    r"""``\u0041`` as the character it stands for, in a file that is ASCII throughout, as Rasa does it.

    Rasa's exporters write emoji this way, in block scalars, where YAML itself has no escapes.
    """
    if not text.isascii() or "\\u" not in text.lower():
        return text
    try:
        return text.encode("ascii").decode("raw_unicode_escape").encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:  # a backslash and a u that are no escape: the text means itself
        return text
