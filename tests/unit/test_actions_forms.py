"""What all forms share: who somebody is, answers that cannot be used, and a shop that cannot be reached."""

import copy
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from shop.demo import UNUSED_NUMBER
from shop.identity import mint

from .dialogue import DOMAIN, Chat, registered_actions, rules, sent_code

ADA = "ada.byrne@example.com"
RASAS = ("action_deactivate_loop", "action_two_stage_fallback")


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:////nowhere/at/all.db")


def test_the_domain_lists_every_action_of_the_action_server_and_no_other() -> None:
    assert set(registered_actions()) == set(DOMAIN["actions"])


def test_every_rule_runs_an_action_that_there_is() -> None:
    for_intent, after_form = rules()
    known = {*DOMAIN["actions"], *DOMAIN["responses"], *DOMAIN["forms"], *RASAS, "utter_faq", "utter_smalltalk"}
    assert {*(action for actions in for_intent.values() for action in actions), *after_form.values()} <= known


def test_every_form_can_ask_for_every_slot() -> None:
    for form, settings in ((form, DOMAIN["forms"][form]) for form, _ in rules()[1]):
        for slot in settings["required_slots"]:
            ways = (f"action_ask_{form}_{slot}", f"utter_ask_{form}_{slot}", f"action_ask_{slot}", f"utter_ask_{slot}")
            known = {*DOMAIN["actions"], *DOMAIN["responses"]}
            assert any(way in known for way in ways), f"{form} has no way to ask for {slot}"


def test_number_and_email_prove_who_somebody_is_and_are_asked_for_once(own_shop: URL) -> None:
    chat = Chat()
    assert chat.ask("order_status") == ["utter_ask_order_number"]
    assert chat.say("10433") == ["utter_ask_email"]
    assert chat.say("Ada.Byrne at example dot com") == ["utter_order_delivered_with_note"]
    assert chat.customer.first_name == "Ada"
    assert chat.ask("order_contents") == ["utter_order_contents"]


def test_number_and_email_in_one_message_fill_both(own_shop: URL) -> None:
    assert Chat().say(f"where is 10433, it's {ADA}", "order_status") == ["utter_order_delivered_with_note"]


