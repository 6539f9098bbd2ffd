"""Orders: where one is, what is in it, and changing it before it leaves."""

import copy
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.engine import URL

from actions.orders import state_to_tell
from shop.database import open_session
from shop.demo import DEMO_ORDERS, DemoOrder
from shop.models import Order, Refund
from shop.orders import find_order

from .dialogue import Chat, sent_code

ADA = "ada.byrne@example.com"


def recognised(number: str = "10434", email: str = ADA) -> Chat:
    """A conversation in which the owner of an order has been recognised."""
    chat = Chat()
    chat.say(f"where is {number}, {email}", "order_status")
    return chat


def stored(number: int) -> Order:
    """An order as the database has it now, with its lines loaded."""
    with open_session() as session:
        order: Order = session.execute(select(Order).where(Order.number == number)).scalar_one()
        assert order.lines is not None
        session.expunge_all()
    return order


@pytest.mark.parametrize("demo", DEMO_ORDERS, ids=lambda demo: f"{demo.number}-{demo.status.value}")
def test_each_state_of_an_order_has_its_answer(own_shop: URL, demo: DemoOrder) -> None:
    said = Chat().say(f"where is {demo.number}? {demo.email}", "order_status")
    expected = "overdue" if demo.number == 10429 else demo.status.value
    if demo.number in (10438, 10443, 10444):  # too long ago for a search, so that none is offered
        expected = "delivered_unsearched"
    assert said == [f"utter_order_{expected}" + ("_with_note" if demo.note else "")]


def test_of_an_order_with_other_goods_the_whole_is_not_cancelled_for_a_part(own_shop: URL) -> None:
    chat = recognised()
    whole = chat.say("cancel my order for the cushion please", "cancel_order", category="cushion")
    assert whole == ["utter_confirm_cancel_whole"]
    assert "cushion" in chat.told("part").lower()
    for text in ("yes, the cushion", "yes cancel the cushion", "go ahead and cancel the cushion"):
        copy.deepcopy(chat).say(text, "affirm")
        assert stored(10434).status != "cancelled", text
    assert chat.ask("affirm")[-1] == "utter_cancel_refunded"


def test_what_a_question_says_of_money_is_what_happens(own_shop: URL) -> None:
    chat = recognised()
    chat.say("make it 3 cushions", "change_items", category="cushions", quantity="3")
    before = chat.told("amount")
    assert chat.ask("affirm") == ["utter_items_changed_dearer"]
    assert chat.told("amount") == before
    chat.ask("cancel_order")
    before = chat.told("amount")
    assert chat.ask("affirm") == ["utter_cancel_refunded"]
    assert chat.told("amount") == before


def test_what_has_been_refunded_before_is_not_promised_again(own_shop: URL) -> None:
    chat = recognised()
    chat.ask("cancel_order")
    whole = float(chat.told("amount").removeprefix("£"))
    chat = recognised()
    chat.say("only 1 cushion", "change_items", category="cushion", quantity="1")
    chat.ask("affirm")
    chat.ask("cancel_order")
    promised = float(chat.told("amount").removeprefix("£"))
    assert promised < whole
    assert chat.ask("affirm") == ["utter_cancel_refunded"]
    with open_session() as session:
        refunds = session.execute(select(Refund.amount_pence).where(Refund.order_id == stored(10434).id)).scalars()
        assert sorted(refunds) == sorted([round(promised * 100), round((whole - promised) * 100)])


def test_a_parcel_is_overdue_the_day_after_it_was_promised(own_shop: URL) -> None:
    with open_session() as session:
        order = find_order(session, 10432, ADA).order
    assert order is not None
    assert state_to_tell(order, order.expected_on) == "dispatched"
    assert state_to_tell(order, order.expected_on + timedelta(days=1)) == "overdue"


def test_a_yes_to_chasing_an_overdue_parcel_has_it_looked_for(own_shop: URL) -> None:
    chat = recognised("10429", "harriet.cole@example.com")
    assert chat.ask("affirm") == ["utter_confirm_missing"]
    assert chat.ask("affirm") == ["utter_missing_opened"]


def test_what_is_in_an_order_is_told_with_prices_and_discount(own_shop: URL) -> None:
    chat = recognised("10434")
    assert chat.ask("order_contents") == ["utter_order_contents_discounted"]
    assert chat.told("lines").startswith("- 2 × Saltmarsh linen cushion: £52\n- Tern reading light: £36.50")
    assert chat.ask("order_contents", order_number="10433")[-1] == "utter_order_contents"


def test_orders_are_listed_and_one_is_picked_by_its_place(own_shop: URL) -> None:
    chat = recognised()
    assert chat.ask("list_orders") == ["utter_list_orders"]
    assert chat.told("lines").splitlines()[0].startswith("1. FH-10434, ")
    assert [order["ref"] for order in chat.slots["shown"]][:3] == ["10434", "10432", "10433"]
    assert chat.say("cancel the third one", "cancel_order", ordinal="third")[-1] == "utter_cancel_too_late"
    assert chat.slots["order_number"] == "10433"


