"""Which product a question is about, and what Fern answers."""

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import URL

from shop.database import open_session
from shop.identity import mint
from shop.models import StockNotice

from .dialogue import Chat

pytestmark = pytest.mark.usefixtures("without_encoder")

ADA = "ada.byrne@example.com"
HERON = "FH00001"
PEBBLE = "FH00002"


# Questions about one product --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("intent", "response"),
    [
        ("product_details", "utter_product_details"),
        ("product_dimensions", "utter_product_dimensions"),
        ("product_material", "utter_product_material"),
        ("product_care", "utter_product_care"),
        ("check_stock", "utter_in_stock"),
    ],
)
def test_each_question_about_a_named_product_is_answered(chat: Chat, intent: str, response: str) -> None:
    assert chat.say("the Heron", intent, product="Heron") == [response]
    assert chat.told("name") == "Heron floor lamp"
    assert chat.slots["product"] == HERON


def test_it_is_the_product_of_before(chat: Chat) -> None:
    chat.say("the Moss cushion", "product_details", product="Moss cushion")
    assert chat.say("can I wash it", "product_care") == ["utter_product_care"]
    assert chat.told("name") == "Moss velvet cushion"


def test_a_kind_of_thing_means_the_one_that_was_shown(chat: Chat) -> None:
    chat.say("compare them", "compare_products", product=["Heron floor lamp", "Moss velvet cushion"])
    assert chat.say("how big is the lamp", "product_dimensions", category="lamp") == ["utter_product_dimensions"]
    assert chat.told("name") == "Heron floor lamp"


def test_several_that_may_be_meant_are_asked_about_with_buttons(chat: Chat) -> None:
    assert chat.say("how do I wash the throw", "product_care", category="throw") == ["utter_ask_which_product"]
    buttons = chat.told("buttons")
    assert len(buttons) > 1
    assert chat.ask("inform", product=buttons[1]["payload"].split('"')[-2]) == ["utter_product_care"]
    assert chat.told("name") == buttons[1]["title"]


def test_a_name_that_is_unknown_is_said_and_asked_for_again(chat: Chat) -> None:
    said = chat.say("is the Zanzibar lamp in stock", "check_stock", product="Zanzibar lamp")
    assert said == ["utter_product_not_found", "utter_ask_product"]
    assert chat.say("erm dunno") == ["utter_product_unclear", "utter_ask_product"]
    assert chat.say("the Pebble lamp then", product="Pebble lamp") == ["utter_in_stock"]


def test_nothing_named_yet_is_asked_for(chat: Chat) -> None:
    assert chat.say("is it dishwasher safe", "product_care") == ["utter_ask_product"]
    assert chat.say("stoneware dinner plate") == ["utter_product_care"]


def test_a_search_in_the_middle_leaves_the_question_as_it_was(chat: Chat) -> None:
    chat.say("is it in stock", "check_stock")
    assert chat.say("show me sofas", "find_product", category="sofas") == ["utter_found"]
    assert chat.slots["request"] == "check_stock"
    assert chat.say("the Pebble lamp", product="Pebble lamp") == ["utter_in_stock"]


def test_a_product_is_called_what_the_catalogue_calls_it(chat: Chat) -> None:
    chat.say("is the thistle MUG in stock", "check_stock", product="thistle mug")
    assert chat.told("name") == "Thistle mug"
    chat.say("the heron or the pebble", "compare_products", product=["heron floor lamp", "pebble table lamp"])
    assert (chat.told("first"), chat.told("second")) == ("Heron floor lamp", "Pebble table lamp")


def test_few_left_are_counted(chat: Chat) -> None:
    assert chat.say("any Thistle mugs left", "check_stock", product="Thistle mug") == ["utter_few_in_stock"]
    assert chat.told("stock") == 3


# In the middle of another form ------------------------------------------------------------------------------------


def test_an_interrupted_form_goes_on_with_what_it_was_told(own_shop: URL) -> None:
    chat = Chat()
    chat.say("where is 10432", "order_status", order_number="10432")
    said = chat.say("is the Heron floor lamp in stock", "check_stock", product="Heron floor lamp")
    assert said == ["utter_in_stock", "utter_ask_email"]
    assert chat.slots["request"] == "order_status"
    assert chat.say(ADA) == ["utter_order_dispatched"]
    assert chat.slots["further_request"] is None


def test_it_goes_on_after_which_product_was_meant_too(own_shop: URL) -> None:
    chat = Chat()
    chat.say("cancel 10422, tom.okafor@example.com", "cancel_order", order_number="10422")
    assert chat.form == "cancel_form"
    assert chat.say("can I wash it", "product_care") == ["utter_ask_product"]
    said = chat.say("the Moss cushion", product="Moss cushion")
    assert said == ["utter_product_care", "utter_confirm_cancel"]
    assert chat.say("yes", "affirm") == ["utter_cancel_refunded"]


def test_an_offer_is_answered_before_the_form_goes_on(own_shop: URL) -> None:
    chat = Chat()
    chat.say("cancel 10422, tom.okafor@example.com", "cancel_order", order_number="10422")
    rattan = ("is the Rattan armchair in stock", "check_stock")
    assert chat.say(*rattan, product="Rattan armchair") == ["utter_out_of_stock"]
    assert chat.say("no", "deny") == ["utter_confirm_cancel"]
    assert chat.say(*rattan, product="Rattan armchair") == ["utter_out_of_stock"]
    assert chat.say("yes", "affirm") == ["utter_notice_subscribed", "utter_confirm_cancel"]


