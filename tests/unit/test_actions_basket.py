"""The basket in a conversation."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.engine import URL

from actions.basket import WAYS, counted, way_in
from actions.gift_wrap import UNWRAP, note_in
from shop import baskets
from shop.baskets import Basket, Owner
from shop.customers import customer_by_email
from shop.database import open_session
from shop.delivery import DELIVERY_OPTIONS
from shop.identity import mint
from shop.models import Product, today

from .dialogue import Chat

ADA = "ada.byrne@example.com"
HERON, PEBBLE = "Heron floor lamp", "Pebble table lamp"


@pytest.fixture
def shelves(own_shop: URL) -> URL:
    """A shop in which there is enough of everything but what is sold out."""
    with open_session() as session:
        session.execute(update(Product).where(Product.stock > 0).values(stock=9))
        session.execute(update(Product).where(Product.name == PEBBLE).values(stock=9))
    return own_shop


@pytest.fixture
def filled(shelves: URL) -> Chat:
    """A conversation with a lamp and two others in its basket."""
    chat = Chat()
    chat.say("heron lamp in my basket please", "add_to_basket", product=HERON)
    chat.say("and two pebble table lamps", "add_to_basket", product=PEBBLE, quantity="two")
    return chat


def basket_of(chat: Chat) -> Basket:
    with open_session() as session:
        return baskets.show(session, Owner(chat.slots["basket_key"]))


def held(chat: Chat) -> dict[str, int]:
    return {item.name: item.quantity for item in basket_of(chat).items}


def test_what_is_named_goes_in_and_comes_back_with_its_price(filled: Chat) -> None:
    assert held(filled) == {HERON: 1, PEBBLE: 2}
    assert filled.say("what's in my basket", "show_basket") == ["utter_basket"]
    assert filled.told("total") == "£225" and "2 × Pebble table lamp: £96" in filled.told("lines")


def test_it_and_the_second_one_go_in(shelves: URL, without_encoder: None) -> None:
    chat = Chat()
    chat.say("tell me about the heron", "product_details", product=HERON)
    assert chat.say("I'll take it", "add_to_basket") == ["utter_put_done"]
    chat.say("show me lamps", "find_product", category="lamps")
    second = chat.slots["shown"][1]["name"]
    chat.say("add two of the second one", "add_to_basket", ordinal="second", quantity="two")
    assert held(chat)[HERON] >= 1 and held(chat)[second] >= 2


def test_several_at_once_go_in_each_with_its_number(shelves: URL) -> None:
    chat = Chat()
    said = "a heron floor lamp and three pebble table lamps"
    chat.hears(said, "add_to_basket", ("product", HERON), ("quantity", "three"), ("product", PEBBLE))
    assert counted(chat.tracker()) == [(HERON, 1), (PEBBLE, 3)]


def test_after_four_at_once_it_is_said_where_it_stopped(shelves: URL) -> None:
    chat = Chat()
    names = [HERON, PEBBLE, "Thistle mug", "Linnet teapot", "Larder apron"]
    said = chat.say(", ".join(names), "add_to_basket", product=names)
    assert said[-1] == "utter_too_many_at_once" and chat.told("name") == "Linnet teapot"
    assert "Larder apron" not in held(chat)


def test_of_several_that_fit_it_is_asked_which(shelves: URL) -> None:
    chat = Chat()
    assert chat.say("put a lamp in my basket", "add_to_basket", category="lamp") == ["utter_ask_what_to_add"]
    title, payload = (chat.buttons()[0][part] for part in ("title", "payload"))
    sku = re.findall(r"FH\d+", payload)[0]
    chat.say(payload, "add_to_basket", product=sku, quantity="1")
    assert held(chat) == {title: 1}


@pytest.mark.parametrize("intent", ["inform", "select_option"])
def test_the_answer_to_which_goes_in(shelves: URL, intent: str) -> None:
    chat = Chat()
    assert chat.say("add something to my basket", "add_to_basket") == ["utter_ask_what_to_add"]
    assert chat.say("the heron floor lamp", intent, product=HERON) == ["utter_put_done"]


def test_what_is_sold_out_is_offered_for_later(shelves: URL) -> None:
    chat = Chat()
    assert chat.say("a kestrel tripod lamp", "add_to_basket", product="Kestrel tripod lamp") == ["utter_put_sold_out"]
    assert chat.say("yes please", "affirm") == ["utter_ask_notice_form_email"]


def test_more_than_there_is_is_refused_with_what_there_is(filled: Chat) -> None:
    assert filled.say("make it 20", "change_basket", quantity="20") == ["utter_put_not_enough"]
    assert (filled.told("stock"), filled.told("quantity")) == (9, 2)


@pytest.mark.parametrize(
    ("text", "entities", "left"),
    [
        ("make it three", {"quantity": "three"}, {HERON: 1, PEBBLE: 3}),
        ("only one pebble after all", {"quantity": "one", "product": "pebble"}, {HERON: 1, PEBBLE: 1}),
        ("take the heron out", {"product": HERON}, {PEBBLE: 2}),
        ("another one of those", {"quantity": "one"}, {HERON: 1, PEBBLE: 3}),
        ("one less please", {"quantity": "one"}, {HERON: 1, PEBBLE: 1}),
        ("remove the pebble table lamps", {"product": PEBBLE}, {HERON: 1}),
        ("two more herons", {"quantity": "two", "product": HERON}, {HERON: 3, PEBBLE: 2}),
    ],
)
def test_quantities_change(filled: Chat, text: str, entities: dict[str, Any], left: dict[str, int]) -> None:
    filled.say(text, "change_basket", **entities)
    assert held(filled) == left


def test_what_is_not_said_about_a_change_is_asked(filled: Chat) -> None:
    filled.slots["product"] = None
    assert filled.say("I want to change something", "change_basket") == ["utter_ask_what_to_change"]
    payload = next(b["payload"] for b in filled.buttons() if b["title"] == HERON)
    assert filled.say(payload, "change_basket", product=re.findall(r"FH\d+", payload)[0]) == ["utter_ask_how_many"]
    filled.say("4", "inform", quantity="4")
    assert held(filled) == {HERON: 4, PEBBLE: 2}


def test_the_list_of_the_basket_can_be_counted(filled: Chat) -> None:
    filled.say("show basket", "show_basket")
    filled.say("remove the first one", "change_basket", ordinal="first")
    assert held(filled) == {PEBBLE: 2}


@pytest.mark.parametrize("yes", ["button", "words"])
def test_a_basket_is_emptied_once_that_is_sure(filled: Chat, yes: str) -> None:
    assert filled.say("empty my basket", "empty_basket") == ["utter_confirm_empty_basket"]
    assert len(held(filled)) == 2
    said = filled.ask("empty_basket") if yes == "button" else filled.say("yes", "affirm")
    assert said == ["utter_basket_emptied"] and not held(filled)
    assert filled.say("show it", "show_basket") == ["utter_basket_empty"]


def test_it_is_not_emptied_by_a_no_nor_by_a_refusal(filled: Chat) -> None:
    filled.say("clear it all", "empty_basket")
    filled.say("no", "deny")
    assert filled.say("don't empty my basket!", "empty_basket") == ["utter_not_wanted"]
    filled.say("yes", "affirm")
    assert len(held(filled)) == 2


def test_a_code_is_tried_where_it_is_told_and_asked_for_where_not(filled: Chat) -> None:
    assert filled.say("I have a voucher", "use_code") == ["utter_ask_code"]
    assert filled.say("welcome10", "inform", code="welcome10") == ["utter_code_used"]
    assert filled.told("discount") == "£22.50"
    assert filled.say("use BIG50", "use_code", code="BIG50") == ["utter_promo_min_spend"]
    assert filled.say("show", "show_basket") == ["utter_basket_discounted"] and filled.told("code") == "WELCOME10"


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("express please", "Express"),
        ("as fast as you can, next day", "Express"),
        ("I'd rather pick it up", "Click and collect"),
        ("normal delivery is fine", "Standard"),
        ("on a specific day", "Named day"),
        ("2 man delivery", "Two-person"),
        ("what about it", None),
        ("express or standard", None),
    ],
)
def test_ways_of_delivery_are_read(shelves: URL, text: str, option: str | None) -> None:
    assert way_in(Chat().hears(text, "choose_delivery").tracker()) == option


def test_every_way_of_the_shop_has_words() -> None:
    assert WAYS.keys() == {option.name for option in DELIVERY_OPTIONS}


def test_the_way_is_asked_for_with_buttons_and_a_day_where_it_needs_one(filled: Chat) -> None:
    assert filled.say("how about delivery", "choose_delivery") == ["utter_ask_delivery_option"]
    assert len(filled.buttons()) == 5
    assert filled.say("a named day", "choose_delivery") == ["utter_ask_named_day"]
    filled.say("in three months", "inform", date=(today() + timedelta(90)).isoformat())
    nearest = filled.told("day")
    assert filled.say("yes please", "affirm") == ["utter_delivery_chosen"]
    assert basket_of(filled).delivery == "Named day" and basket_of(filled).delivery_day and nearest


def test_wrapping_asks_for_a_note_and_is_taken_back(filled: Chat) -> None:
    assert filled.say("gift wrap the heron", "wrap_gift", product=HERON) == ["utter_ask_gift_note"]
    assert filled.say("Happy birthday, you old goat", "smalltalk") == ["utter_wrapped_with_note"]
    assert [(i.is_wrapped, i.note) for i in basket_of(filled).items] == [
        (True, "Happy birthday, you old goat"),
        (False, ""),
    ]
    assert filled.say("no gift wrap after all", "wrap_gift") == ["utter_unwrapped"]
    assert basket_of(filled).wrap_pence == 0


def test_a_note_may_come_with_the_request_or_not_at_all(filled: Chat) -> None:
    said = 'wrap everything, the card should say "for Mum"'
    assert filled.say(said, "wrap_gift") == ["utter_wrapped_with_note"]
    assert {item.note for item in basket_of(filled).items} == {"for Mum"}
    assert filled.say("wrap it as a gift", "wrap_gift") == ["utter_ask_gift_note"]
    assert filled.say("no note", "deny") == ["utter_wrapped"]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("wrap it with a note saying Love from us all", "Love from us all"),
        ("gift wrap please. card: See you in May!", "See you in May!"),
        ("make it say to my favourite sister", "to my favourite sister"),
        ("a gift, please", None),
    ],
)
def test_notes_are_read(text: str, note: str | None) -> None:
    assert note_in(text) == note


@pytest.mark.parametrize("text", ["don't wrap it", "no wrapping paper", "unwrap the lamp", "take off the gift wrap"])
def test_unwrapping_is_read(text: str) -> None:
    assert UNWRAP.search(text) and not UNWRAP.search("wrap it, no note please")


def test_nothing_is_wrapped_in_an_empty_basket(shelves: URL) -> None:
    assert Chat().say("gift wrap it", "wrap_gift") == ["utter_basket_empty"]


def test_a_basket_is_gone_with_whoever_filled_it(filled: Chat) -> None:
    filled.say("start over", "start_over")
    assert filled.say("what's in my basket", "show_basket") == ["utter_basket_empty"]


def test_who_signs_in_takes_the_basket_along(signing_shop: None, shelves: URL) -> None:
    token = str(mint(ADA, "Ada Byrne", "web", 3600))
    chat = Chat()
    chat.say("heron lamp in my basket", "add_to_basket", product=HERON)
    chat.token = token
    assert chat.say("show my basket", "show_basket") == ["utter_basket"]
    later = Chat(sender="chat-2", token=token)
    assert later.say("show my basket", "show_basket") == ["utter_basket"] and later.told("total") == "£129"


def test_a_label_does_not_show_the_owners_basket(signing_shop: None, shelves: URL) -> None:
    with open_session() as session:
        ada = customer_by_email(session, ADA)
        assert ada
        baskets.put(session, Owner(f"customer {ada.id}", ada.id), "FH00001", 1)
    chat = Chat()
    chat.say(f"where is 10432, {ADA}", "order_status")
    assert chat.say("show my basket", "show_basket") == ["utter_basket_empty"]


def test_the_shop_cannot_be_reached_and_a_yes_tries_again(filled: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setenv("DATABASE_URL", "sqlite:////nowhere/at/all.db")
        assert filled.say("add a heron", "add_to_basket", product=HERON) == ["utter_unavailable"]
    assert filled.say("yes", "affirm") == ["utter_put_done"]
    assert held(filled)[HERON] == 2
