"""TurnPolicy in a trained Rasa assistant: general rules inside forms, questions of their own, further requests.

The messages are Rasa's own shorthand for an intent with entities, so that only the dialogue is tried.
"""

import asyncio
import os
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.shared.exceptions import InvalidConfigException
from rasa.utils.endpoints import EndpointConfig

from .conftest import write_yaml
from .turn_assistant import ACTIONS, FURTHER, TURN_POLICY, Conversation, train


@pytest.fixture(scope="module")
def action_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EndpointConfig]:
    """Rasa's action server with ACTIONS."""
    folder = tmp_path_factory.mktemp("actions")
    (folder / "actions.py").write_text(textwrap.dedent(ACTIONS))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "rasa_sdk", "--actions", "actions", "--port", str(port)]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while not answers(port):
            assert process.poll() is None and time.monotonic() < until, "the action server did not start"
            time.sleep(0.1)
        yield EndpointConfig(f"http://127.0.0.1:{port}/webhook")
    finally:
        process.terminate()
        process.wait(30)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    return train(tmp_path_factory.mktemp("assistant"), TURN_POLICY)


@pytest.fixture
def customer(model: Path, action_server: EndpointConfig) -> Conversation:
    return Conversation(model, action_server)


def test_a_general_rule_answers_inside_a_form_and_the_form_asks_again(customer: Conversation) -> None:
    assert customer.say("order") == ["which order?"]
    assert customer.say("faq") == ["we deliver everywhere", "which order?"]
    assert customer.say("inform", order_number="10432") == ["which e-mail?"]
    assert customer.say("hours") == ["nine to five", "not on Sundays", "which e-mail?"], "an answer of two actions"
    assert customer.say("faq") == ["we deliver everywhere", "which e-mail?"]
    assert customer.say("inform", email="ada@example.com") == ["10432 is on its way"]
    assert customer.say("faq") == ["we deliver everywhere"], "the form is done"


def test_a_rule_for_the_inside_of_a_form_need_not_say_that_the_form_goes_on(customer: Conversation) -> None:
    customer.say("order")
    assert customer.say("pay") == ["by card", "which order?"]


def test_a_form_that_was_left_does_not_come_back(customer: Conversation) -> None:
    for leave, said in (("stop", "stopped"), ("quit", "left")):
        customer.say("order")
        customer.say("faq")
        assert customer.say(leave) == [said]
        assert customer.say("faq") == ["we deliver everywhere"]


def test_another_form_takes_the_place_of_the_first(customer: Conversation) -> None:
    customer.say("order")
    assert customer.say("address") == ["which postcode?"]
    assert customer.say("faq") == ["we deliver everywhere", "which postcode?"]
    assert customer.say("inform", postcode="AB1 2CD") == ["fine"]


def test_an_answer_that_asks_something_is_waited_for(customer: Conversation) -> None:
    customer.say("order")
    assert customer.say("complain") == ["would you like a person?"]
    assert customer.say("affirm") == ["a person is coming", "which order?"]
    assert customer.say("complain") == ["would you like a person?"]
    assert customer.say("deny") == ["fine", "which order?"]
    assert customer.say("inform", order_number="10432") == ["which e-mail?"]


def test_a_value_given_instead_of_an_answer_to_the_other_question_fills_the_form(customer: Conversation) -> None:
    customer.say("order")
    customer.say("complain")
    assert customer.say("inform", order_number="10432") == ["which e-mail?"]
    customer.say("complain")
    assert customer.say("inform", postcode="AB1 2CD") == ["which e-mail?"], "a value of no use: the form asks again"
    assert customer.say("inform", email="ada@example.com") == ["10432 is on its way"]


def test_the_second_request_of_a_message_is_taken_up_when_the_first_is_done(customer: Conversation) -> None:
    assert customer.say("faq", further="refund") == ["we deliver everywhere", "now to your refund"]
    assert customer.say("faq") == ["we deliver everywhere"], "once"
    assert customer.say("order", order_number="10432", further="refund") == ["which e-mail?"]
    assert customer.say("hours") == ["nine to five", "not on Sundays", "which e-mail?"], "not while a form is open"
    assert customer.say("inform", email="ada@example.com") == ["10432 is on its way", "now to your refund"]


