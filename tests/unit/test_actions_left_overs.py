"""What a form was told dies with it, however it ends; what is interrupted goes on with it."""

from collections.abc import Callable, Iterable

import pytest
from sqlalchemy.engine import URL

import actions  # noqa: F401 (tells the kit who Fern is)
from parlance.actions.settings import settings
from tests.unit.acts import ACTS, asked

from .dialogue import DOMAIN, Chat, rules

pytestmark = pytest.mark.usefixtures("stripe")  # a purchase ends on its page

ADA = "ada.byrne@example.com"
OWN = {slot for form in DOMAIN["forms"].values() for slot in form["required_slots"]} - settings().kept_between_forms
"""The slots that forms fill for themselves."""
REOPENS = {
    "cancelling": "cancel_order",
    "another_address": "change_address",
    "other_quantities": "change_items",
    "a_return": "start_return",
    "a_search": "parcel_missing",
    "a_claim": "item_damaged",
    "a_case": "unknown_charge",
    "another_phone": "change_contact",
    "erasing": "delete_data",
    "a_copy": "export_data",
    "a_new_password": "password_help",
    "a_purchase": "checkout",
    "a_note": "delivery_note",
    "bringing_back": "reinstate_order",
    "points": "goodwill",
}
"""The request that opens the form again, where it is not called like the act."""


def reopens(act: Callable[[Chat], None]) -> str:
    """The request that opens an act's form again; a skill's own has its name."""
    return REOPENS.get(act.__name__, act.__name__)


def told(chat: Chat, slots: Iterable[str] = OWN) -> dict[str, object]:
    """What forms have been told."""
    return {slot: chat.slots[slot] for slot in slots if chat.slots[slot] is not None}


def test_every_act_is_opened_again() -> None:
    assert {reopens(act) for act in ACTS} <= rules()[0].keys()


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
@pytest.mark.parametrize("way_out", ["stop", "goodbye", "human_handoff"])
def test_a_form_that_was_left_starts_from_nothing(own_shop: URL, act: Callable[[Chat], None], way_out: str) -> None:
    left, fresh = asked(act), asked(act)
    customer = {slot: fresh.slots[slot] for slot in ("customer", "email", "order_number", "basket_key")}
    left.ask(way_out)
    left.ask(reopens(act))
    fresh = Chat(left.sender, **customer)  # in which a code was given, as in the other
    fresh.ask(reopens(act))
    own = OWN.intersection(DOMAIN["forms"][str(left.form)]["required_slots"])
    assert told(left, own) == told(fresh, own)
    assert left.slots["requested_slot"] == fresh.slots["requested_slot"]


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_a_claim_after_another_form_has_none_of_its_words(own_shop: URL, act: Callable[[Chat], None]) -> None:
    chat = asked(act)
    chat.say("never mind I found it behind the sofa", "stop")
    chat.say(f"10433 arrived broken, {ADA}", "item_damaged")
    assert told(chat, ("description", "photo", "confirmed")) == {}
    assert chat.form == "claim_form"


def test_what_a_question_about_a_product_interrupts_goes_on_with_what_was_told(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"send 10434 elsewhere, {ADA}", "change_address")
    chat.say("14 Mill Lane, Bath", address="14 Mill Lane, Bath")
    chat.say("is the Heron table lamp in stock?", "check_stock", product="Heron table lamp")
    assert chat.form == "address_form" and chat.slots["requested_slot"] == "postcode"
    assert chat.slots["address"] == "14 Mill Lane, Bath"
