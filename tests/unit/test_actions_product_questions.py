"""Questions about products in hand: one, both, or those that were listed; and searches that go on from them."""

import pytest
from sqlalchemy import update
from sqlalchemy.engine import URL

from shop.database import open_session
from shop.models import Product

from .dialogue import Chat
from .product_cards import names, prices

pytestmark = pytest.mark.usefixtures("without_encoder")


def about(chat: Chat, name: str) -> Chat:
    chat.say(f"tell me about the {name}", "product_details", product=name)
    return chat


@pytest.mark.parametrize(
    ("name", "topic", "text", "response"),
    [
        ("Heron floor lamp", "price", "how much", "utter_product_question/price"),
        ("Heron floor lamp", "colours", "other colours?", "utter_product_question/colours"),
        ("Heron floor lamp", "comes_with", "does it need a bulb", "utter_product_question/comes_with"),
        ("Thistle mug", "comes_with", "what's in the box", "utter_product_comes_with_unknown"),
        ("Thistle mug", "delivery", "what's delivery", "utter_product_question/delivery"),
        ("Heron floor lamp", "delivery", "what's delivery", "utter_product_delivery_free"),
        ("Rattan armchair", "delivery", "how soon", "utter_out_of_stock"),
        ("Heron floor lamp", "picture", "show me", "utter_product_question/picture"),
        ("Heron floor lamp", "fit", "will it fit", "utter_product_question/fit"),
        ("Starling roller blind", "fit", "will it fit a 150 cm window", "utter_product_too_small"),
        ("Lined linen curtains", "fit", "will they fit a 150 cm window", "utter_product_fits"),
        ("Harbour three-seater sofa", "fit", "my door is 76cm", "utter_product_too_large"),
        ("Ladder bookcase", "fit", "the alcove is 70cm", "utter_product_fits"),
        ("Ladder bookcase", "fit", "the gap is 50 cm wide", "utter_product_too_large"),
        ("Outdoor rug in teal", "suitability", "can it go outside", "utter_product_question/suitability"),
        ("Plinth side table", "suitability", "ok on the patio?", "utter_product_question/suitability"),
        ("Donegal wool throw", "suitability", "can I leave it out in the rain", "utter_product_suits_not"),
        ("Fox children's rug", "suitability", "ok for a toddler", "utter_product_question/suitability"),
        ("Heron floor lamp", "suitability", "we've two dogs", "utter_product_suits_unknown"),
        ("Heron floor lamp", "suitability", "safe for kids?", "utter_product_suits_unknown"),
        ("Heron floor lamp", "suitability", "in a bathroom?", "utter_product_suits_not"),
        ("Heron floor lamp", "why_recommended", "why that one", "utter_product_why_unknown"),
        ("Heron floor lamp", "something_else", "hm?", "utter_product_details"),
    ],
)
def test_a_question_about_the_product_in_hand_is_answered(
    chat: Chat, name: str, topic: str, text: str, response: str
) -> None:
    assert about(chat, name).say(text, f"product_question/{topic}") == [response]


def test_furniture_is_brought_by_two_people(own_shop: URL) -> None:
    with open_session() as session:
        session.execute(update(Product).where(Product.name == "Windsor dining chair").values(stock=4))
    chat = about(Chat(), "Windsor dining chair")
    assert chat.say("what's delivery", "product_question/delivery") == ["utter_product_delivery_two_person"]


def test_how_large_it_is_is_held_against_the_space_that_is_named(chat: Chat) -> None:
    about(chat, "Harbour three-seater sofa")
    assert chat.say("would it go through a 76 cm door", "product_dimensions") == ["utter_product_too_large"]
    assert (chat.told("side"), chat.told("space")) == ("84 cm", "76 cm")
    assert chat.say("and how big is it", "product_dimensions") == ["utter_product_dimensions"]


def test_a_product_that_is_not_in_hand_is_asked_for_and_the_words_of_the_question_count(chat: Chat) -> None:
    assert chat.say("will it fit a gap of 50 cm", "product_question/fit") == ["utter_ask_product"]
    assert chat.say("the Ladder bookcase", product="Ladder bookcase") == ["utter_product_too_large"]


def test_several_that_were_listed_are_told_of_together(chat: Chat) -> None:
    chat.say("show me rugs", "find_product", category="rugs")
    listed = names(chat)
    for intent in ("product_question/price", "product_material", "product_care", "check_stock", "product_dimensions"):
        assert chat.say("what about those", intent) == ["utter_product_each"], intent
        assert [line.partition(":")[0] for line in chat.told("lines").splitlines()] == listed
    assert chat.say("the second one, how big is it", "product_dimensions", ordinal="second") == [
        "utter_product_dimensions"
    ]
    assert chat.told("name") == listed[1]
    assert chat.say("and how much is it", "product_question/price") == ["utter_product_question/price"]
    assert chat.told("name") == listed[1]


