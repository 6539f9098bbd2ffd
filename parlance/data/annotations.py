"""Rasa's inline entity annotations: ``fly to [Rome](city)`` as plain text and spans.

Three forms, as in Rasa 3 (https://rasa.com/docs/rasa/training-data-format#entities)::

    [Rome](city)   [the eternal city](city:Rome)   [Rome]{"entity": "city", "role": "to", "group": "1", "value": "Rome"}

As in Rasa, a bracket cannot be escaped: whatever does not have one of these forms is plain text.
"""

import json
import re
from collections.abc import Iterator

from parlance.data.examples import Entity
from parlance.errors import ParlanceError

_SHORT_FORM = r"\((?P<type>[^:)]+?)(?::(?P<value>[^)]+))?\)"
_LONG_FORM = r"\{(?P<attributes>[^}]+?)\}"
_LIST_FORM = r"\[(?P<list>.*?)\]"
_ANNOTATION = re.compile(rf"\[(?P<text>[^\]]+?)\](?:{_SHORT_FORM}|{_LONG_FORM}|{_LIST_FORM})")
_LIST_ITEM = re.compile(r"\{([^}]+?)\}")

_ATTRIBUTES = ("entity", "role", "group", "value")


def parse_annotations(annotated: str, source: str = "") -> tuple[str, tuple[Entity, ...]]:
    """The plain text of an annotated utterance and its entities from left to right, with spans in the plain text.

    Args:
        annotated: The utterance with annotations.
        source: ``file:line``, put before a message.

    Raises:
        ParlanceError: A span is annotated inside another or twice, or the JSON of an annotation is wrong.
    """
    plain: list[str] = []
    length = 0
    rest = 0
    entities: list[Entity] = []
    for match in _ANNOTATION.finditer(annotated):
        span = match["text"]
        if "[" in span:
            raise ParlanceError(
                f"{_prefix(source)}the annotation '{match[0]}' starts inside another one.",
                "Entities must not overlap: keep one of the two.",
            )
        before = annotated[rest : match.start()]
        start = length + len(before)
        found = list(_entities_of(match, start, start + len(span), source))
        if len(found) > 1:
            types = " and ".join(f"'{entity.type}'" for entity in found)
            raise ParlanceError(
                f"{_prefix(source)}'{span}' is annotated as {types} at once.",
                "Entities must not overlap: keep one of them.",
            )
        entities += found
        plain += [before, span]
        length = start + len(span)
        rest = match.end()
    return "".join([*plain, annotated[rest:]]), tuple(entities)


def _entities_of(match: re.Match[str], start: int, end: int, source: str) -> Iterator[Entity]:
    if match["type"]:
        yield Entity(start, end, match["type"], value=match["value"] or match["text"])
    elif match["attributes"]:
        yield _entity_from_json(match["attributes"], start, end, match["text"], source)
    else:
        for attributes in _LIST_ITEM.findall(match["list"]):
            yield _entity_from_json(attributes, start, end, match["text"], source)


def _entity_from_json(attributes: str, start: int, end: int, text: str, source: str) -> Entity:
    """``attributes`` is the JSON object of the annotation, without its braces."""
    try:
        fields = json.loads(f"{{{attributes}}}")
    except json.JSONDecodeError as error:
        raise ParlanceError(
            f"{_prefix(source)}the annotation {{{attributes}}} of '{text}' is not valid JSON: {error.msg}.",
            'Write it as {"entity": "city", "role": "to"}.',
        ) from error
    for name, value in fields.items():
        allowed = (str, int, float) if name == "value" else str
        if name in _ATTRIBUTES and (isinstance(value, bool) or not isinstance(value, allowed)):
            raise ParlanceError(
                f"{_prefix(source)}'{name}' of the annotation of '{text}' is not text.", "Put it in double quotes."
            )
    if not fields.get("entity"):
        raise ParlanceError(
            f"{_prefix(source)}the annotation {{{attributes}}} of '{text}' names no entity.",
            'Add "entity": and the entity\'s type.',
        )
    value = str(fields.get("value", text))
    return Entity(start, end, fields["entity"], fields.get("role"), fields.get("group"), value)


def _prefix(source: str) -> str:
    return f"{source}: " if source else ""
