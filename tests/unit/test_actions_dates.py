"""Days out of what people type. The day of the tests is Wednesday 19 November 2025."""

from datetime import date

import pytest

from parlance.actions.dates import find_date

TODAY = date(2025, 11, 19)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("today", date(2025, 11, 19)),
        ("tomorrow", date(2025, 11, 20)),
        ("tmrw pls", date(2025, 11, 20)),
        ("the day after tomorrow", date(2025, 11, 21)),
        ("in two days", date(2025, 11, 21)),
        ("a week tomorrow", date(2025, 11, 27)),
        ("in a fortnight", date(2025, 12, 3)),
        ("sat", date(2025, 11, 22)),
        ("Thurs", date(2025, 11, 20)),
        ("on wednesday", date(2025, 11, 26)),
        ("next tuesday", date(2025, 11, 25)),
        ("next Friday", date(2025, 11, 28)),
        ("friday next week", date(2025, 11, 28)),
        ("next week, monday's best", date(2025, 11, 24)),
        ("saturday week", date(2025, 11, 29)),
        ("a week on friday", date(2025, 11, 28)),
        ("any time next week", date(2025, 11, 24)),
        ("this weekend", date(2025, 11, 22)),
        ("next weekend", date(2025, 11, 29)),
        ("the 3rd", date(2025, 12, 3)),
        ("the 20th", date(2025, 11, 20)),
        ("the 31st", date(2025, 12, 31)),
        ("14", date(2025, 12, 14)),
        ("wed 26th", date(2025, 11, 26)),
        ("3rd of may", date(2026, 5, 3)),
        ("Dec 2nd", date(2025, 12, 2)),
        ("monday 1st december", date(2025, 12, 1)),
        ("5 January 2026", date(2026, 1, 5)),
        ("12/05", date(2026, 5, 12)),
        ("1/12/25", date(2025, 12, 1)),
        ("1.12.2025", date(2025, 12, 1)),
        ("2026-01-03", date(2026, 1, 3)),
        ("end of the month", date(2025, 11, 30)),
        ("end of feb", date(2026, 2, 28)),
        ("next month", date(2025, 12, 1)),
        ("christmas eve", date(2025, 12, 24)),
        ("29 feb", date(2028, 2, 29)),
    ],
)
def test_a_day_is_read_in_the_shapes_that_people_type(text: str, expected: date) -> None:
    assert find_date(text, TODAY) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("can it come on sat morning between 9 and 12?", date(2025, 11, 22)),
        ("order FH-10432, the 2nd please", date(2025, 12, 2)),
        ("I'm away until the 5th", date(2025, 12, 5)),
        ("leave it till thursday", date(2025, 11, 20)),
        ("after the 5th", date(2025, 12, 6)),
        ("before the 5th", date(2025, 12, 4)),
        ("thursday instead of friday", date(2025, 11, 20)),
        ("friday, not saturday", date(2025, 11, 21)),
        ("not friday, tuesday please", date(2025, 11, 25)),
        ("move it from monday to wednesday", date(2025, 11, 26)),
        ("I'm not in on friday, can you do monday?", date(2025, 11, 24)),
        ("friday is no good, what about saturday", date(2025, 11, 22)),
        ("I can't do tuesday but wednesday works", date(2025, 11, 26)),
    ],
)
def test_the_day_that_is_wanted_is_told_from_those_that_are_not(text: str, expected: date) -> None:
    assert find_date(text, TODAY) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tomorow", date(2025, 11, 20)),
        ("tuesay", date(2025, 11, 25)),
        ("wensday", date(2025, 11, 26)),
        ("2 decmber", date(2025, 12, 2)),
    ],
)
def test_slips_of_the_finger_are_put_right(text: str, expected: date) -> None:
    assert find_date(text, TODAY) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whenever suits",
        "after 5pm",
        "at 6.30pm",
        "between 9 and 12",
        "two weeks",
        "I may be late",
        "it's a sunny day",
        "the 45th",
        "31 june",
        "12/31",
        "I'm not in on friday",
        "tuesday doesn't work for me",
        "any day but tuesday",
    ],
)
def test_where_no_day_is_asked_for_there_is_none(text: str) -> None:
    assert find_date(text, TODAY) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yesterday", date(2025, 11, 18)),
        ("last night", date(2025, 11, 18)),
        ("3 days ago", date(2025, 11, 16)),
        ("two weeks ago", date(2025, 11, 5)),
        ("tuesday", date(2025, 11, 18)),
        ("last wednesday", date(2025, 11, 12)),
        ("the 3rd", date(2025, 11, 3)),
        ("the 20th", date(2025, 10, 20)),
        ("12/05", date(2025, 5, 12)),
        ("5 december", date(2024, 12, 5)),
    ],
)
def test_what_has_happened_lies_in_the_past(text: str, expected: date) -> None:
    assert find_date(text, TODAY, past=True) == expected
