"""Postcodes and phone numbers are found in the shapes in which people type them."""

import pytest

from shop.phones import find_phone, normal_phone
from shop.postcodes import find_postcode, normal_postcode


@pytest.mark.parametrize("typed", ["FH12 4XY", "fh124xy", " fh12  4xy "])
def test_a_postcode_is_kept_in_one_shape(typed: str) -> None:
    assert normal_postcode(typed) == "FH12 4XY"


@pytest.mark.parametrize("typed", ["", "FH12", "12345", "FH12 XYZ", "FH12 4XY and more"])
def test_what_is_no_postcode_is_refused(typed: str) -> None:
    assert normal_postcode(typed) is None


def test_a_postcode_is_found_at_the_end_of_an_address() -> None:
    assert find_postcode("14 Mill Lane, Bath, ba1 2ab please") == "BA1 2AB"
    assert find_postcode("not SW1A 1AA, EC1A 1BB") == "EC1A 1BB"
    assert find_postcode("order FH-10432") is None


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("07700 900123", "07700900123"),
        ("+44 7700 900123", "+447700900123"),
        ("+44 (0) 7700-900.123", "+447700900123"),
        ("(01632) 960 001", "01632960001"),
    ],
)
def test_a_phone_number_is_kept_in_one_shape(typed: str, number: str) -> None:
    assert normal_phone(typed) == number
    assert find_phone(f"it's {typed} now") == number


@pytest.mark.parametrize("typed", ["", "10432", "12345678901234567890", "7700900123", "phone"])
def test_what_is_no_phone_number_is_refused(typed: str) -> None:
    assert normal_phone(typed) is None
