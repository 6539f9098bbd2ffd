""" "Send it to my usual address": the one that Fern remembers, or else the account's."""

import pytest
from sqlalchemy import update

from actions.order_address import ActionAskAddressFormConfirmed, ActionChangeAddress, ValidateAddressForm
from shop import preferences
from shop.database import open_session
from shop.models import Customer
from tests.unit.accounts import ADA, account, known, proves
from tests.unit.dialogue import Conversation

pytestmark = pytest.mark.usefixtures("signing_shop")


def test_the_usual_address_is_the_one_that_was_remembered_or_else_the_accounts() -> None:
    chat = known()
    ask = ("send 10434 to my usual address", "change_address", ("order_number", "10434"))
    assert chat.hears(*ask).fills(ValidateAddressForm()) == []
    stored = account(ADA)
    assert (chat.slots["address"], chat.slots["postcode"]) == (stored.address, stored.postcode)
    assert chat.slots["requested_slot"] == "confirmed"
    chat = known()
    with open_session() as session:
        usual = {"usual_address": "9 Rowan Close, Derby", "usual_postcode": "DE1 4GH"}
        preferences.remember(session, account(ADA).id, "chat-0", **usual)
    chat.hears("send 10434 somewhere else", "change_address", ("order_number", "10434")).fills(ValidateAddressForm())
    assert chat.slots["requested_slot"] == "address"
    chat.hears("same address as always").fills(ValidateAddressForm())
    assert (chat.slots["address"], chat.slots["postcode"]) == ("9 Rowan Close, Derby", "DE1 4GH")
    chat.agrees(ValidateAddressForm(), ActionAskAddressFormConfirmed())
    assert chat.runs(ActionChangeAddress()) == ["utter_address_changed"]


def test_the_usual_address_waits_until_it_is_known_whose() -> None:
    chat = Conversation()
    chat.hears("send it to my home address please", "change_address").fills(ValidateAddressForm())
    assert chat.slots["requested_slot"] == "order_number"
    assert chat.hears(f"10434, {ADA}").fills(ValidateAddressForm()) == []
    assert chat.slots["address"] == account(ADA).address and proves(chat, ValidateAddressForm()) == []
    assert chat.slots["requested_slot"] == "confirmed"


def test_without_a_usual_address_it_is_asked_for() -> None:
    with open_session() as session:
        session.execute(update(Customer).where(Customer.email == ADA).values(address="", postcode=""))
    chat = known().hears("send 10434 to the usual place", "change_address", ("order_number", "10434"))
    assert chat.fills(ValidateAddressForm()) == ["utter_no_usual_address"]
    assert chat.slots["requested_slot"] == "address"


def test_an_address_that_is_said_counts_more_than_the_usual_one() -> None:
    chat = known()
    street = "14 Mill Lane, Bath"
    text = f"not my usual address, send 10434 to {street} BA1 2AB"
    chat.hears(text, "change_address", ("address", street, "new")).fills(ValidateAddressForm())
    assert (chat.slots["address"], chat.slots["postcode"]) == (street, "BA1 2AB")
