"""Recommending products."""

import pytest
from sqlalchemy.engine import URL

from shop.identity import mint

from .dialogue import DOMAIN, Chat
from .product_cards import cards, names, prices

pytestmark = pytest.mark.usefixtures("without_encoder")


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
