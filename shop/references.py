"""References that customers quote, such as RT-1004: letters for the kind, a number for the row."""

import re

RETURN, REFUND, CLAIM, MISSING, FRAUD, DATA = "RT", "RF", "CL", "MP", "FC", "DR"
FIRST_NUMBER = 1000
_REFERENCE = re.compile(r"([A-Z]{2})-?([0-9]{4,9})")


def show(letters: str, row: int) -> str:
    """The reference of a table's row."""
    return f"{letters}-{FIRST_NUMBER + row}"


def row_of(letters: str, reference: str) -> int | None:
    """The row's id; None for anything that is not a reference of this kind."""
    found = _REFERENCE.fullmatch(reference.strip().upper())
    return int(found[2]) - FIRST_NUMBER if found and found[1] == letters else None