def test_a_token_of_the_shop_proves_who_somebody_is(own_shop: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_SECRET", "s" * 32)
    token = mint(ADA, "Ada Byrne", "web", 60) or ""
    chat = Chat(token=token)
    assert chat.ask("order_status") == ["utter_ask_which_order"]
    latest = chat.told("buttons")
    assert [button["payload"] for button in latest][:1] == ['/inform{"order_number": "10434"}']
    assert chat.say("the second one", ordinal="second")[-1].startswith("utter_order_dispatched")


def test_a_token_with_another_signature_proves_nothing(own_shop: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_SECRET", "t" * 32)
    forged = mint(ADA, "Ada Byrne", "web", 60) or ""
    monkeypatch.setenv("IDENTITY_SECRET", "s" * 32)
    chat = Chat(token=forged)
    assert chat.ask("order_status") == ["utter_ask_order_number"]
    assert chat.slots["customer"] is None


def test_an_unknown_order_and_somebody_elses_get_the_same_answer(own_shop: URL) -> None:
    told = []
    for number in (str(UNUSED_NUMBER), "10422"):
        chat = Chat(number)
        responses = chat.say(f"where is {number}, {ADA}", "order_status")
        told.append((responses, chat.slots["customer"], chat.slots["failed_attempts"], chat.told("email")))
    assert told[0] == told[1] == (["utter_order_not_matched", "utter_ask_email"], None, 1.0, ADA)


def test_after_a_wrong_pair_the_right_email_alone_is_enough(own_shop: URL) -> None:
    chat = Chat()
    chat.say("where is 10433, adda@example.com", "order_status")
    assert chat.say(ADA) == ["utter_order_delivered_with_note"]


def test_after_a_wrong_pair_the_right_number_alone_is_enough(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"where is 10422, {ADA}", "order_status")
    assert chat.say("sorry, 10433")[-1] == "utter_order_delivered_with_note"


def test_a_corrected_number_is_acknowledged_where_the_email_was_asked_for(own_shop: URL) -> None:
    chat = Chat()
    chat.say("where is 10432", "order_status")
    assert chat.say("sorry, I meant 10433") == ["utter_order_number_changed", "utter_ask_email"]
    assert chat.slots["order_number"] == "10433"


def test_the_third_pair_that_does_not_match_ends_the_form_with_the_offer_of_a_person(own_shop: URL) -> None:
    chat = Chat()
    chat.say("where is 10433, a@example.com", "order_status")
    chat.say("b@example.com")
    assert chat.say("c@example.com") == ["utter_offer_person"]
    assert chat.form is None
    assert chat.ask("affirm") == ["utter_handoff"]


def test_after_five_wrong_pairs_even_the_right_one_is_refused(own_shop: URL) -> None:
    chat = Chat()
    chat.say("where is 10433, a@example.com", "order_status")
    chat.say("b@example.com")
    assert chat.say("c@example.com") == ["utter_offer_person"]
    assert chat.ask("order_status") == ["utter_ask_email"]
    chat.say("d@example.com")
    chat.say("e@example.com")
    assert chat.say(ADA) == ["utter_too_many_attempts"]
    assert chat.slots["customer"] is None


def test_a_known_customer_cannot_look_at_somebody_elses_order(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"where is 10433, {ADA}", "order_status")
    assert chat.ask("order_contents", order_number="10422")[:2] == [
        "utter_order_number_changed",
        "utter_order_not_yours",
    ]
    assert chat.slots["order_number"] is None


@pytest.mark.parametrize(
    ("said", "response"),
    [("it is 1234567", "utter_order_number_unclear"), ("dunno mate", "utter_order_number_unclear")],
)
def test_an_answer_that_cannot_be_used_is_explained_and_the_third_offers_a_person(
    own_shop: URL, said: str, response: str
) -> None:
    chat = Chat()
    chat.ask("order_status")
    assert chat.say(said) == [response, "utter_ask_order_number"]
    assert chat.say(said) == [response, "utter_ways_on"]
    assert [button["payload"] for button in chat.buttons()] == ["/stop", "/human_handoff"]
    assert chat.say(said) == ["utter_offer_person"]


def test_an_incomplete_email_is_explained(own_shop: URL) -> None:
    chat = Chat()
    chat.say("where is 10433", "order_status")
    assert chat.say("ada@example") == ["utter_email_unclear", "utter_ask_email"]


def test_a_message_that_is_no_answer_is_left_to_the_rules(own_shop: URL) -> None:
    chat = Chat()
    chat.ask("order_status")
    assert chat.say("thanks", "thank") == ["utter_welcome"]
    assert chat.form == "order_form"


def test_the_same_request_again_just_brings_the_question_again(own_shop: URL) -> None:
    chat = Chat()
    chat.ask("order_status")
    assert copy.deepcopy(chat).say("where is my parcel", "order_status") == ["utter_ask_order_number"]
    assert chat.say("actually I want to know about my refund", "refund_status") == ["utter_ask_order_number"]
    assert chat.slots["request"] == "refund_status"


def test_a_shop_out_of_reach_is_told_and_a_yes_tries_again_with_what_was_said(
    own_shop: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = Chat()
    with monkeypatch.context() as broken:
        broken.setenv("DATABASE_URL", "postgresql://fern@127.0.0.1:1/fernhill")
        assert chat.say(f"where is 10433, {ADA}", "order_status") == ["utter_unavailable"]
        assert chat.ask("affirm") == ["utter_unavailable"]
    assert chat.ask("affirm") == ["utter_order_delivered_with_note"]


def test_a_damaged_database_is_told_as_out_of_reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "fernhill.db"
    file.write_bytes(b"this was a database once" * 100)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{file}")
    assert Chat().say(f"where is 10433, {ADA}", "order_status") == ["utter_unavailable"]


def test_a_form_that_cannot_ask_because_the_shop_is_gone_ends_and_confirms_nothing(
    own_shop: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = Chat()
    chat.say(f"send 10434 elsewhere, {ADA}", "change_address")
    chat.say("14 Mill Lane, Bath", address="14 Mill Lane, Bath")
    with monkeypatch.context() as broken:
        broken.setenv("DATABASE_URL", "sqlite:////nowhere/at/all.db")
        assert chat.say("BA1 2AB", postcode="BA1 2AB") == ["utter_unavailable"]
    assert chat.form is None
    assert chat.ask("affirm") == ["utter_ask_one_time_code"]
    assert chat.say(sent_code()) == ["utter_confirm_address"]
    assert chat.slots["confirmed"] is None


def test_what_a_refused_form_was_told_is_forgotten(own_shop: URL) -> None:
    chat = Chat()
    chat.say("my 10438 vase is too big, elin.hughes@example.com", "start_return", reason="too big")
    assert chat.slots["form_ended"] is None
    assert chat.slots["reason"] is None
