"""Products: what is found, which product a question is about, and what Fern answers."""

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import URL

from shop.database import open_session
from shop.identity import mint
from shop.models import StockNotice

from .dialogue import DOMAIN, Chat

ADA = "ada.byrne@example.com"
HERON, PEBBLE, MOSS, KESTREL, RATTAN = "FH00001", "FH00002", "FH00007", "FH00082", "FH00057"


@pytest.fixture(autouse=True)
def without_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCODER_PATH", "/nowhere")


@pytest.fixture
def chat(shop_url: URL) -> Chat:
    """A conversation that changes nothing in the shop."""
    return Chat()


def cards(chat: Chat) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = chat.told("custom")["cards"]
    return found


def names(chat: Chat) -> list[str]:
    return [card["title"] for card in cards(chat)]


def prices(chat: Chat) -> list[float]:
    return [float(card["price"].strip("£").replace(",", "")) for card in cards(chat)]


# Finding ----------------------------------------------------------------------------------------------------------


def test_products_are_shown_as_cards_with_text_for_channels_that_know_none(chat: Chat) -> None:
    said = chat.say("a sofa in navy", "find_product", category="sofa", colour="navy")
    assert said == ["utter_found"]
    payload = chat.told("custom")
    assert payload["type"] == "product_cards"
    card = payload["cards"][0]
    assert card["title"] == "Harbour three-seater sofa"
    assert card["image"] == f"products/{chat.slots['shown'][0]['ref']}.svg"
    assert {button["payload"].split("{")[0] for button in card["buttons"]} <= {f"/{i}" for i in DOMAIN["intents"]}
    assert card["title"] in payload["text"] and card["price"] in payload["text"]


def test_the_only_product_found_is_it(chat: Chat) -> None:
    chat.say("soap dish in marble", "find_product", category="soap dish", material="marble")
    assert chat.say("how big is it", "product_dimensions") == ["utter_product_dimensions"]
    assert chat.told("name") == "Soap dish in marble"


def test_prices_limit_a_search(chat: Chat) -> None:
    chat.say("rugs under £60", "find_product", category="rugs", amount="£60")
    assert chat.slots["search"] == {"category": "rugs", "max_pence": 6000}
    assert max(prices(chat)) <= 60


def test_words_that_no_entity_was_found_in_are_searched_as_text(chat: Chat) -> None:
    assert chat.say("something to keep spices in", "find_product") == ["utter_found"]
    assert "Spice jar rack" in names(chat)


def test_nothing_to_go_by_is_asked_for_with_buttons(chat: Chat) -> None:
    assert chat.ask("find_product") == ["utter_ask_category"]
    for button in DOMAIN["responses"]["utter_ask_category"][0]["buttons"]:
        category = button["payload"].split('"')[-2]
        assert chat.ask("find_product", category=category) == ["utter_found"], button["title"]


def test_a_product_by_its_name_is_found_and_a_new_search_forgets_the_last(chat: Chat) -> None:
    chat.say("rugs in grey", "find_product", category="rugs", colour="grey")
    assert chat.say("do you sell the Heron floor lamp", "find_product", product="Heron floor lamp") == ["utter_found"]
    assert names(chat) == ["Heron floor lamp"]
    assert "colour" not in chat.slots["search"]


def test_where_nothing_fits_a_filter_is_left_out_and_named(chat: Chat) -> None:
    said = chat.say("a soap dish in oak", "find_product", category="soap dish", material="velvet")
    assert said == ["utter_found_without_material"]
    assert chat.told("material") == "velvet"
    assert "material" not in chat.slots["search"]


def test_what_the_shop_does_not_sell_is_said(chat: Chat) -> None:
    assert chat.say("a trampoline", "find_product", category="trampoline") == ["utter_nothing_found"]


# Refining ---------------------------------------------------------------------------------------------------------


def test_a_search_is_narrowed_by_one_message_after_the_other(chat: Chat) -> None:
    chat.say("cushions", "find_product", category="cushions")
    chat.say("in wool", "refine_search", material="wool")
    assert chat.slots["search"] == {"category": "cushions", "material": "wool"}
    chat.say("no, red", "refine_search", colour="red")
    assert names(chat) == ["Bothy tartan cushion"]


def test_cheaper_means_cheaper_than_what_was_shown(chat: Chat) -> None:
    chat.say("the Pebble table lamp", "find_product", product="Pebble table lamp")
    chat.slots["search"] = {"category": "lamp"}
    assert chat.say("cheaper ones", "refine_search") == ["utter_found"]
    assert max(prices(chat)) < 48


def test_bigger_means_bigger_than_what_was_shown(chat: Chat) -> None:
    chat.say("the Fox children's rug", "find_product", product="Fox children's rug")
    chat.slots["search"] = {"category": "rugs"}
    assert chat.say("something bigger", "refine_search") == ["utter_found"]
    assert "Fox children's rug" not in names(chat)
    assert chat.slots["search"]["larger_than_cm"] == 120.0


def test_others_are_not_those_that_were_shown(chat: Chat) -> None:
    chat.say("rugs", "find_product", category="rugs")
    first = names(chat)
    chat.say("show me others", "refine_search")
    second = names(chat)
    assert not set(first) & set(second)
    chat.say("any others?", "refine_search")
    assert not {*first, *second} & set(names(chat))


