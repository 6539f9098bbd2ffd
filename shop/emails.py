"""E-mail addresses as people type them."""

import re

_SPOKEN_AT = re.compile(r"\s*(?:\(at\)|\[at\]|\s+at\s+)\s*", re.IGNORECASE)
_SPOKEN_DOT = re.compile(r"\s*(?:\(dot\)|\[dot\]|\s+dot\s+)\s*", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?<![\w.+%-])([a-z0-9_%+-]+(?:\.[a-z0-9_%+'-]+)*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24})(?![\w@-])",
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
    text = _SPOKEN_AT.sub("@", text)
    text = re.sub(r"\s*@\s*", "@", text)
    head, sign, tail = text.rpartition("@")
    if not sign:
        return text
    tail = re.sub(r"\s+\.\s*|\.\s+(?=[a-z]{2,3}\b)", ".", tail)
    return _SPOKEN_DOT.sub(".", head) + sign + _SPOKEN_DOT.sub(".", tail)


def masked(email: str) -> str:
    """An address as its owner knows it again and nobody else reads it: a***@e***.com."""
    name, _, domain = email.partition("@")
    host, _, ending = domain.rpartition(".")
    return f"{name[:1]}***@{host[:1]}***.{ending}"
