"""Amounts of money as people type them."""

import pytest

from parlance.actions.amounts import find_amount


@pytest.mark.parametrize(
    ("text", "pence"),
    [
        ("£49.99", 4999),
        ("it was £ 50 i think", 5000),
        ("50 quid", 5000),
        ("12.5 pounds", 1250),
        ("49.99 on my card", 4999),
        ("£1,299", 129900),
        ("between £20 and £30", 3000),
        ("GBP 12", 1200),
    ],
)
def test_amounts_are_found(text: str, pence: int) -> None:
    assert find_amount(text) == pence


@pytest.mark.parametrize("text", ["", "order 10432", "FH-10432", "on 12.05.2026", "two of them", "call 0808 157 0142"])
def test_other_numbers_are_not_amounts(text: str) -> None:
    assert find_amount(text) is None


def test_a_bare_number_counts_only_as_an_answer() -> None:
    assert find_amount("about 35", bare=True) == 3500
    assert find_amount("about 35") is None
    assert find_amount("0808 157 0142", bare=True) is None
