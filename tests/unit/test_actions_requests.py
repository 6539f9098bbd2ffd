"""Taking up what was not typed just now: offers, second requests, and details out of nowhere."""

from typing import Any

import pytest
from sqlalchemy.engine import URL

from parlance.actions.pending_requests import ActionNextRequest, take_up

from .dialogue import DOMAIN, Chat

ADA = "ada.byrne@example.com"


def test_taking_up_a_request_sets_the_slots_that_its_message_would_have_set() -> None:
    parsed = {
        "text": "where is 10433",
        "intent": {"name": "order_status"},
        "entities": [{"entity": "order_number", "value": "10433"}, {"entity": "email", "value": ADA, "role": "old"}],
    }
    events = take_up(DOMAIN, "order_status", parsed)
    assert [event["event"] for event in events[:2]] == ["action", "user"]
    assert events[1]["text"] == "where is 10433"
    # An e-mail address with a role is the one that shall be changed, not the customer's.
    assert {e["name"]: e["value"] for e in events[2:]} == {"request": "order_status", "order_number": "10433"}


def test_a_yes_takes_up_what_the_last_turn_offered_and_no_older_offer(own_shop: URL) -> None:
    chat = Chat()
    chat.say("any Rattan armchairs", "check_stock", product="Rattan armchair")
    assert chat.slots["offer"] == "back_in_stock"
    chat.ask("help")
    assert chat.say("yes", "affirm") == ["utter_what_else"]
    chat.say("any Rattan armchairs", "check_stock", product="Rattan armchair")
    assert chat.say("yes", "affirm") == ["utter_ask_notice_form_email"]


def test_a_yes_to_nothing_asks_what_is_wanted_and_a_no_is_fine(chat: Chat) -> None:
    assert chat.say("yes", "affirm") == ["utter_what_else"]
    assert chat.say("no", "deny") == ["utter_all_done"]


def test_in_a_form_a_yes_goes_on_and_a_no_is_told_the_ways_out(chat: Chat) -> None:
    chat.ask("order_status")
    assert chat.say("ok", "affirm") == ["utter_go_on"]
    assert chat.say("no", "deny") == ["utter_form_declined"]


def test_the_second_request_of_a_message_is_said_and_taken_up(chat: Chat) -> None:
    parsed = {"text": "and do you have rugs", "intent": {"name": "find_product"}, "entities": []}
    chat.given({"further_request": {**parsed, "entities": [{"entity": "category", "value": "rugs"}]}})
    chat.say("thanks", "thank")
    assert [message["response"] for message in chat.said[-2:]] == ["utter_next_request", "utter_found"]
    assert chat.slots["further_request"] is None


@pytest.mark.parametrize(
    ("intent", "called"), [("find_product", "look for something in the shop"), ("faq", "your question")]
)
def test_the_second_request_is_called_by_its_title_and_never_quoted(chat: Chat, intent: str, called: str) -> None:
    parsed = {"text": "and nan died before the rug came", "intent": {"name": intent}, "entities": []}
    chat.given({"further_request": parsed})
    chat.runs(ActionNextRequest())
    assert chat.blank("request") == called
    assert "died" not in str(chat.dispatcher.messages)


@pytest.mark.parametrize(
    ("text", "entities", "response"),
    [
        ("10433", {"order_number": "10433"}, "utter_ask_email"),
        ("WELCOME10", {"code": "WELCOME10"}, "utter_promo_valid_value"),
        ("the Heron floor lamp", {"product": "Heron floor lamp"}, "utter_product_details"),
        ("Heron, Pebble lamp", {"product": ["Heron", "Pebble lamp"]}, "utter_comparison"),
        ("a blue cushion", {"colour": "blue", "category": "cushion"}, "utter_found"),
        ("saturday", {"date": "saturday"}, "utter_what_else"),
        ("3", {"quantity": "3"}, "utter_what_else"),
    ],
)
def test_details_out_of_nowhere_go_where_they_belong(
    chat: Chat, text: str, entities: dict[str, Any], response: str
) -> None:
    assert chat.say(text, **entities) == [response]


def test_after_a_list_a_number_picks_and_a_colour_narrows(chat: Chat) -> None:
    chat.say("cushions", "find_product", category="cushions")
    wanted = chat.slots["shown"][2]["name"]
    assert chat.say("3", quantity="3")[0].startswith("utter_product_details")
    assert chat.told("name") == wanted
    chat.say("cushions", "find_product", category="cushions")
    chat.say("red", colour="red")
    assert chat.slots["search"] == {"category": "cushions", "colour": "red"}


def test_a_no_with_details_is_a_correction(chat: Chat) -> None:
    chat.say("cushions", "find_product", category="cushions")
    chat.say("no, red", "deny", colour="red")
    assert chat.slots["search"] == {"category": "cushions", "colour": "red"}
