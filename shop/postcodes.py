"""Postcodes as people type them."""

import re

_AREA = r"([A-Z]{1,2}[0-9][A-Z0-9]?)"
_POSTCODE = re.compile(rf"{_AREA}\s{{0,3}}([0-9][A-Z]{{2}})", re.IGNORECASE)
_IN_TEXT = re.compile(rf"(?<!\w){_POSTCODE.pattern}(?!\w)", re.IGNORECASE)


def normal_postcode(text: str) -> str | None:
    """A postcode in the Post Office's shape, "FH12 4XY" for "fh124xy"; None for anything else."""
    found = _POSTCODE.fullmatch(text.strip())
    return f"{found[1]} {found[2]}".upper() if found else None


def find_postcode(text: str) -> str | None:
    """The last postcode in a text, in the Post Office's shape."""
    found = _IN_TEXT.findall(text)
    return f"{found[-1][0]} {found[-1][1]}".upper() if found else None