def test_the_goods_named_at_first_are_still_known_when_the_form_goes_on(own_shop: URL) -> None:
    chat = Chat()
    chat.say("I want to return the throw", "start_return", product="throw")
    chat.say("is the Heron in stock", "check_stock", product="Heron")
    assert chat.form == "return_form"
    resumed = chat.message
    assert [entity["value"] for entity in resumed["entities"]] == ["throw"]


def test_a_second_request_waits_behind_the_interrupted_form(own_shop: URL) -> None:
    chat = Chat()
    rugs = {"text": "and show me rugs", "intent": {"name": "find_product"}, "entities": []}
    chat.say("where is 10432", "order_status", order_number="10432")
    chat.given({"further_request": {**rugs, "entities": [{"entity": "category", "value": "rugs"}]}})
    assert chat.say("the Heron?", "check_stock", product="Heron") == ["utter_in_stock", "utter_ask_email"]
    assert chat.say(ADA) == ["utter_order_dispatched", "utter_next_request", "utter_found"]


def test_a_form_that_was_left_before_the_question_does_not_come_back(chat: Chat) -> None:
    chat.ask("order_status")
    chat.ask("stop")
    assert chat.say("the Heron?", "check_stock", product="Heron") == ["utter_in_stock"]
    chat.ask("order_status")
    chat.ask("check_stock")
    chat.ask("stop")
    assert chat.say("the Heron?", "check_stock", product="Heron") == ["utter_in_stock"]


# Waiting ----------------------------------------------------------------------------------------------------------


def test_out_of_stock_offers_a_notice_and_a_yes_asks_where_to_write(own_shop: URL) -> None:
    chat = Chat()
    assert chat.say("have you the Rattan armchair", "check_stock", product="Rattan armchair") == ["utter_out_of_stock"]
    assert chat.say("yes please", "affirm") == ["utter_ask_notice_form_email"]
    assert chat.say("jo@example.com") == ["utter_notice_subscribed"]
    with open_session() as session:
        assert session.execute(select(StockNotice.email)).scalars().all() == ["jo@example.com"]
    assert chat.say("tell me when it's back", "back_in_stock") == ["utter_notice_already"]
    with open_session() as session:
        assert session.execute(select(func.count()).select_from(StockNotice)).scalar_one() == 1


def test_a_known_customer_is_not_asked_for_an_address(own_shop: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_SECRET", "s" * 32)
    chat = Chat(token=mint(ADA, "Ada Byrne", "web", 60) or "")
    assert chat.say("tell me when the Kestrel is back", "back_in_stock", product="Kestrel tripod lamp") == [
        "utter_notice_subscribed"
    ]
    assert chat.told("email") == ADA


def test_what_is_in_stock_needs_no_notice(own_shop: URL) -> None:
    chat = Chat()
    said = chat.say("when is the Heron back", "back_in_stock", product="Heron")
    assert said == ["utter_notice_in_stock"]
    assert chat.slots["form_ended"] is None


def test_another_form_of_the_skill_takes_over_with_its_own_question(own_shop: URL) -> None:
    chat = Chat()
    chat.say("what wood is it", "product_material")
    said = chat.say("tell me when the Rattan armchair is back", "back_in_stock", product="Rattan armchair")
    assert said == ["utter_ask_notice_form_email"]


# Comparing --------------------------------------------------------------------------------------------------------


def test_two_products_are_compared_where_they_differ(chat: Chat) -> None:
    said = chat.say("Heron or Pebble lamp", "compare_products", product=["Heron", "Pebble lamp"])
    assert said == ["utter_comparison"]
    assert "Price: £129.00 / £48.00" in chat.told("lines")
    assert [shown["ref"] for shown in chat.slots["shown"]] == [HERON, PEBBLE]


def test_one_product_is_compared_with_the_last_one(chat: Chat) -> None:
    chat.say("the Heron", "product_details", product="Heron")
    chat.say("and how is the Pebble lamp different", "compare_products", product="Pebble lamp")
    assert {chat.told("first"), chat.told("second")} == {"Heron floor lamp", "Pebble table lamp"}


def test_what_to_compare_is_asked_for_step_by_step(chat: Chat) -> None:
    assert chat.say("can you compare two things", "compare_products") == ["utter_compare_what"]
    assert chat.say("the Heron", product="Heron") == ["utter_compare_with_what"]
    assert chat.say("the Pebble lamp", product="Pebble lamp") == ["utter_comparison"]


def test_an_unknown_name_is_not_replaced_by_another_product(chat: Chat) -> None:
    chat.say("the Moss cushion", "product_details", product="Moss cushion")
    chat.slots["shown"] = None
    said = chat.say("Heron or Zanzibar", "compare_products", product=["Heron", "Zanzibar"])
    assert said == ["utter_compare_with_what"]


# The shop is out of reach -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("intent", "entities"),
    [
        ("find_product", {"category": "rugs"}),
        ("recommend", {}),
        ("compare_products", {"product": ["Heron", "Pebble"]}),
        ("product_care", {"product": "Heron"}),
        ("back_in_stock", {"product": "Rattan armchair"}),
    ],
)
def test_a_shop_out_of_reach_is_told_and_a_yes_tries_again(
    monkeypatch: pytest.MonkeyPatch, shop_url: URL, intent: str, entities: dict[str, Any]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:////nowhere/at/all.db")
    chat = Chat()
    assert chat.say("something about products", intent, **entities) == ["utter_unavailable"]
    offer = chat.slots["offer"]
    assert (offer["intent"]["name"] if isinstance(offer, dict) else offer) == intent
    assert chat.slots["form_ended"] is None
    monkeypatch.setenv("DATABASE_URL", str(shop_url))
    answer = chat.say("yes", "affirm")
    assert answer and answer[0] not in ("utter_unavailable", "utter_ask_category", "utter_compare_what")
