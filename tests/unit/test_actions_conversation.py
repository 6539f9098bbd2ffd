"""Courtesies: greeting, repeating, starting over, and the fixed answers, alone and inside a form."""

import re

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from ruamel.yaml import YAML
from sqlalchemy.engine import URL

from actions.conversation import LOGS_OUT, ActionLogOut, ActionRepeat, ActionStartOver
from parlance.actions.action import Action
from shop import preferences
from shop.customers import customer_by_email
from shop.database import open_session
from shop.identity import mint

from .dialogue import DOMAIN, ROOT, Chat, rules

ADA = "ada.byrne@example.com"


def test_somebody_unknown_is_greeted_with_choices_that_lead_somewhere(chat: Chat) -> None:
    assert chat.ask("greet") == ["utter_greet"]
    for button in DOMAIN["responses"]["utter_greet"][0]["buttons"]:
        assert button["payload"].strip("/") in rules()[0]


def test_a_known_customer_is_greeted_by_the_name_they_like(own_shop: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_SECRET", "s" * 32)
    chat = Chat(token=mint(ADA, "Ada Byrne", "web", 60) or "")
    assert chat.ask("greet") == ["utter_greet_known"]
    assert chat.told("name") == "Ada"
    with open_session() as session:
        customer = customer_by_email(session, ADA)
        assert customer
        preferences.remember(session, customer.id, call_me="Countess")
    chat.ask("greet")
    assert chat.told("name") == "Countess"


def test_a_name_told_in_this_conversation_is_used(chat: Chat) -> None:
    chat.slots["preferences"] = {"call_me": "Al"}
    assert chat.ask("greet") == ["utter_greet_known"]
    assert chat.told("name") == "Al"


def test_a_greeting_needs_no_shop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:////nowhere/at/all.db")
    monkeypatch.setenv("IDENTITY_SECRET", "s" * 32)
    chat = Chat(token=mint(ADA, "Ada Byrne", "web", 60) or "")
    assert chat.ask("greet") == ["utter_greet"]


def test_inside_a_form_a_greeting_is_short_and_the_form_goes_on(chat: Chat) -> None:
    chat.ask("order_status")
    assert chat.ask("greet") == ["utter_greet_again"]
    assert chat.form == "order_form"
    assert chat.say("10433") == ["utter_ask_email"]


@pytest.mark.parametrize(
    ("intent", "response"),
    [
        ("help", "utter_help"),
        ("who_are_you", "utter_who"),
        ("bot_challenge", "utter_bot"),
        ("thank", "utter_welcome"),
        ("praise", "utter_praise"),
        ("complaint", "utter_complaint"),
        ("thumbs_up", "utter_thumbs_up"),
        ("thumbs_down", "utter_thumbs_down"),
        ("out_of_scope", "utter_out_of_scope"),
    ],
)
def test_fixed_answers_leave_an_open_form_alone(chat: Chat, intent: str, response: str) -> None:
    assert chat.ask(intent) == [response]
    chat.ask("check_stock")
    assert chat.ask(intent) == [response]
    assert chat.form == "product_form"


@pytest.mark.parametrize(
    ("intent", "responses"), [("stop", ["utter_stopped"]), ("goodbye", ["utter_still_open", "utter_goodbye"])]
)
def test_stop_and_goodbye_leave_the_form(chat: Chat, intent: str, responses: list[str]) -> None:
    chat.ask("check_stock")
    assert chat.ask(intent) == responses
    assert chat.form is None


@pytest.mark.parametrize(("intent", "response"), [("start_over", "utter_start_over"), ("log_out", "utter_logged_out")])
def test_starting_over_and_logging_out_forget_what_it_was_about_and_who_it_was(
    own_shop: URL, intent: str, response: str
) -> None:
    chat = Chat()
    chat.say(f"where is 10433, {ADA}", "order_status")
    chat.say("rugs", "find_product", category="rugs")
    chat.say("I like it short", "set_preference", tone="short")
    assert chat.customer.email == ADA
    assert chat.ask(intent) == [response]
    assert not [slot for slot, value in chat.slots.items() if value is not None]


def test_the_last_turn_is_said_again_with_its_buttons_and_cards() -> None:
    buttons, cards = [{"title": "Yes", "payload": "/affirm"}], {"type": "product_cards", "cards": []}
    events = [
        {"event": "user", "text": "hello"},
        {"event": "bot", "text": "Long ago", "data": {}},
        {"event": "user", "text": "lamps"},
        {"event": "bot", "text": "These might suit", "data": {"custom": cards}},
        {"event": "bot", "text": "Shall I?", "data": {"buttons": buttons}},
        {"event": "user", "text": "pardon"},
    ]
    dispatcher = CollectingDispatcher()
    ActionRepeat().run(dispatcher, Tracker("chat-1", {}, {}, events, False, None, {}, ""), DOMAIN)
    assert [message["text"] for message in dispatcher.messages] == ["These might suit", "Shall I?"]
    assert dispatcher.messages[0]["custom"] == cards
    assert dispatcher.messages[1]["buttons"] == buttons


def test_where_nothing_was_said_there_is_nothing_to_repeat(chat: Chat) -> None:
    assert chat.ask("repeat") == ["utter_nothing_to_repeat"]


@pytest.mark.parametrize(("channel", "told"), [("web", [{"type": "new_visit"}, {}]), ("rest", [{}]), ("slack", [{}])])
@pytest.mark.parametrize("action", [ActionLogOut(), ActionStartOver()])
def test_the_web_page_begins_anew_when_a_visit_ends(
    chat: Chat, action: Action, channel: str, told: list[dict[str, str]]
) -> None:
    chat.hears("log me out", "log_out").events[-1]["input_channel"] = channel
    chat.runs(action)
    assert [message["custom"] for message in chat.dispatcher.messages] == told


def test_what_is_written_to_be_logged_out_is_understood_as_that() -> None:
    written = [
        re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", line.removeprefix("- "))
        for file in ("data/nlu/account.yml", "tests/nlu/account.yml")
        for part in YAML(typ="safe").load((ROOT / file).read_text(encoding="utf-8"))["nlu"]
        if part.get("intent") == "log_out"
        for line in part["examples"].splitlines()
    ]
    missed = [text for text in written if not LOGS_OUT.search(text.lower())]
    assert len(written) > 80 and len(missed) <= 0.05 * len(written), missed


@pytest.mark.parametrize(
    "text",
    [
        "should I log out? it's a shared computer",
        "no, leave my account alone",
        "not yet, don't log me out",
        "go on then, log it without",
    ],
)
def test_who_asks_about_logging_out_is_not_logged_out(own_shop: URL, text: str) -> None:
    chat = Chat()
    chat.say("where is 10432, ada.byrne@example.com", "order_status")
    assert chat.say(text, "log_out") == ["utter_log_out_how"]
    assert chat.slots["customer"]
    assert chat.say("log me out", "log_out") == ["utter_logged_out"]
    assert chat.slots["customer"] is None
