"""Names of intents and entities that Rasa refuses, or that were hardly meant as names.

A Markdown link, ``[the manual](https://example.com)``, is an annotation to Rasa, of an entity called ``https``. Rasa's
rule for intents is that of ``Message.separate_intent_response_key``; in a payload, ``/intent@0.9{"entity": 1}``, the
name of the intent ends at ``@`` or ``{``.
"""

import re
from collections.abc import Iterator, Sequence

from parlance.data.examples import Example
from parlance.data.findings import Finding

_QUOTES = "\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb"
_QUOTED = re.compile(rf"^[{_QUOTES}]|[{_QUOTES}]$|[\"\u201c\u201d]")
_SCHEMES = {"http", "https", "ftp", "file", "mailto", "tel", "sms", "data", "javascript"}
_ADDRESS = re.compile(r"^www\.|\.(?:com|org|net|io|html?|php|pdf|png|jpe?g|md)$|\S@\S|://", re.IGNORECASE)
_SIGNS_OF_ENTITIES = re.compile(r"[][(){}<>/\\:#\x00-\x1f]|^\s|\s$")
_SIGNS_OF_INTENTS = re.compile(r"[][(){}<>\\@\x00-\x1f]")


def name_findings(examples: Sequence[Example]) -> Iterator[Finding]:
    """What is wrong with the names of intents and entities, each name once, where it is first used."""
    intents: dict[str, str] = {}
    entities: dict[tuple[str, str], tuple[str, str]] = {}
    for example in examples:
        if example.intent is not None:
            intents.setdefault(example.intent, example.source)
        for entity in example.entities:
            names = {"entity": entity.type, "role": entity.role, "group": entity.group}
            for what, name in names.items():
                if name is not None:
                    entities.setdefault((what, name), (entity.value or "", example.source))
    for name, source in intents.items():
        yield from _intent_findings(name, source)
    for (what, name), (value, source) in entities.items():
        if fault := _fault_of_entity(name, value):
            message = f"The {what} {_shown(name)} {fault}."
            yield Finding("warning", "an entity's name that is hardly meant as one", message, source)


def _intent_findings(name: str, source: str) -> Iterator[Finding]:
    parts = name.split("/")
    if len(parts) > 2 or not all(part.strip() for part in parts):
        yield Finding(
            "error",
            "an intent's name that Rasa refuses",
            f"The intent {_shown(name)} is not of the form 'intent' or 'retrieval_intent/answer', with one '/' at "
            "most. Rename it.",
            source,
        )
    elif _QUOTED.search(name) or _SIGNS_OF_INTENTS.search(name):
        yield Finding(
            "warning",
            "an intent's name that is hardly meant as one",
            f"The intent {_shown(name)} has quotes, brackets or another sign in its name that a payload such as "
            "/intent{...} cannot have. Rename it.",
            source,
        )


def _fault_of_entity(name: str, value: str) -> str:
    """What is wrong and what to do, to follow the name, or nothing; ``value`` is of the first such entity."""
    is_link = name.lower() in _SCHEMES and re.match(r"//|\S+@\S|\+?\d[\d -]{4,}", value)
    if is_link or _ADDRESS.search(name):
        return "looks like a link's address: Rasa reads every [words](name) as an entity. Write the words alone"
    if _QUOTED.search(name):
        return "has quotes in its name, and fills no slot of the name without them. Write [words](name)"
    if _SIGNS_OF_ENTITIES.search(name):
        return "has brackets, slashes or another sign in its name that no name has. Rename it"
    return ""


def _shown(name: str) -> str:
    return f"'{name}'" if name.isprintable() else repr(name)
