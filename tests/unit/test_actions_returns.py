"""Returns: goods back for money or for other goods, labels and refunds."""

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.engine import URL

from shop.database import open_session
from shop.models import Order, OutboxMessage, Product, Return
from shop.products import by_sku, find_by_name

from .dialogue import Chat
from .test_actions_orders import ADA

SAMIR = "samir.desai@example.com"


def returns() -> list[Return]:
    """The returns that were opened since the database was made, the latest last."""
    with open_session() as session:
        found = list(session.execute(select(Return).order_by(Return.id.desc()).limit(3)).scalars())
        session.expunge_all()
    return found[::-1]


def returning(number: str = "10433", email: str = ADA, intent: str = "start_return", **entities: Any) -> Chat:
    """A conversation in which an order's owner has asked to send something back."""
    chat = Chat()
    chat.say(f"{number} {email}", intent, **entities)
    return chat


def sell_out(name: str) -> None:
    """Leave none of a product in stock."""
    with open_session() as session:
        session.execute(update(Product).where(Product.name == name).values(stock=0))


def test_a_return_asks_why_and_whether_and_sends_the_label(own_shop: URL) -> None:
    chat = Chat()
    assert chat.ask("start_return") == ["utter_ask_order_number"]
    chat.say("10433")
    assert chat.say(ADA) == ["utter_ask_reason"]
    assert chat.say("changed my mind", reason="changed my mind") == ["utter_confirm_return"]
    assert (chat.told("quantity"), chat.told("item"), chat.told("amount")) == (1, "Cast iron casserole", "£89")
    assert chat.ask("affirm") == ["utter_return_opened"]
    opened = returns()[-1]
    assert (opened.wanted, opened.reason, opened.quantity) == ("refund", "changed my mind", 1)
    with open_session() as session:
        kinds = session.execute(select(OutboxMessage.kind).where(OutboxMessage.recipient == ADA)).scalars().all()
    assert kinds == ["return_label"]
    assert all(chat.slots[slot] is None for slot in ("item", "quantity", "reason", "exchange_for", "confirmed"))


def test_a_reason_in_the_first_message_is_not_asked_for(own_shop: URL) -> None:
    chat = Chat()
    chat.say("the casserole from 10433 is too heavy, I want to return it", "start_return", reason="too heavy")
    assert chat.say(ADA) == ["utter_confirm_return"]


@pytest.mark.parametrize("answer", [("no", "deny"), ("/inform", "inform")])
def test_nobody_has_to_give_a_reason(own_shop: URL, answer: tuple[str, str]) -> None:
    chat = returning()
    entities: dict[str, Any] = {"reason": "not given"} if answer[1] == "inform" else {}
    assert chat.say(*answer, **entities) == ["utter_confirm_return"]
    assert chat.slots["reason"] == "not given"


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("yes, a return please, the casserole", {"product": "casserole"}),
        ("i want to send it back", {}),
        ("return", {}),
        ("just the casserole from 10433 please", {"product": "casserole", "order_number": "10433"}),
    ],
)
def test_who_says_again_what_goes_back_has_given_no_reason(own_shop: URL, text: str, marked: dict[str, Any]) -> None:
    chat = returning()
    chat.say(text, "start_return", **marked)
    assert chat.slots["reason"] is None and chat.slots["requested_slot"] == "reason"
    assert chat.say("it is too heavy for me", "inform") == ["utter_confirm_return"]
    assert chat.slots["reason"] == "it is too heavy for me"


def test_a_reason_is_all_that_was_answered(own_shop: URL) -> None:
    chat = returning()
    chat.say("it was a present for somebody who left me", "inform", reason="left me")
    assert chat.slots["reason"] == "it was a present for somebody who left me"


@pytest.mark.parametrize(
    ("number", "said"), [("10432", "utter_return_on_its_way"), ("10434", "utter_return_cancelled")]
)
def test_cancelling_is_not_offered_where_it_would_be_refused(own_shop: URL, number: str, said: str) -> None:
    if number == "10434":
        with open_session() as session:
            session.execute(update(Order).where(Order.number == 10434).values(status="cancelled"))
    chat = Chat()
    assert chat.say(f"send back {number}, {ADA}", "start_return")[-1] == said
    assert chat.slots["offer"] is None


def test_a_reason_that_sounds_like_a_claim_stays_a_reason(own_shop: URL) -> None:
    chat = returning()
    assert chat.say("it came in pieces", "item_damaged") == ["utter_confirm_return"]
    assert (chat.slots["request"], chat.slots["reason"]) == ("start_return", "it came in pieces")