def test_both_are_the_last_two_that_were_talked_about(chat: Chat) -> None:
    about(about(chat, "Heron floor lamp"), "Pebble table lamp")
    assert chat.say("how much are they both", "product_question/price") == ["utter_product_each"]
    assert chat.told("lines").splitlines() == ["Pebble table lamp: £48", "Heron floor lamp: £129"]


def test_the_one_from_before_is_the_one_before_the_last(chat: Chat) -> None:
    about(about(chat, "Heron floor lamp"), "Pebble table lamp")
    chat.say("how tall is the one from before", "product_dimensions")
    assert chat.told("name") == "Heron floor lamp"
    chat.say("and the other one", "product_dimensions")
    assert chat.told("name") == "Pebble table lamp"


def test_an_attribute_picks_one_of_those_in_hand(chat: Chat) -> None:
    chat.say("Heron or Pebble", "compare_products", product=["Heron floor lamp", "Pebble table lamp"])
    assert chat.say("tell me about the cheaper one", "select_option") == ["utter_product_details"]
    assert chat.told("name") == "Pebble table lamp"
    chat.say("is the taller one in stock", "check_stock")
    assert chat.told("name") == "Heron floor lamp"


@pytest.mark.parametrize(
    ("text", "response", "name"),
    [
        ("which is lighter", "utter_compare_lightest", "Pebble table lamp"),
        ("which is cheaper", "utter_compare_cheapest", "Pebble table lamp"),
        ("which one's bigger", "utter_compare_largest", "Heron floor lamp"),
        ("which is easier to clean", "utter_compare_alike", ""),
        ("which would you pick", "utter_comparison", ""),
    ],
)
def test_which_of_those_in_hand_has_most_of_something(chat: Chat, text: str, response: str, name: str) -> None:
    chat.say("Heron or Pebble", "compare_products", product=["Heron floor lamp", "Pebble table lamp"])
    assert chat.say(text, "compare_products") == [response]
    assert not name or chat.told("name") == name


def test_them_are_the_last_two_where_none_were_listed(chat: Chat) -> None:
    about(about(chat, "Heron floor lamp"), "Pebble table lamp")
    assert chat.say("compare them", "compare_products") == ["utter_comparison"]


def test_to_be_told_when_it_is_back_one_of_a_list_is_asked_for(chat: Chat) -> None:
    chat.say("show me lamps", "find_product", category="lamps")
    assert chat.say("tell me when it's back", "back_in_stock") == ["utter_ask_which_product"]


# Recommending, and searches that go on ----------------------------------------------------------------------------


def test_why_something_was_recommended(own_shop: URL) -> None:
    chat = Chat()
    chat.say("what goes with the Heron", "recommend", product="Heron floor lamp")
    assert chat.say("why the first one", "product_question/why_recommended", ordinal="first") == [
        "utter_product_question/why_recommended"
    ]
    assert "Heron floor lamp" in chat.told("because")


def test_something_to_match_goes_with_what_is_in_hand(own_shop: URL) -> None:
    chat = Chat()
    about(chat, "Harbour three-seater sofa")
    assert chat.say("and cushions to match", "find_product", category="cushions") == ["utter_recommend"]
    assert all("cushion" in name.lower() or "bolster" in name.lower() for name in names(chat))


def test_a_colour_alone_narrows_and_something_for_another_room_begins_anew(chat: Chat) -> None:
    chat.say("show me cushions", "find_product", category="cushions")
    assert chat.say("something in blue", "find_product", colour="blue")[0].startswith("utter_found")
    assert chat.slots["search"]["category"] == "cushions" and chat.slots["search"]["colour"] == "blue"
    assert chat.say("below 60", "inform", amount="60") == ["utter_found"]
    assert max(prices(chat)) <= 60
    for intent in ("find_product", "refine_search"):
        assert chat.say("what about something for the garden", intent, room="garden")[0].startswith("utter_found")
        assert chat.slots["search"] == {"room": "garden"}
        chat.say("show me cushions", "find_product", category="cushions")


def test_like_this_goes_on_from_the_product_in_hand(chat: Chat) -> None:
    chat.say("show me rugs", "find_product", category="rugs")
    about(chat, "Heron floor lamp")
    assert chat.say("anything like this but cheaper", "refine_search") == ["utter_found"]
    assert max(prices(chat)) < 129
    assert "Fenland jute rug" not in names(chat)


def test_what_is_said_of_whom_a_present_is_for_is_kept(own_shop: URL) -> None:
    chat = Chat()
    chat.say("a present for my sister", "recommend")
    assert chat.say("she likes cooking", "refine_search")[0].startswith("utter_recommend")
    assert "she likes cooking" in chat.slots["search"]["suggested"]["text"]
    chat.say("she has loads of pans", "refine_search", category="pans")
    assert chat.slots["search"]["not_in"] == ["saucepan"]
    assert not any("saucepan" in name.lower() for name in names(chat))
