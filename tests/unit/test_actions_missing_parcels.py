"""Parcels that do not come."""

import pytest
from sqlalchemy import select
from sqlalchemy.engine import URL

from shop.database import open_session
from shop.models import MissingParcel

from .dialogue import Chat
from .test_actions_orders import ADA


def test_a_parcel_that_is_said_to_be_delivered_is_looked_for_once(own_shop: URL) -> None:
    chat = Chat()
    assert chat.ask("parcel_missing") == ["utter_ask_order_number"]
    chat.say("10433")
    assert chat.say(ADA) == ["utter_confirm_missing"]
    assert chat.say("yes please", "affirm") == ["utter_missing_opened"]
    reference = chat.told("reference")
    assert chat.ask("parcel_missing") == ["utter_missing_already_open"]
    assert chat.told("reference") == reference
    with open_session() as session:
        assert len(session.execute(select(MissingParcel).where(MissingParcel.state == "open")).all()) == 2


@pytest.mark.parametrize(
    ("number", "email", "response"),
    [
        ("10443", "hannah.frost@example.com", "utter_missing_already_open"),
        ("10429", "harriet.cole@example.com", "utter_confirm_missing"),
        ("10432", ADA, "utter_missing_not_due_yet"),
        ("10434", ADA, "utter_missing_not_sent"),
        ("10438", "elin.hughes@example.com", "utter_missing_too_old"),
        ("10427", "kwame.boateng@example.com", "utter_missing_not_sent"),
    ],
)
def test_each_outcome_of_a_report_has_its_answer(own_shop: URL, number: str, email: str, response: str) -> None:
    assert Chat().say(f"{number} is missing, {email}", "parcel_missing") == [response]


def test_where_no_parcel_was_sent_a_yes_tells_how_the_order_stands(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"10434 is missing, {ADA}", "parcel_missing")
    assert chat.ask("affirm") == ["utter_order_paid"]
