"""What an example's metadata say of the conversation that it comes from.

In Rasa's NLU YAML both an intent and a single example may have ``metadata``, which Rasa keeps and does not read::

    - intent: affirm
      metadata:
        after: ["Shall I cancel it?", "Shall I send you the label?"]
        said: "cancel my order"
        act: affirm
      examples: |
        - that would be great

Other keys are the project's own business.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from parlance.errors import ParlanceError

KEYS = ("after", "said", "act")


class ExampleContext(NamedTuple):
    """The fields of an ``Example`` that the metadata give."""

    after: tuple[str, ...] = ()
    said: str | None = None
    act: str | None = None


def example_context(of_intent: Any, of_example: Any, where: str = "") -> ExampleContext:
    """Read the metadata of an intent and of one of its examples, which has the last word on each key.

    Args:
        of_intent: Metadata as YAML gives them; anything but a mapping says nothing.
        of_example: The same of the example.
        where: ``file:line``, put before a message.

    Raises:
        ParlanceError: One of the keys has a value that is not text.
    """
    levels = [level for level in (of_intent, of_example) if isinstance(level, Mapping)]
    known = {key: level[key] for level in levels for key in KEYS if level.get(key) is not None}
    return ExampleContext(_texts(known.get("after"), where), _text(known, "said", where), _text(known, "act", where))


def _texts(value: Any, where: str) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value if isinstance(value, list | tuple) else []
    if value is not None and not (texts and all(isinstance(text, str) and text.strip() for text in texts)):
        raise _fault("after", "neither a text nor a list of texts", where)
    return tuple(dict.fromkeys(text.strip() for text in texts))


def _text(known: Mapping[str, Any], key: str, where: str) -> str | None:
    value = known.get(key)
    if value is not None and not (isinstance(value, str) and value.strip()):
        raise _fault(key, "no text", where)
    return value.strip() if value else None


def _fault(key: str, what: str, where: str) -> ParlanceError:
    prefix = f"{where}: " if where else ""
    return ParlanceError(f"{prefix}'{key}' in the metadata is {what}.", "Put each text in double quotes.")