def test_the_second_request_waits_for_the_answer_to_a_question(customer: Conversation) -> None:
    assert customer.say("complain", further="refund") == ["would you like a person?"]
    assert customer.say("deny") == ["fine", "now to your refund"]


def test_a_question_that_an_action_asks_is_waited_for_too(customer: Conversation) -> None:
    assert customer.say("ask", further="refund") == ["would you like a person?"]
    assert customer.say("deny") == ["fine", "now to your refund"]


def test_leaving_a_form_drops_the_second_request(customer: Conversation) -> None:
    customer.say("order", further="refund")
    assert customer.say("stop") == ["stopped"]
    assert customer.say("faq") == ["we deliver everywhere"]


def test_an_action_that_leaves_the_slot_set_is_run_once_a_turn(tmp_path: Path, action_server: EndpointConfig) -> None:
    keeps = {"slot": "further_request", "action": "action_keeps_the_request"}
    customer = Conversation(train(tmp_path, TURN_POLICY | {"further_request": keeps}), action_server)

    assert customer.say("faq", further="refund") == ["we deliver everywhere", "still there"]


def test_stories_end_a_digression_too(tmp_path: Path, action_server: EndpointConfig) -> None:
    """A story that answers inside a form and says no more leaves the turn to MemoizationPolicy, which ends it."""
    steps = [
        {"intent": "order"},
        {"action": "order_form"},
        {"active_loop": "order_form"},
        {"intent": "inform"},
        {"action": "utter_fine"},
        {"intent": "inform"},
        {"action": "order_form"},
    ]
    story = {"story": "an answer of no use", "steps": steps}
    customer = Conversation(train(tmp_path / "with", TURN_POLICY, (story,)), action_server)
    plain = Conversation(train(tmp_path / "without", None, (story,)), action_server)

    for conversation in (customer, plain):
        conversation.say("order")
    assert plain.say("inform") == ["fine"], "what TurnPolicy is for"
    assert customer.say("inform") == ["fine", "which order?"]


def test_rasa_test_passes_stories_with_digressions(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rasa.core.test import test as run_test

    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    asks = [{"action": "order_form"}, {"active_loop": "order_form"}]
    slot = {"slot_was_set": [{"requested_slot": "order_number"}]}
    steps = [
        {"intent": "order"},
        *asks,
        slot,
        {"intent": "faq"},
        {"action": "utter_faq"},
        *asks,
        {"intent": "hours"},
        {"action": "utter_hours"},
        {"action": "utter_hours_more"},
        *asks,
        {"intent": "complain"},
        {"action": "utter_offer_person"},
        {"intent": "deny"},
        {"action": "utter_fine"},
        *asks,
        {"intent": "stop"},
        {"action": "action_deactivate_loop"},
        {"active_loop": None},
        {"action": "utter_stopped"},
    ]
    stories = {"version": "3.1", "stories": [{"story": "digressions", "steps": steps}]}
    path = write_yaml(tmp_path / "test_stories.yml", stories)
    result = asyncio.run(run_test(str(path), Agent.load(str(model)), out_directory=str(tmp_path / "results")))
    failed = (tmp_path / "results" / "failed_test_stories.yml").read_text()

    assert result["report"]["conversation_accuracy"]["accuracy"] == 1.0, failed


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"question": []}, "no option `question`. Did you mean `questions`?"),
        ({"questions": "utter_offer_person"}, "takes a list of names"),
        ({"questions": ["utter_ofer_person"]}, "no such action or response. Did you mean `utter_offer_person`?"),
        ({"further_request": {"slot": "further_request"}}, "takes a slot and an action"),
        ({"further_request": FURTHER | {"action": "action_next"}}, "Did you mean `action_next_request`?"),
        ({"further_request": FURTHER | {"slot": "further"}}, "no such slot. Did you mean `further_request`?"),
    ],
)
def test_a_mistake_in_the_configuration_is_named(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidConfigException) as caught:
        train(tmp_path, TURN_POLICY | change)

    assert says in str(caught.value)
