"""The checkout in a conversation: who, where, a yes to what it costs, and the page on which it is paid."""

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.engine import URL

from actions.payment import ActionPaymentProblem
from shop import payment_pages
from shop.database import open_session
from shop.identity import mint
from shop.models import Order, PaymentPage, Product
from tests.fake_stripe import FakeStripe, signed

from .dialogue import Chat
from .test_actions_basket import ADA, HERON, PEBBLE, shelves  # noqa: F401

pytestmark = pytest.mark.usefixtures("shelves")


@pytest.fixture
def filled() -> Chat:
    chat = Chat()
    chat.say("heron lamp in my basket please", "add_to_basket", product=HERON)
    return chat


@pytest.fixture
def asked(filled: Chat, stripe: FakeStripe) -> Chat:
    """A guest who is asked whether to place the order."""
    assert filled.say("check out", "checkout") == ["utter_ask_checkout_form_email"]
    assert filled.say("jo.marsh@example.net") == ["utter_ask_recipient"]
    assert filled.say("it's Jo Marsh") == ["utter_ask_checkout_form_address"]
    assert filled.say("4 Orchard Row, Bath") == ["utter_ask_postcode"]
    assert filled.say("ba1 2ab") == ["utter_confirm_checkout"]
    return filled


def orders() -> list[Any]:
    with open_session() as session:
        return session.execute(select(Order.status, Order.recipient, Order.address).where(Order.recipient != "")).all()


def price(pence: int) -> None:
    with open_session() as session:
        session.execute(update(Product).where(Product.name == HERON).values(price_pence=pence))


def stock(count: int) -> None:
    with open_session() as session:
        session.execute(update(Product).where(Product.name == HERON).values(stock=count))


def test_a_guest_orders_and_pays(asked: Chat, stripe: FakeStripe) -> None:
    assert asked.told("total") == "£129" and asked.told("address") == "4 Orchard Row, Bath, BA1 2AB"
    assert asked.told("recipient") == "Jo Marsh" and asked.told("email") == "jo.marsh@example.net"
    assert not orders()
    assert asked.say("yes, place the order", "affirm") == ["utter_place_placed", "utter_payment_page_open"]
    assert orders() == [("awaiting_payment", "Jo Marsh", "4 Orchard Row, Bath")]
    page = asked.told("url").rsplit("/", 1)[1]
    assert stripe.sessions[page]["amount_total"] == 12900

    assert asked.say("send me the link to pay again", "checkout") == ["utter_payment_page_open"]
    assert asked.told("url").endswith(page)
    body = stripe.event("checkout.session.completed", page)
    assert payment_pages.receive("stripe", body, signed(body)) == 200
    assert asked.say("has it been paid?", "checkout") == ["utter_payment_page_paid"]
    assert asked.say("show my basket", "show_basket") == ["utter_basket_empty"]


def test_who_has_signed_in_is_asked_nothing(signing_shop: None, stripe: FakeStripe) -> None:
    chat = Chat(token=str(mint(ADA, "Ada Byrne", "web", 3600)))
    chat.say("heron please", "add_to_basket", product=HERON)
    assert chat.say("check out", "checkout") == ["utter_confirm_checkout"]
    assert chat.told("recipient") == "Ada Byrne" and chat.told("email") == ADA
    assert chat.say("no wait, to 3 Mill Lane, Bath, BA1 2AB", "inform", address="3 Mill Lane, Bath")[-1] == (
        "utter_confirm_checkout"
    )
    assert chat.told("address") == "3 Mill Lane, Bath, BA1 2AB"
    assert chat.say("yes", "affirm") == ["utter_place_placed", "utter_payment_page_open"]


def test_who_knows_a_label_is_not_told_the_address(stripe: FakeStripe) -> None:
    chat = Chat()
    chat.say(f"where is 10432, {ADA}", "order_status")
    chat.say("heron please", "add_to_basket", product=HERON)
    assert chat.say("check out", "checkout") == ["utter_ask_checkout_form_address"]
    assert chat.say("my usual address") == ["utter_no_usual_address", "utter_ask_checkout_form_address"]


def test_without_a_provider_it_is_said_where_it_can_be_paid(filled: Chat) -> None:
    assert filled.say("check out", "checkout") == ["utter_checkout_not_here"] and filled.told("total") == "£129"
    assert filled.say("yes please get me one", "affirm") == ["utter_handoff"]
    assert not orders()


def test_an_empty_basket_is_not_ordered(stripe: FakeStripe) -> None:
    assert Chat().say("check out", "checkout") == ["utter_basket_empty"]


def test_a_refusal_is_no_order(filled: Chat, stripe: FakeStripe) -> None:
    assert filled.say("I don't want to order", "checkout") == ["utter_not_wanted"]


