"""Whether what an answer states is so in the database."""

import re
from collections.abc import Iterator
from datetime import date

from parlance.simulation.database import Reader
from parlance.simulation.profile import Claim, Facts, fits
from parlance.testing.turns import BotMessage

_MONTHS = (
    "january february march april may june july august september october november december".split()
)  # not the locale's
_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)? (\w+)(?: (\d{4}))?")


def untrue(message: BotMessage, claims: tuple[Claim, ...], facts: Facts, database: Reader) -> Iterator[tuple[str, str]]:
    """What a message states and the database does not know, each with a sentence about it."""
    for claim in claims:
        if not fits(message.response or "?", claim.responses):
            continue
        for found in re.finditer(claim.pattern, message.text):
            stated = found[1] if found.re.groups else found[0]
            values = meanings(stated, claim.kind)
            if values and not any(database.finds(claim.query, {**facts, "value": value}) for value in values):
                yield stated, f"{claim.name} '{stated}' is not so in the database"


def meanings(stated: str, kind: str, today: date | None = None) -> list[str | int]:
    """What a query is to compare with, any of it; nothing for what is no such value after all."""
    if kind == "money":
        digits = re.sub(r"[^\d.]", "", stated).rstrip(".")
        return [round(float(digits) * 100)] if re.fullmatch(r"\d+(?:\.\d+)?", digits) else []
    return [*_days(stated, (today or date.today()).year)] if kind == "day" else [stated]


def _days(stated: str, year: int) -> Iterator[str]:
    """A day without a year is of last year, this one or the next."""
    found = _DAY.search(stated)
    if found is None or found[2].lower() not in _MONTHS:
        return
    for one in [int(found[3])] if found[3] else [year - 1, year, year + 1]:
        try:
            yield date(one, _MONTHS.index(found[2].lower()) + 1, int(found[1])).isoformat()
        except ValueError:
            continue  # 29 February
