"""The record of what is in hand, and that it goes with the conversation."""

import pytest
from rasa_sdk import Tracker
from sqlalchemy.engine import URL

from parlance.actions.in_hand import (
    IN_HAND,
    MOST_IN_HAND,
    hold,
    hold_list,
    is_list_in_hand,
    latest,
    means_an_earlier_one,
    means_both,
    refs,
    topic_of,
)
from shop.identity import mint

from .dialogue import Chat

ADA, TOM = "ada.byrne@example.com", "tom.okafor@example.com"


@pytest.fixture
def tracker() -> Tracker:
    return Chat().tracker()


def test_the_last_thing_is_in_front_and_nothing_is_there_twice(tracker: Tracker) -> None:
    hold(tracker, "order", 1)
    hold(tracker, "product", "A", "action_tell")
    hold(tracker, "order", "1")
    assert [(thing["kind"], thing["ref"]) for thing in tracker.get_slot(IN_HAND)] == [("order", "1"), ("product", "A")]
    found = latest(tracker, "product")
    assert found and found["answer"] == "action_tell"
    assert latest(tracker, "case") is None
    assert hold(tracker, "case", "") == []


def test_only_so_many_things_are_remembered(tracker: Tracker) -> None:
    for number in range(3 * MOST_IN_HAND):
        hold(tracker, "product", number)
    assert len(tracker.get_slot(IN_HAND)) == MOST_IN_HAND
    assert refs(tracker, "product")[0] == str(3 * MOST_IN_HAND - 1)


def test_a_list_is_in_hand_until_one_of_its_kind_is(tracker: Tracker) -> None:
    assert not is_list_in_hand(tracker, "product")
    hold_list(tracker, "product")
    hold(tracker, "order", 1)
    assert is_list_in_hand(tracker, "product")
    assert not is_list_in_hand(tracker, "order")
    hold(tracker, "product", "A")
    assert not is_list_in_hand(tracker, "product")


@pytest.mark.parametrize("text", ["the one from before", "no, the other one", "The previous one", "we had it earlier"])
def test_what_goes_back_before_the_last(text: str) -> None:
    assert means_an_earlier_one(text)


@pytest.mark.parametrize("text", ["the first one", "where is it", "before friday", "is it in another colour"])
def test_what_does_not(text: str) -> None:
    assert not means_an_earlier_one(text)


def test_both_are_two_and_they_may_be_a_pair_of_curtains() -> None:
    assert means_both("how much are they both") and means_both("Either of them")
    assert not means_both("are they lined")


def test_the_topic_is_that_of_the_message_that_asked() -> None:
    chat = Chat()
    chat.hears("who brings it", "order_question/courier")
    assert topic_of(chat.tracker(), "order_question") == "courier"
    chat.hears("10432", "inform")
    assert topic_of(chat.tracker(), "order_question") == "courier", "a form has asked for the order meanwhile"
    chat.hears("/order_question", "order_question", ("topic", "total"))
    assert topic_of(chat.tracker(), "order_question") == "total"
    assert topic_of(chat.tracker(), "refund_question") == ""


def test_a_button_without_a_topic_is_about_the_words_that_were_not_understood() -> None:
    chat = Chat()
    chat.hears("hu brings it", "nlu_fallback")
    likely = {"response": {"intent_response_key": "order_question/courier"}}
    chat.events[-1]["parse_data"]["response_selector"] = {"order_question": likely}
    chat.hears("/order_question", "order_question")
    assert topic_of(chat.tracker(), "order_question") == "courier"


def test_each_answer_takes_what_it_is_about_into_the_hand(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"where is 10432, {ADA}", "order_status")
    chat.say("tell me about the Heron", "product_details", product="Heron")
    chat.say("show me rugs", "find_product", category="rugs")
    chat.say("get me a person", "human_handoff")
    kinds = [thing["kind"] for thing in chat.slots[IN_HAND]]
    assert kinds == ["case", "shown", "product", "order"]
    chat.say("where is it", "order_status")
    assert chat.slots[IN_HAND][0] == {"kind": "order", "ref": "10432", "answer": "action_order_status"}


def test_it_is_emptied_with_everything_else(own_shop: URL) -> None:
    for farewell in ("log_out", "start_over"):
        chat = Chat()
        chat.say(f"where is 10432, {ADA}", "order_status")
        assert chat.slots[IN_HAND]
        chat.say("log me out" if farewell == "log_out" else "start again", farewell)
        assert not chat.slots[IN_HAND], farewell
        assert chat.say("who's bringing it", "order_question/courier") == ["utter_ask_order_number"]


def test_who_says_that_they_are_not_the_customer_hears_nothing_of_the_order(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"where is 10432, {ADA}", "order_status")
    chat.say("I'm not Ada", "deny")
    assert not chat.slots[IN_HAND]
    assert chat.say("which card was it", "order_question/payment_card") == ["utter_ask_order_number"]


def test_another_customer_hears_nothing_of_the_firsts_order(own_shop: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_SECRET", "s" * 32)
    chat = Chat(token=mint(ADA, "Ada Byrne", "web", 60) or "")
    chat.say("where is 10432", "order_status", order_number="10432")
    assert chat.slots[IN_HAND]
    chat.token = mint(TOM, "Tom Okafor", "web", 60) or ""
    chat.say("which card was it", "order_question/payment_card")
    assert "10432" not in str(chat.said) and "10432" not in str(chat.slots[IN_HAND])


def test_a_slot_that_was_made_up_opens_no_order(own_shop: URL) -> None:
    made_up = [{"kind": "order", "ref": "10432"}, {"kind": "case", "ref": "MP-1000"}, {"kind": "case", "ref": "T-x"}]
    chat = Chat(in_hand=made_up)
    assert chat.say("any news", "case_question/state") == ["utter_ask_order_number"]
    chat.say(f"where is 10422, {TOM}", "order_status")
    chat.say("and the one from before", "order_question/total")
    assert "utter_order_not_yours" in [message["response"] for message in chat.said]
