"""What an act of NLU changes in a conversation: corrections, other requests, requests besides, answers in own words."""

import copy
from typing import Any

import pytest
from sqlalchemy.engine import URL

from parlance.actions.acts import ACTS, act_in

from .dialogue import Chat, registered_actions

ADA = "ada.byrne@example.com"


@pytest.fixture
def cancelling(own_shop: URL) -> Chat:
    """A conversation that has come to whether to cancel an order."""
    chat = Chat()
    assert chat.say(f"cancel 10434, {ADA}", "cancel_order", order_number="10434")[-1] == "utter_confirm_cancel"
    return chat


@pytest.fixture
def returning(own_shop: URL) -> Chat:
    """A conversation that has come to why something goes back."""
    chat = Chat()
    assert chat.say(f"send back 10433, {ADA}", "start_return", order_number="10433")[-1] == "utter_ask_reason"
    return chat


def test_an_act_counts_where_nlu_is_sure_of_it_and_knows_it_and_words_were_typed() -> None:
    def act(text: str, name: str, confidence: float) -> str:
        return act_in({"text": text, "act": {"name": name, "confidence": confidence}})

    assert act("go on", "affirm", 0.9) == "affirm"
    assert act("go on", "affirm", 0.5) == act("go on", "sing", 1.0) == act("/affirm", "affirm", 1.0) == ""
    assert act_in({"text": "go on"}) == "" and len(ACTS) == 10


def test_a_yes_in_own_words_does_it(cancelling: Chat) -> None:
    assert cancelling.say("if you could that'd be marvellous", "affirm", act="affirm") == ["utter_cancel_refunded"]


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("marvellous, and show me lamps", {"intent": "find_product"}),
        ("marvellous 10432", {}),
        ("marvellous, the Heron floor lamp", {"product": "Heron floor lamp"}),
        ("marvellous if it's free", {}),
        ("marvellous?", {}),
        ("marvellous", {"act_confidence": 0.85}),
    ],
)
def test_a_yes_in_own_words_that_says_more_is_none(cancelling: Chat, text: str, more: dict[str, Any]) -> None:
    answer: dict[str, Any] = {"intent": "affirm", "act": "affirm", **more}
    cancelling.say(text, **answer)
    assert cancelling.slots["confirmed"] is None and "utter_cancel_refunded" not in [
        m["response"] for m in cancelling.said
    ]


@pytest.mark.parametrize(("text", "act"), [("it can stay as it is", "deny"), ("let's drop this", "stop")])
def test_a_no_in_own_words_ends_it_and_says_that_nothing_was_done(cancelling: Chat, text: str, act: str) -> None:
    assert cancelling.say(text, "nlu_fallback", act=act) == ["utter_not_cancelled"]
    assert cancelling.form is None


def test_a_sure_no_is_one_whatever_request_it_was_taken_for(cancelling: Chat) -> None:
    assert cancelling.say("i'd rather have the lot", "order_contents", act="deny") == ["utter_not_cancelled"]


def test_a_hesitation_is_no_request_whatever_it_was_taken_for(cancelling: Chat) -> None:
    said = cancelling.say("hmm i'd have to ask about the money", "refund_status", act="hesitate")
    assert said == ["utter_confirmed_unclear", "utter_confirm_cancel"]
    assert cancelling.slots["request"] == "cancel_order"


def test_a_no_before_a_question_ends_nothing(cancelling: Chat) -> None:
    cancelling.say("no wait how long would that take", "deny", act="ask")
    assert cancelling.form == "cancel_form"


def test_the_question_for_a_yes_gives_way_to_a_person_at_last(cancelling: Chat) -> None:
    for _ in range(2):
        assert cancelling.say("hmm", "nlu_fallback")[-1] == "utter_confirm_cancel"
    assert "/human_handoff" in [button["payload"] for button in cancelling.buttons()]
    assert cancelling.say("hmm", "nlu_fallback") == ["utter_offer_person"]
    assert cancelling.form is None


def test_a_question_is_put_twice_though_something_else_was_answered_in_between(own_shop: URL) -> None:
    chat, asked = Chat(), []
    chat.ask("order_status")
    for _ in range(3):
        chat.say("thanks", "thank", act="other")
        chat.events.append({"event": "action_execution_rejected", "name": "order_form"})
        chat.fills(registered_actions()["validate_order_form"])
        asked.append(chat.slots["requested_slot"])
    assert asked == ["order_number", "ways_on", "ways_on"]
    assert chat.say("10433") == ["utter_ask_email"], "which is an answer to the question all the same"


