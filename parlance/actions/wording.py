"""Dates and lists as people read them. Composes data; sentences live in ``domain.yml``."""

from collections.abc import Sequence
from datetime import date


def day(value: date, year: bool = False) -> str:
    """A date such as "Tuesday 3 March", or "3 March 2026"."""
    return f"{value.day} {value:%B %Y}" if year else f"{value:%A} {value.day} {value:%B}"


def listing(things: Sequence[str]) -> str:
    """Things in a row: "oak, linen and green"."""
    return " and ".join([", ".join(things[:-1]), things[-1]] if len(things) > 1 else things)