def test_a_question_for_the_reason_can_be_answered_with_a_question(own_shop: URL) -> None:
    chat = returning()
    assert chat.say("who pays for the postage", "faq") == ["utter_faq"]
    assert chat.slots["reason"] is None


def test_of_several_lines_one_is_picked_and_of_several_pieces_a_count(own_shop: URL) -> None:
    chat = returning("10442", SAMIR)
    assert chat.told("response") == "utter_ask_which_item"
    assert chat.say("the plates", category="plates") == ["utter_ask_return_quantity"]
    assert (chat.told("count"), chat.told("item")) == (2, "Stoneware dinner plate")
    assert chat.say("5") == ["utter_return_too_many", "utter_ask_return_quantity"]
    assert chat.say("a few of them") == ["utter_quantity_unclear", "utter_ways_on"]
    assert chat.say("both") == ["utter_ask_reason"]
    chat.say("no", "deny")
    assert chat.ask("affirm") == ["utter_return_opened"]
    assert returns()[-1].quantity == 2


def test_more_pieces_than_there_are_in_the_first_message_are_asked_about(own_shop: URL) -> None:
    chat = returning("10442", SAMIR, category="plates", quantity="6")
    assert chat.told("response") == "utter_ask_return_quantity"


def test_what_is_on_its_way_back_cannot_be_picked(own_shop: URL) -> None:
    chat = returning("10440", "peter.osei@example.com")
    assert chat.told("response") == "utter_ask_reason"
    chat.say("smells", reason="smells")
    assert chat.told("item") == "Beeswax candle trio"


def test_a_no_sends_nothing_back(own_shop: URL) -> None:
    chat = returning()
    before = len(returns())
    chat.say("no", "deny")
    assert chat.say("no", "deny") == ["utter_not_returned"]
    assert len(returns()) == before
    assert chat.slots["item"] is None


@pytest.mark.parametrize(
    ("number", "email", "response", "offered"),
    [
        ("10434", ADA, "utter_return_not_delivered", "utter_confirm_cancel"),
        ("10438", "elin.hughes@example.com", "utter_return_window_closed", "utter_handoff_by_email"),
        ("10428", "ines.moreau@example.org", "utter_return_all_returned", "utter_refund_paid"),
    ],
)
def test_where_nothing_can_go_back_nothing_is_asked_and_something_else_offered(
    own_shop: URL, number: str, email: str, response: str, offered: str
) -> None:
    chat = Chat()
    assert chat.say(f"{number} {email}", "start_return") == [response]
    assert chat.form is None
    assert chat.ask("affirm") == [offered]


def test_the_same_return_twice_is_told_and_the_label_offered(own_shop: URL) -> None:
    chat, other = (returning("10442", SAMIR, category="plates", quantity="1", reason="chipped") for _ in range(2))
    chat.ask("affirm")
    assert other.ask("affirm") == ["utter_return_already_open"]
    assert other.told("reference") == chat.told("reference")
    assert other.ask("affirm") == ["utter_label_sent"]


def test_an_exchange_takes_a_product_by_its_name_and_tells_the_difference(own_shop: URL) -> None:
    chat = returning(intent="exchange_item")
    assert chat.say("too heavy", reason="too heavy") == ["utter_ask_exchange_for"]
    assert chat.say("the Heron", product="Heron") == ["utter_confirm_exchange_dearer"]
    assert (chat.told("exchange"), chat.told("amount")) == ("Heron floor lamp", "£40")
    assert chat.ask("affirm") == ["utter_exchange_opened_dearer"]
    with open_session() as session:
        taken = find_by_name(session, "Heron floor lamp")[0]
        product = session.execute(select(Product).where(Product.sku == taken.sku)).scalar_one()
        assert returns()[-1].exchange_product_id == product.id
        assert product.stock == 7


def test_an_exchange_for_something_cheaper_brings_money_back(own_shop: URL) -> None:
    chat = returning(intent="exchange_item", reason="too heavy")
    assert chat.say("Thistle mug", product="Thistle mug") == ["utter_confirm_exchange_cheaper"]
    assert chat.ask("affirm") == ["utter_exchange_opened_cheaper"]


def test_an_exchange_for_the_same_again_costs_nothing(own_shop: URL) -> None:
    chat = returning(intent="exchange_item", reason="has a scratch")
    assert chat.say("the same casserole please, Cast iron casserole", product="Cast iron casserole") == [
        "utter_confirm_exchange"
    ]
    assert chat.ask("affirm") == ["utter_exchange_opened"]