def test_an_order_is_cancelled_after_a_yes_and_the_money_goes_back(own_shop: URL) -> None:
    chat = recognised()
    assert chat.say("cancel it, found it cheaper", "cancel_order", reason="found it cheaper") == [
        "utter_confirm_cancel"
    ]
    assert chat.ask("affirm") == ["utter_cancel_refunded"]
    assert stored(10434).status == "cancelled"
    with open_session() as session:
        refund = session.execute(select(Refund).where(Refund.order_id == stored(10434).id)).scalar_one()
        assert chat.told("amount") == f"£{refund.amount_pence / 100:.2f}".removesuffix(".00")
    assert chat.ask("cancel_order") == ["utter_cancel_already_cancelled"], "it is not offered once more"
    assert chat.ask("change_address")[-1] == "utter_cancel_already_cancelled"


@pytest.mark.parametrize("answer", [("yes please cancel it", "cancel_order"), ("go ahead", "nlu_fallback")])
def test_a_yes_in_other_words_is_a_yes(own_shop: URL, answer: tuple[str, str]) -> None:
    chat = recognised()
    chat.ask("cancel_order")
    assert chat.say(*answer) == ["utter_cancel_refunded"]


def test_a_no_leaves_the_order_as_it_is(own_shop: URL) -> None:
    chat = recognised()
    chat.ask("cancel_order")
    assert chat.ask("deny") == ["utter_not_cancelled"]
    assert stored(10434).status == "paid"
    assert chat.slots["confirmed"] is None


def test_neither_yes_nor_no_is_explained(own_shop: URL) -> None:
    chat = recognised()
    chat.ask("cancel_order")
    assert chat.say("perhaps") == ["utter_confirmed_unclear", "utter_confirm_cancel"]


def test_what_is_too_late_to_cancel_can_be_sent_back_at_a_yes(own_shop: URL) -> None:
    chat = recognised("10433")
    assert chat.ask("cancel_order") == ["utter_cancel_too_late"]
    assert chat.ask("affirm") == ["utter_ask_reason"]


def test_an_unpaid_order_is_cancelled_without_a_refund(own_shop: URL) -> None:
    chat = recognised("10435", "marcus.hale@example.com")
    chat.ask("cancel_order")
    assert chat.ask("affirm") == ["utter_cancel_cancelled"]


def test_the_address_is_changed_after_a_yes(own_shop: URL) -> None:
    chat = recognised()
    assert chat.ask("change_address") == ["utter_ask_address"]
    assert chat.say("14 Mill Lane, Bath BA1 2AB") == ["utter_ask_one_time_code"]
    assert chat.say(sent_code()) == ["utter_confirm_address"]
    assert chat.ask("affirm") == ["utter_address_changed"]
    assert (stored(10434).address, stored(10434).postcode) == ("14 Mill Lane, Bath", "BA1 2AB")


def test_of_two_addresses_the_new_one_counts(own_shop: URL) -> None:
    chat = recognised()
    chat.ask("change_address")
    assert chat.say("14 Mill Lane, Bath") == ["utter_ask_postcode"]
    assert chat.say("not BA1 2AC, it's BA1 2AB") == ["utter_ask_one_time_code"]
    assert chat.slots["postcode"] == "BA1 2AB"


@pytest.mark.parametrize(
    ("correction", "wanted"),
    [
        ("43 Mill Road", ("43 Mill Road, Hexham", "NE46 3PP")),
        ("43 Mill Road, Corbridge", ("43 Mill Road, Corbridge", "NE46 3PP")),
        ("43 Mill Road Hexham", ("43 Mill Road Hexham", "NE46 3PP")),
        ("9 Quay Street YO21 1AA", ("9 Quay Street", "YO21 1AA")),
    ],
)
def test_an_address_that_is_put_right_in_part_keeps_its_town(
    own_shop: URL, correction: str, wanted: tuple[str, str]
) -> None:
    chat = recognised()
    chat.ask("change_address")
    chat.say("34 Mill Road, Hexham, NE46 3PP")
    chat.say(sent_code())
    chat.say(correction, address=correction.removesuffix(" YO21 1AA"))
    assert chat.ask("affirm") == ["utter_address_changed"]
    assert (stored(10434).address, stored(10434).postcode) == wanted


def test_an_address_that_is_none_and_half_a_postcode_are_explained(own_shop: URL) -> None:
    chat = recognised()
    chat.ask("change_address")
    assert chat.say("12") == ["utter_address_unclear", "utter_ask_address"]
    chat.say("14 Mill Lane, Bath")
    assert chat.say("BA1") == ["utter_postcode_unclear", "utter_ask_postcode"]


def test_what_is_no_order_number_leaves_the_order_alone(own_shop: URL) -> None:
    chat = recognised("10434")
    chat.ask("change_address")
    chat.say("14 Mill Lane, Bath")
    assert chat.say("it's 123", order_number="123") == ["utter_postcode_unclear", "utter_ask_postcode"]
    assert chat.slots["order_number"] == "10434"


def test_a_question_is_not_taken_for_an_address(own_shop: URL) -> None:
    chat = recognised()
    chat.ask("change_address")
    assert chat.say("what does delivery cost", "faq") == ["utter_faq"]
    assert chat.slots["address"] is None
    assert chat.form == "address_form"