def test_a_no_leaves_the_basket(asked: Chat) -> None:
    assert asked.say("no", "deny") == ["utter_not_ordered"] and not orders()
    assert asked.say("show it", "show_basket") == ["utter_basket"]


def test_what_changes_after_the_question_is_asked_about_again(asked: Chat) -> None:
    assert asked.say("add two pebble lamps", "add_to_basket", product=PEBBLE, quantity="two") == ["utter_put_done"]
    asked.say("express", "choose_delivery")
    asked.say("use WELCOME10", "use_code", code="WELCOME10")
    assert asked.say("yes", "affirm") == ["utter_confirm_checkout_discounted"] and not orders()
    assert asked.told("delivery") == "express" and asked.told("total") == "£209.45"
    assert asked.say("yes", "affirm") == ["utter_place_placed", "utter_payment_page_open"]


def test_a_price_that_has_changed_is_not_agreed_to(asked: Chat) -> None:
    price(19900)
    assert asked.say("yes", "affirm") == ["utter_confirm_checkout"] and asked.told("total") == "£199"
    assert not orders()


def test_a_typed_price_is_worth_nothing(asked: Chat) -> None:
    assert asked.say("yes for £1", "affirm", amount="£1")[-1] == "utter_confirm_checkout" and not orders()


def test_what_runs_out_is_told(asked: Chat) -> None:
    stock(0)
    assert asked.say("yes", "affirm") == ["utter_checkout_not_enough"] and not orders()


@pytest.mark.parametrize(
    ("postcode", "said"),
    [
        ("JE2 3AB", ["utter_place_not_served", "utter_ask_postcode"]),
        ("BT1 1AA", ["utter_standard_instead", "utter_confirm_checkout"]),
    ],
)
def test_where_it_cannot_go(filled: Chat, stripe: FakeStripe, postcode: str, said: list[str]) -> None:
    filled.say("express please", "choose_delivery")
    filled.say("check out, jo@example.net", "checkout")
    filled.say("Jo Marsh")
    assert filled.say(f"4 Orchard Row, Bath, {postcode}") == said


def test_what_is_collected_needs_no_address(filled: Chat, stripe: FakeStripe) -> None:
    filled.say("I'll collect it", "choose_delivery")
    filled.say("check out, jo@example.net", "checkout")
    assert filled.say("Jo Marsh") == ["utter_ask_postcode"]
    assert filled.say("BA1 2AB") == ["utter_confirm_checkout"]
    assert filled.told("address") == "Parcel shop near BA1 2AB, BA1 2AB"


def test_a_provider_that_does_not_answer_leaves_the_order_and_is_tried_again(asked: Chat, stripe: FakeStripe) -> None:
    stripe.is_broken = True
    try:
        assert asked.say("yes", "affirm") == ["utter_place_placed", "utter_payment_page_unavailable"]
    finally:
        stripe.is_broken = False
    assert asked.say("yes please try again", "affirm") == ["utter_payment_page_open"]
    assert len(orders()) == 1


def test_nobody_else_in_the_conversation_gets_the_page(asked: Chat) -> None:
    asked.say("yes", "affirm")
    asked.say("start over", "start_over")
    assert asked.say("pay", "checkout") == ["utter_basket_empty"]


def test_what_was_given_up_is_told_and_can_be_ordered_anew(asked: Chat, stripe: FakeStripe) -> None:
    asked.say("yes", "affirm")
    with open_session() as session:
        page = session.execute(select(PaymentPage.session_id)).scalar_one()
    body = stripe.event("checkout.session.expired", page)
    payment_pages.receive("stripe", body, signed(body))
    assert asked.say("pay", "checkout") == ["utter_payment_page_gone"]
    assert asked.say("pay", "checkout") == ["utter_basket_empty"]


def test_an_order_that_waits_for_its_payment_says_so(signing_shop: None, stripe: FakeStripe, own_shop: URL) -> None:
    chat = Chat(token=str(mint(ADA, "Ada Byrne", "web", 3600)))
    chat.say("heron please", "add_to_basket", product=HERON)
    chat.say("check out", "checkout")
    chat.say("yes", "affirm")
    number = chat.told("number").removeprefix("FH-")
    assert chat.say(f"where is {number}", "order_status") == ["utter_order_awaiting_payment"]
    assert chat.runs(ActionPaymentProblem()) == ["utter_order_awaiting_payment"]


def test_wrapping_in_the_middle_of_the_checkout_goes_on_with_it(asked: Chat) -> None:
    assert asked.say("wrap it as a gift", "wrap_gift") == ["utter_ask_gift_note"]
    said = asked.say("no note", "deny")
    assert said == ["utter_wrapped", "utter_confirm_checkout"] and asked.told("total") == "£132.50"
