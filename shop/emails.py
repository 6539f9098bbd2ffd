"""E-mail addresses as people type them.

The expressions have limits in place of ``*`` and ``+``, and spoken addresses are read after runs of spaces have become
one space, so that time grows with the length of a text and not with its square.
"""

import re

_SPOKEN_AT = re.compile(r" ?(?:\(at\)|\[at\]) ?| at ", re.IGNORECASE)
_SPOKEN_DOT = re.compile(r" ?(?:\(dot\)|\[dot\]) ?| dot ", re.IGNORECASE)
_SPACED_AT = re.compile(" ?@ ?")
_SPACED_DOT = re.compile(r" \. ?|\. (?=[a-z]{2,3}\b)")
_ADDRESS = re.compile(
    r"(?<![\w.+%-])([a-z0-9_%+-]{1,64}(?:\.[a-z0-9_%+'-]{1,64}){0,9}"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,9}[a-z]{2,24})(?![\w@-])",
    re.IGNORECASE,
)


def find_email(text: str) -> str | None:
    """The last e-mail address in a text, in lower case.

    Understands "ada at example dot com", spaces around the @ sign, and punctuation that belongs to the sentence.
    """
    written = _ADDRESS.findall(text)
    if not written:
        written = _ADDRESS.findall(_unspoken(text))
    return written[-1].lower() if written else None


def _unspoken(text: str) -> str:
    text = _SPACED_AT.sub("@", _SPOKEN_AT.sub("@", " ".join(text.split())))
    head, sign, tail = text.rpartition("@")
    if not sign:
        return text
    tail = _SPACED_DOT.sub(".", tail)
    return _SPOKEN_DOT.sub(".", head) + sign + _SPOKEN_DOT.sub(".", tail)


def masked(email: str) -> str:
    """An address as its owner knows it again and nobody else reads it: a***@e***.com."""
    name, _, domain = email.partition("@")
    host, _, ending = domain.rpartition(".")
    return f"{name[:1]}***@{host[:1]}***.{ending}"
