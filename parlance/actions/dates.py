"""Days as people type them: "next tuesday", "the 3rd", "12/05", "sat", "not friday, can you do the monday after".

Arithmetic on months is dateutil's. dateparser was tried for the reading: it knows no "next tuesday", and takes "the
3rd" for a day that is over.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import count

from dateutil.relativedelta import relativedelta
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
HOLIDAYS = {
    "christmas eve": (12, 24),
    "christmas": (12, 25),
    "boxing day": (12, 26),
    "new year's eve": (12, 31),
    "new year": (1, 1),
}
COUNTS = {"a": 1, "one": 1, "two": 2, "a couple of": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10}

# The long words that a slip of a finger is put right to; short ones are near too much else.
SPELLED = tuple(word for word in (*WEEKDAYS, *MONTHS, "tomorrow", "yesterday") if len(word) > 5)
CLOSE_ENOUGH = 0.77
NEAR = 120
"""So many characters before a day and behind it can say that it is not the one."""

WEEKDAY = r"\b(?P<weekday>mon|tue|wed|thu|fri|sat|sun)(?:s|sday|nesday|r|rs|rsday|urday|day)?\b"
MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(?:uary|ruary|ch|il|e|y|ust|t|tember|ober|ember)?\b"
DAY = r"(?<![\d:./-])(?P<day>\d{1,2})"
ORDINAL = DAY + r"\s?(?:st|nd|rd|th)\b"
YEAR = r"(?:,? (?P<year>20\d\d)\b)?"
COUNT = rf"\b(?P<count>\d{{1,2}}|{'|'.join(sorted(COUNTS, key=len, reverse=True))})"

ALONE = re.compile(r"^\W*(\d{1,2})\W*$")
LONG_WORD = re.compile(r"(?<![a-z])[a-z]{5,12}(?![a-z])")
CLAUSE_ENDS = re.compile(
    r"[,.;!?]\s|\bbut\b|\bso\b|\binstead\b(?! of)|\b(?:can|could|please|make it|how about|want)\b(?!')"
)
NOT_THEN = re.compile(
    r"\b(?:not|instead of|rather than|except|cannot|(?:ca|wo|is|are|does|do)n'?t|away|out|at work|working|on holiday|"
    r"no good|no use|impossible|busy)\b"
)
ANOTHER_IS_NOT = re.compile(r"\b(?:instead of|rather than|and not|not (?:on |the )?\w+day)\b")
NEXT_IS_NOT = re.compile(r"\b(?:instead of|rather than|not|any ?day but)\s*$")
THEN_AGAIN = re.compile(r"\b(?:until|till?|back|before)\s+(?:the\s+|on\s+)?$")
AFTER = re.compile(r"\bafter\s+(?:the\s+)?$")
BEFORE = re.compile(r"(?<!not )(?<!n't )\bbefore\s+(?:the\s+)?$")

Read = Callable[[re.Match[str], date, bool], "date | None"]
READINGS: list[tuple[re.Pattern[str], Read]] = []
"""The ways of writing a day; what an earlier one has read is not read again by a later one."""


def find_date(text: str, today: date, *, past: bool = False) -> date | None:
    """The day that a text names; None where it names none, or one that does not exist.

    Of several days it is the last that is not ruled out: "thursday instead of friday", "from monday to wednesday". A
    day without its month or year is the next one, and "next tuesday" is in the week after this. 12/05 is the 12th of
    May.

    Args:
        text: A message or a part of one.
        today: The day on which it was written.
        past: Whether it is about something that has happened, so that "tuesday" is the last one.
    """
    text = _spelled_right(text.lower().replace("’", "'"))
    alone = ALONE.match(text)
    if alone:
        return _day_of_month(int(alone[1]), today, past)
    wanted = [day for start, end, day in sorted(_named(text, today, past)) if not _ruled_out(text, start, end)]
    return wanted[-1] if wanted else None


def _spelled_right(text: str) -> str:
    def right(word: re.Match[str]) -> str:
        near = process.extractOne(
            word.group(), SPELLED, scorer=DamerauLevenshtein.normalized_similarity, score_cutoff=CLOSE_ENOUGH
        )
        return near[0] if near else word.group()

    return LONG_WORD.sub(right, text)


def _named(text: str, today: date, past: bool) -> Iterator[tuple[int, int, date]]:
    """Where the text names days, and which."""
    unread = text
    for pattern, read in READINGS:
        for match in pattern.finditer(unread):
            try:
                day = read(match, today, past)
            except ValueError:  # the 31st of June
                continue
            if day is not None:
                before = text[max(0, match.start() - NEAR) : match.start()]
                shift = bool(AFTER.search(before)) - bool(BEFORE.search(before))
                yield match.start(), match.end(), day + timedelta(days=shift)
        unread = pattern.sub(lambda match: "_" * len(match.group()), unread)


def _ruled_out(text: str, start: int, end: int) -> bool:
    """Whether the clause says that this is not the day: "I'm away on the 3rd", "friday is no good"."""
    before, after = text[max(0, start - NEAR) : start], text[end : end + NEAR]
    if THEN_AGAIN.search(before):
        return False
    if NEXT_IS_NOT.search(before):
        return True
    before, after = CLAUSE_ENDS.split(before)[-1], CLAUSE_ENDS.split(after)[0]
    after = ANOTHER_IS_NOT.split(after)[0]
    return bool(NOT_THEN.search(before) or NOT_THEN.search(after))


def _reading(pattern: str) -> Callable[[Read], Read]:
    def add(read: Read) -> Read:
        READINGS.append((re.compile(pattern), read))
        return read

    return add


@_reading(r"\b20\d\d-\d\d-\d\d\b")
def _iso(match: re.Match[str], today: date, past: bool) -> date:
    return date.fromisoformat(match.group())


@_reading(DAY + r"/(?P<month>\d{1,2})(?:/(?P<year>\d{4}|\d\d))?(?![\d/])")
@_reading(DAY + r"[.-](?P<month>\d{1,2})[.-](?P<year>\d{4}|\d\d)\b")
def _in_figures(match: re.Match[str], today: date, past: bool) -> date:
    year = int(match["year"]) % 100 + 2000 if match["year"] else None
    return _of_year(int(match["month"]), int(match["day"]), year, today, past)


@_reading(DAY + rf"\s?(?:st|nd|rd|th)?\s?(?:of )?{MONTH}{YEAR}")
@_reading(rf"\b{MONTH} (?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b{YEAR}")
def _in_words(match: re.Match[str], today: date, past: bool) -> date:
    return _of_year(_month(match), int(match["day"]), int(match["year"]) if match["year"] else None, today, past)


@_reading("|".join(sorted(HOLIDAYS, key=len, reverse=True)))
def _holiday(match: re.Match[str], today: date, past: bool) -> date:
    month, day = HOLIDAYS[match.group()]
    return _of_year(month, day, None, today, past)


@_reading(r"\b(?:day after )?(?:tomorrow|tomoz|tmrw|tmr|2moro)\b")
def _tomorrow(match: re.Match[str], today: date, past: bool) -> date:
    return today + timedelta(days=1 + ("after" in match.group()) + 7 * match.string.endswith("week ", 0, match.start()))


@_reading(r"\b(?:(?:day before )?yesterday|last (?:night|evening))\b")
def _yesterday(match: re.Match[str], today: date, past: bool) -> date:
    return today - timedelta(days=1 + ("before" in match.group()))


@_reading(r"\b(?:a week )?(?:today|tonight|this (?:morning|afternoon|evening))\b")
def _today(match: re.Match[str], today: date, past: bool) -> date:
    return today + timedelta(days=7 * ("week" in match.group()))


@_reading(rf"\bin {COUNT} (?P<unit>day|week|fortnight)s?\b")
@_reading(rf"{COUNT} (?P<unit>day|week|fortnight)s? (?:from now|later)\b")
@_reading(rf"{COUNT} (?P<unit>day|week|fortnight)s? (?P<ago>ago)\b")
def _counted(match: re.Match[str], today: date, past: bool) -> date:
    days = (COUNTS.get(match["count"]) or int(match["count"])) * {"day": 1, "week": 7, "fortnight": 14}[match["unit"]]
    return today + timedelta(days=-days if "ago" in match.groupdict() else days)


@_reading(rf"{WEEKDAY},? (?:the )?{ORDINAL}")
def _weekday_and_day(match: re.Match[str], today: date, past: bool) -> date | None:
    return _day_of_month(int(match["day"]), today, past)


# In Britain "saturday week" is a week after the coming Saturday.
@_reading(rf"{WEEKDAY} week\b")
@_reading(rf"\bweek on {WEEKDAY}")
def _week_on_weekday(match: re.Match[str], today: date, past: bool) -> date:
    return _coming(_weekday(match), today) + timedelta(days=7)


@_reading(rf"\bnext week(?: on)? {WEEKDAY}")
@_reading(rf"{WEEKDAY} (?:of )?next week\b")
@_reading(rf"\bnext {WEEKDAY}")
def _weekday_next_week(match: re.Match[str], today: date, past: bool) -> date:
    return _monday(today) + timedelta(days=7 + _weekday(match))


@_reading(rf"\blast {WEEKDAY}")
def _last_weekday(match: re.Match[str], today: date, past: bool) -> date:
    return _coming(_weekday(match), today - timedelta(days=1)) - timedelta(days=7)


@_reading(WEEKDAY)
def _plain_weekday(match: re.Match[str], today: date, past: bool) -> date:
    return _coming(_weekday(match), today) - timedelta(days=7 * past)


@_reading(r"\b(?P<next>next )?weekend\b")
def _weekend(match: re.Match[str], today: date, past: bool) -> date:
    saturday = _monday(today) + timedelta(days=12 if match["next"] else 5)
    return saturday if saturday > today else saturday + timedelta(days=7)


@_reading(r"\bnext week\b")
def _next_week(match: re.Match[str], today: date, past: bool) -> date:
    return _monday(today) + timedelta(days=7)


@_reading(r"\bnext month\b")
def _next_month(match: re.Match[str], today: date, past: bool) -> date:
    return today + relativedelta(months=1, day=1)


@_reading(rf"\bend of (?:(?:the|this) month\b|{MONTH})")
def _end_of_month(match: re.Match[str], today: date, past: bool) -> date:
    month = _month(match) if match["month"] else today.month
    return _of_year(month, 1, None, today.replace(day=1), past) + relativedelta(day=31)


@_reading(ORDINAL)
def _ordinal(match: re.Match[str], today: date, past: bool) -> date | None:
    return _day_of_month(int(match["day"]), today, past)


def _weekday(match: re.Match[str]) -> int:
    return [name[:3] for name in WEEKDAYS].index(match["weekday"])


def _month(match: re.Match[str]) -> int:
    return [name[:3] for name in MONTHS].index(match["month"]) + 1


def _monday(today: date) -> date:
    """The first day of this week."""
    return today - timedelta(days=today.weekday())


def _coming(weekday: int, today: date) -> date:
    """The first such weekday after today."""
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _of_year(month: int, day: int, year: int | None, today: date, past: bool) -> date:
    """A day of a month: in the year that was said, or else the next one."""
    if year is not None:
        return date(year, month, day)
    for candidate in _steps(past, 9):  # the 29th of February may be eight years away
        try:
            found = date(today.year + candidate, month, day)
        except ValueError:
            continue
        if found <= today if past else found >= today:
            return found
    raise ValueError(f"No month {month} has a day {day}.")


def _day_of_month(day: int, today: date, past: bool) -> date | None:
    """The next 3rd."""
    for months in _steps(past, 3):  # of two months in a row one has a 31st
        first = today + relativedelta(months=months, day=1)
        try:
            found = first.replace(day=day)
        except ValueError:
            continue
        if found <= today if past else found >= today:
            return found
    return None


def _steps(past: bool, steps: int) -> Iterator[int]:
    """0, 1, 2 ... or 0, -1, -2 ..."""
    return (step for step, _ in zip(count(0, -1 if past else 1), range(steps), strict=False))