def test_what_was_asked_for_is_the_answer_whatever_intent_it_has(returning: Chat) -> None:
    assert returning.say("never got what i ordered", "parcel_missing", act="inform") == ["utter_confirm_return"]
    assert returning.slots["reason"] == "never got what i ordered"
    assert returning.slots["request"] == "start_return"


@pytest.mark.parametrize("act", ["request", "ask", "stop", "add", "hesitate"])
def test_words_that_give_nothing_are_no_free_answer(returning: Chat, act: str) -> None:
    returning.say("tell me something about the rest", "inform", act=act)
    assert returning.slots["reason"] is None


def test_a_stop_in_own_words_ends_a_form_that_has_not_come_to_its_last_question(returning: Chat) -> None:
    assert returning.say("let's drop this", "inform", act="stop") == ["utter_nothing_changed"]
    assert returning.form is None


def test_a_corrected_count_is_taken_at_the_last_question_and_asked_about_again(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"change 10434, {ADA}, the cushions", "change_items", category="cushions", order_number="10434")
    assert chat.say("1")[-1].startswith("utter_confirm_items")
    assert chat.say("i meant 3, not 1", "inform", act="correct")[-1].startswith("utter_confirm_items")
    assert chat.slots["quantity"] == 3 and chat.told("quantity") == 3


def test_a_request_about_another_order_is_none_to_the_open_question(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"cancel 10434, {ADA}", "cancel_order", order_number="10434")
    said = chat.say("where's my order 10433", "order_status", order_number="10433", act="request")
    assert said[1:3] == ["utter_order_delivered_with_note", "utter_next_request"]
    assert said[-1] == "utter_confirm_cancel" and chat.told("number") == "FH-10434"


def test_so_it_is_where_the_model_has_no_acts(own_shop: URL) -> None:
    chat = Chat()
    chat.ask("cancel_order")
    assert chat.say("where's my order 10433", "order_status", order_number="10433") == ["utter_ask_email"]
    assert chat.form == "order_form" and chat.slots["request"] == "order_status"


def test_a_refusal_of_something_else_does_not_end_what_is_open(own_shop: URL) -> None:
    chat = Chat()
    chat.ask("order_status")
    said = chat.say("no i don't want to cancel it", "cancel_order")
    assert said == ["utter_not_wanted", "utter_next_request", "utter_ask_order_number"]


def test_a_change_of_mind_does_not_come_back(cancelling: Chat) -> None:
    cancelling.say("actually change the address", "change_address", act="request")
    assert cancelling.form == "address_form" and cancelling.slots["further_request"] is None


def test_one_thing_more_waits_until_the_first_is_done(cancelling: Chat) -> None:
    said = cancelling.say("and what's in 10433", "order_contents", order_number="10433", act="add")
    assert said == ["utter_request_noted", "utter_confirm_cancel"]
    cancelling.say("and my points", "loyalty_points", act="add")
    assert [request["intent"]["name"] for request in cancelling.slots["further_request"]] == [
        "order_contents",
        "loyalty_points",
    ]


def test_what_is_open_is_said_once_at_the_end(cancelling: Chat) -> None:
    cancelling.say("and my points", "loyalty_points", act="add")
    assert cancelling.ask("goodbye") == ["utter_still_open", "utter_goodbye"]
    assert cancelling.told("requests") == "cancel an order and see my points"
    assert cancelling.ask("goodbye") == ["utter_goodbye"]


@pytest.mark.parametrize(
    "text", ["cancel just the cushion", "please cancel the cushion in my order", "no cushion anymore, cancel that one"]
)
def test_a_part_of_an_order_is_taken_out_and_the_rest_stays(own_shop: URL, text: str) -> None:
    chat = Chat()
    chat.say(f"where is 10434, {ADA}", "order_status", order_number="10434")
    said = chat.say(text, "cancel_order", category="cushion")
    assert said[0] == "utter_cancel_part" and said[-1].startswith("utter_confirm_remove")
    assert chat.form == "items_form"


def test_the_message_that_was_not_understood_stands_behind_the_button_that_says_what_it_meant(own_shop: URL) -> None:
    chat = Chat()
    chat.hears(f"parsel fh10433 {ADA}", "nlu_fallback")
    chat.events.append({"event": "action", "name": "action_two_stage_fallback"})
    assert chat.say("/order_status", "order_status") == ["utter_order_delivered_with_note"]
    later = copy.deepcopy(chat)
    assert later.say("/order_contents", "order_contents") == ["utter_order_contents"]
