"""E-mail addresses are found in the shapes in which people type them."""

import pytest

from shop.emails import find_email


@pytest.mark.parametrize(
    "text",
    [
        "ada.byrne@example.com",
        "Ada.Byrne@Example.COM.",
        "it's ada.byrne@example.com, I think",
        "<ada.byrne@example.com>",
        "mailto:ada.byrne@example.com!",
        "ada.byrne at example dot com",
        "ada dot byrne at example dot com",
        "ada.byrne(at)example(dot)com",
        "ada.byrne [at] example [dot] com",
        "ada.byrne @ example.com",
        "order 10432, ada.byrne@example.com",
        "not ada@example.com, ada.byrne@example.com",
    ],
)
def test_an_address_is_found_in_what_people_type(text: str) -> None:
    assert find_email(text) == "ada.byrne@example.com"


def test_a_plus_and_a_longer_domain_are_kept() -> None:
    assert find_email("lucy+shop@mail.example.co.uk") == "lucy+shop@mail.example.co.uk"


@pytest.mark.parametrize("text", ["", "thanks", "ada@", "@example.com", "ada@example", "look at the dot", "10432"])
def test_half_an_address_is_not_an_address(text: str) -> None:
    assert find_email(text) is None