def test_what_is_ruled_out_is_not_shown(chat: Chat) -> None:
    chat.say("cushions", "find_product", category="cushions")
    chat.say("not velvet", "refine_search", material="velvet")
    assert chat.slots["search"]["not_in"] == ["velvet"]
    assert not any("velvet" in card["subtitle"] for card in cards(chat))


def test_a_refinement_without_a_search_is_a_search(chat: Chat) -> None:
    assert chat.say("in marble", "refine_search", material="marble") == ["utter_found"]
    assert names(chat) == ["Soap dish in marble"]


def test_a_refinement_that_says_nothing_is_asked_about(chat: Chat) -> None:
    chat.say("rugs", "find_product", category="rugs")
    assert chat.say("hmm, not quite", "refine_search") == ["utter_refine_unclear"]


# Choosing ---------------------------------------------------------------------------------------------------------


def test_one_of_a_list_is_taken_by_its_place_or_name(chat: Chat) -> None:
    chat.say("lamps", "find_product", category="lamps")
    second = names(chat)[1]
    said = chat.say("the second one", "select_option", ordinal="second")
    assert said in (["utter_product_details"], ["utter_product_details_out_of_stock"])
    assert chat.told("name") == second
    chat.say("lamps", "find_product", category="lamps")
    chat.say("the Pebble one", "select_option", product="Pebble")
    assert chat.told("name") == "Pebble table lamp"


@pytest.mark.parametrize(("text", "place"), [("3", 2), ("number two please", 1), ("the last one", -1)])
def test_a_bare_number_after_a_list_picks_from_it(chat: Chat, text: str, place: int) -> None:
    chat.say("rugs", "find_product", category="rugs")
    wanted = names(chat)[place]
    chat.say(text)
    assert chat.told("name") == wanted


def test_a_place_that_the_list_does_not_have_is_asked_about(chat: Chat) -> None:
    assert chat.say("the first", "select_option", ordinal="first") == ["utter_nothing_to_choose"]
    chat.say("a sofa in navy", "find_product", category="sofa", colour="navy")
    assert chat.say("the fourth", "select_option", ordinal="fourth") == ["utter_option_unclear"]


def test_an_order_that_was_listed_is_taken_up(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"my orders, 10433, {ADA}", "list_orders")
    wanted = chat.slots["shown"][1]["ref"]
    chat.say("the second one", "select_option", ordinal="second")
    assert chat.slots["order_number"] == wanted
    assert chat.slots["request"] == "order_status"


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
    chat.say("is the Pebble lamp cheaper", "compare_products", product="Pebble lamp")
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


# Recommending -----------------------------------------------------------------------------------------------------


def test_somebody_unknown_gets_what_is_popular_with_the_reason(chat: Chat) -> None:
    assert chat.say("surprise me", "recommend") == ["utter_recommend_popular"]
    reasons = {variation["text"] for variation in DOMAIN["responses"]["utter_because_popular"]}
    assert {card["subtitle"] for card in cards(chat)} <= reasons


def test_a_wish_is_kept_to_and_can_be_refined(chat: Chat) -> None:
    assert chat.say("a rug under £60", "recommend", category="rug", amount="£60") == ["utter_recommend"]
    assert all("rug" in name.lower() for name in names(chat)) and max(prices(chat)) <= 60
    chat.say("in teal", "refine_search", colour="teal")
    assert chat.slots["search"].items() >= {"category": "rug", "max_pence": 6000, "colour": "teal"}.items()


def test_what_goes_with_something_is_not_that_something(chat: Chat) -> None:
    chat.say("what goes with a navy sofa", "recommend", category="sofa", colour="navy")
    assert all("Harbour three-seater sofa" in card["subtitle"] for card in cards(chat))
    assert "Harbour three-seater sofa" not in names(chat)


def test_a_known_customer_hears_why(own_shop: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_SECRET", "s" * 32)
    chat = Chat(token=mint("priya.nair@example.com", "Priya Nair", "web", 60) or "")
    assert chat.say("what would I like", "recommend") == ["utter_recommend"]
    reasons = " ".join(card["subtitle"] for card in cards(chat))
    assert any(word in reasons for word in ("bought", "goes with", "green", "white", "linen", "bedroom", "choose"))


def test_what_goes_with_it_is_about_the_last_product(chat: Chat) -> None:
    chat.say("the Heron", "product_details", product="Heron")
    assert chat.say("what would go with it", "recommend") == ["utter_recommend"]
    assert all("Heron floor lamp" in card["subtitle"] for card in cards(chat))


def test_a_recommendation_of_several_kinds_is_refined_across_them(chat: Chat) -> None:
    chat.say("surprise me", "recommend")
    chat.say("something blue", "refine_search", colour="blue")
    assert chat.slots["search"]["colour"] == "blue" and "category" not in chat.slots["search"]


def test_others_after_a_recommendation_are_recommended_too(chat: Chat) -> None:
    chat.say("surprise me", "recommend")
    first = names(chat)
    assert chat.say("show me others", "refine_search") == ["utter_recommend_popular"]
    assert not set(first) & set(names(chat))


def test_what_was_said_in_this_conversation_counts(chat: Chat) -> None:
    chat.slots["preferences"] = {"colours": ["green"]}
    chat.say("something for me", "recommend")
    assert any("green" in card["subtitle"] for card in cards(chat))


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
