"""Whether what an answer states is so in the database."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from parlance.simulation.database import Reader
from parlance.simulation.profile import Claim, Facts, fits
from parlance.testing.turns import BotMessage

_MONTHS = (
    "january february march april may june july august september october november december".split()
)  # not the locale's
_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)? (\w+)(?: (\d{4}))?")
_FARTHEST_DAYS = 183
"""A day without a year is the nearest one."""


def untrue(message: BotMessage, claims: tuple[Claim, ...], facts: Facts, database: Reader) -> Iterator[tuple[str, str]]:
    """What a message states and the database does not know, each with a sentence about it."""
    for claim in claims:
        if not fits(message.response or "?", claim.responses):
            continue
        for found in re.finditer(claim.pattern, message.text):
            stated = found[1] if found.re.groups else found[0]
            value = as_value(stated, claim.kind)
            if value is not None and not database.finds(claim.query, {**facts, "value": value}):
                yield stated, f"{claim.name} '{stated}' is not so in the database"


def as_value(stated: str, kind: str, today: date | None = None) -> str | int | None:
    """What a query compares with; None for what is no such value after all."""
    if kind == "money":
        digits = re.sub(r"[^\d.]", "", stated).rstrip(".")
        return round(float(digits) * 100) if re.fullmatch(r"\d+(?:\.\d+)?", digits) else None
    return _day(stated, today or date.today()) if kind == "day" else stated


def _day(stated: str, today: date) -> str | None:
    found = _DAY.search(stated)
    if found is None or found[2].lower() not in _MONTHS:
        return None
    month = _MONTHS.index(found[2].lower()) + 1
    years = [int(found[3])] if found[3] else [today.year - 1, today.year, today.year + 1]
    days = [day for year in years if (day := _valid(year, month, int(found[1])))]
    near = min(days, key=lambda day: abs(day - today), default=None)
    if near is None or not found[3] and abs(near - today) > timedelta(days=_FARTHEST_DAYS):
        return None
    return near.isoformat()


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
