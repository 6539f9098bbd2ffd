"""Order numbers are found in the shapes in which people type them, and nowhere else."""

import pytest

from shop.order_numbers import find_order_number, show_order_number


@pytest.mark.parametrize(
    "text",
    [
        "10432",
        "#10432",
        "order no. 10 432",
        "FH-10432",
        "fh10432 I think",
        "FH - 10432",
        "number's 10432",
        "10432.",
        "(10432)",
        "it's 1 0 4 3 2",
        "not 10431, 10432",
        "order 10432, ada@example.com",
        "my phone is 07700 900123 and the order FH-10432",
    ],
)
def test_a_number_is_found_in_what_people_type(text: str) -> None:
    assert find_order_number(text) == "10432"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "123",
        "it is 1234567",
        "07700 900123",
        "£10432",
        "10432.50",
        "10,432,000",
        "ada10432@example.com",
        "10432@example.com",
        "on March 3 2026",
        "03-12-2026",
        "thanks",
    ],
)
def test_other_numbers_are_not_taken_for_an_order(text: str) -> None:
    assert find_order_number(text) is None


def test_a_number_is_shown_with_the_shops_letters() -> None:
    assert show_order_number("10432") == "FH-10432"