def test_both_products_in_the_first_message_are_told_apart(own_shop: URL) -> None:
    chat = Chat()
    chat.say("swap the pasta bowl for the Heron lamp", "exchange_item", category="pasta bowl", product="Heron lamp")
    assert chat.say(f"10442 {SAMIR}") == ["utter_ask_reason"]
    assert chat.say("no", "deny") == ["utter_confirm_exchange_dearer"]
    assert (chat.told("item"), chat.told("exchange")) == ("Stoneware pasta bowl", "Heron floor lamp")


def test_no_wait_in_front_of_what_is_wanted_leaves_what_goes_back(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"10442 {SAMIR}", "exchange_item", category="bowl", reason="too small")
    assert chat.say("no wait, the Bluebell dessert plates", product="Bluebell dessert plates")[0].startswith(
        "utter_confirm_exchange"
    )
    assert (chat.told("item"), chat.told("exchange")) == ("Stoneware pasta bowl", "Bluebell dessert plates")


def test_another_colour_of_the_same_kind_is_found_or_chosen_from_a_list(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"10442 {SAMIR}", "exchange_item", category="plates", reason="too small", quantity="1")
    said = chat.say("something in green", colour="green")
    assert said == ["utter_ask_which_exchange"]
    offered = chat.slots["shown"]
    with open_session() as session:
        found = [by_sku(session, thing["ref"]) for thing in offered]
    assert all(product and product.stock for product in found)
    said = chat.say("the second one", ordinal="second")
    assert said[0].startswith("utter_confirm_exchange")
    assert chat.told("exchange") == offered[1]["name"]


def test_what_the_shop_has_not_got_is_explained(own_shop: URL) -> None:
    chat = returning(intent="exchange_item", reason="too heavy")
    assert chat.say("a flying carpet with wings")[-1] == "utter_ask_exchange_for"
    assert chat.slots["exchange_for"] is None


def test_what_is_sold_out_is_told_before_anything_is_promised(own_shop: URL) -> None:
    chat = returning(intent="exchange_item", reason="too heavy")
    said = chat.say("the Kestrel tripod lamp", product="Kestrel tripod lamp")
    assert said == ["utter_exchange_out_of_stock", "utter_ask_exchange_for"]


def test_what_sells_out_while_we_talk_can_become_a_refund_without_another_question(own_shop: URL) -> None:
    chat = returning(intent="exchange_item", reason="too heavy")
    chat.say("the Heron", product="Heron")
    sell_out("Heron floor lamp")
    assert chat.ask("affirm") == ["utter_return_not_in_stock"]
    assert chat.ask("affirm") == ["utter_confirm_return"]
    assert chat.ask("affirm") == ["utter_return_opened"]


def test_an_exchange_becomes_a_return_where_money_is_wanted_after_all(own_shop: URL) -> None:
    chat = returning(intent="exchange_item", reason="too heavy")
    assert chat.say("I'd rather have my money back", "start_return") == ["utter_confirm_return"]
    chat.ask("affirm")
    assert returns()[-1].wanted == "refund"


@pytest.mark.parametrize(
    ("number", "email", "response"),
    [
        ("10433", ADA, "utter_refund_none"),
        ("10440", "peter.osei@example.com", "utter_refund_expected"),
        ("10439", "joan.whitby@example.org", "utter_refund_issued"),
        ("10428", "ines.moreau@example.org", "utter_refund_paid"),
    ],
)
def test_each_state_of_a_refund_has_its_answer(own_shop: URL, number: str, email: str, response: str) -> None:
    chat = Chat()
    assert chat.say(f"where is my refund for {number}, {email}", "refund_status") == [response]


def test_no_refund_brings_the_offer_of_a_return(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"refund for 10433, {ADA}", "refund_status")
    assert chat.ask("affirm") == ["utter_ask_reason"]


def test_a_label_is_sent_again_but_not_twice_in_a_row(own_shop: URL) -> None:
    chat = Chat()
    assert chat.say("label for 10440, peter.osei@example.com", "return_label") == ["utter_label_sent"]
    assert chat.told("email") == "peter.osei@example.com"
    assert chat.ask("return_label") == ["utter_label_already_sent"]


def test_without_a_return_there_is_no_label_but_a_return_can_be_started(own_shop: URL) -> None:
    chat = Chat()
    assert chat.say(f"label for 10433, {ADA}", "return_label") == ["utter_label_no_return"]
    assert chat.ask("affirm") == ["utter_ask_reason"]


def test_a_return_is_kept_while_the_shop_is_out_of_reach(own_shop: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = returning(reason="too heavy")
    with monkeypatch.context() as broken:
        broken.setenv("DATABASE_URL", "sqlite:////nowhere/at/all.db")
        assert chat.ask("affirm") == ["utter_unavailable"]
    assert chat.ask("affirm") == ["utter_return_opened"]
