"""Finding products: a search, what narrows it, and one of what was found."""

import pytest
from sqlalchemy.engine import URL

from .dialogue import DOMAIN, Chat
from .product_cards import cards, names, prices

pytestmark = pytest.mark.usefixtures("without_encoder")

ADA = "ada.byrne@example.com"


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