def test_the_same_address_changes_nothing(own_shop: URL) -> None:
    chat = recognised()
    chat.ask("change_address")
    chat.say(f"{stored(10434).address}, {stored(10434).postcode}")
    chat.say(sent_code())
    assert chat.ask("affirm") == ["utter_address_same"]


def test_an_address_is_not_changed_by_a_no_nor_after_dispatch(own_shop: URL) -> None:
    chat = recognised()
    chat.ask("change_address")
    chat.say("14 Mill Lane, Bath BA1 2AB")
    assert chat.ask("deny") == ["utter_nothing_changed"]
    assert chat.ask("change_address", order_number="10432")[-1] == "utter_address_too_late"
    assert chat.ask("affirm") == ["utter_handoff_by_email"]


def test_a_line_is_picked_by_name_and_made_more_of(own_shop: URL) -> None:
    chat = recognised()
    assert chat.ask("change_items") == ["utter_ask_which_item"]
    assert [button["title"] for button in chat.told("buttons")] == ["Saltmarsh linen cushion", "Tern reading light"]
    assert chat.say("the cushions", category="cushions") == ["utter_ask_quantity"]
    assert chat.say("three") == ["utter_confirm_items_dearer"]
    assert chat.ask("affirm") == ["utter_items_changed_dearer"]
    assert stored(10434).lines[0].quantity == 3


def test_a_line_that_was_named_before_the_order_was_known_is_not_asked_for(own_shop: URL) -> None:
    chat = Chat()
    chat.say("make it 3 cushions please", "change_items", category="cushions", quantity="3")
    chat.say("10434")
    assert chat.say(ADA) == ["utter_confirm_items_dearer"]
    assert chat.told("item") == "Saltmarsh linen cushion"


def test_fewer_or_none_of_a_line_bring_money_back(own_shop: URL) -> None:
    chat = recognised()
    chat.say("only 1 cushion", "change_items", category="cushion", quantity="1")
    assert chat.ask("affirm") == ["utter_items_changed_refunded"]
    assert chat.say("take the cushion out", "change_items", category="cushion") == ["utter_confirm_remove_refunded"]
    assert chat.ask("affirm") == ["utter_items_removed_refunded"]
    assert [line.quantity for line in stored(10434).lines] == [1]


def test_nothing_comes_back_of_what_has_not_been_paid(own_shop: URL) -> None:
    chat = recognised("10436", "leah.stone@example.org")
    said = chat.say("only 1 bowl", "change_items", category="bowl", quantity="1")
    assert said == ["utter_confirm_items_cheaper"]
    assert chat.told("amount") == "£12.50"
    assert chat.ask("affirm") == ["utter_items_changed_cheaper"]
    assert chat.told("amount") == "£12.50"
    with open_session() as session:
        refunds = select(Refund).join(Order, Refund.order_id == Order.id).where(Order.number == 10436)
        assert session.execute(refunds).all() == []


def test_a_quantity_that_is_there_already_changes_nothing(own_shop: URL) -> None:
    chat = recognised()
    chat.say("2 cushions", "change_items", category="cushions", quantity="2")
    assert chat.ask("affirm") == ["utter_items_same"]


def test_more_than_there_are_is_refused(own_shop: URL) -> None:
    chat = recognised()
    chat.say("500 cushions", "change_items", category="cushions", quantity="500")
    assert chat.ask("affirm") == ["utter_items_not_enough_stock"]


def test_the_last_item_cannot_go_but_the_order_can_be_cancelled(own_shop: URL) -> None:
    chat = recognised("10422", "tom.okafor@example.com")
    chat.say("remove the throw", "change_items", category="throw")
    assert chat.ask("affirm") == ["utter_items_last_item"]
    assert chat.ask("affirm") == ["utter_confirm_cancel"]


def test_what_is_in_a_dispatched_order_cannot_be_changed(own_shop: URL) -> None:
    chat = recognised("10432")
    assert chat.say("3 mugs", "change_items", category="mugs", quantity="3") == ["utter_items_too_late"]


def test_an_item_left_from_another_order_is_asked_for_again(own_shop: URL) -> None:
    with open_session() as session:
        session.execute(update(Order).where(Order.number == 10436).values(customer_id=stored(10434).customer_id))
    chat = recognised("10434")
    chat.say("the cushions", "change_items", category="cushions")
    chat.ask("stop")
    assert chat.say("change something in 10436", "change_items", order_number="10436")[-1] == "utter_ask_which_item"


def test_another_order_is_asked_about_in_the_same_way(own_shop: URL) -> None:
    chat = recognised("10433")
    assert chat.ask("check_another_order") == ["utter_ask_which_order"]
    assert chat.say("10432") == ["utter_order_dispatched"]


def test_a_bare_number_asks_the_same_about_another_order(own_shop: URL) -> None:
    chat = recognised("10433")
    chat.ask("order_contents")
    assert chat.say("and 10432?", order_number="10432")[-1] == "utter_order_contents"
    assert chat.told("number") == "FH-10432"
