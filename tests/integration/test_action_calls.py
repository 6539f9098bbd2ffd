"""Calls of the action server: what is sent and what is accepted are as Rasa has them."""

import json
from typing import Any

import pytest
from jsonschema import Draft7Validator, ValidationError
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction

from parlance.rasa import patches
from parlance.rasa.action_calls import _BodyWriter

patches.apply()
ACTION = RemoteAction("action_act", None)
GOOD = {"events": [{"event": "slot", "timestamp": None, "name": "x", "value": 1}], "responses": [{"text": "hi"}]}


def test_answers_are_checked() -> None:
    assert ACTION._validate_action_result(GOOD)
    answers: tuple[Any, ...] = ({"events": "none"}, {"responses": ["hi"]}, {"events": [{"name": "x"}]}, [])
    for bad in answers:
        with pytest.raises(ValidationError, match="action server's answer"):
            ACTION._validate_action_result(bad)


def test_the_schema_is_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ACTION._validate_action_result(GOOD)
    kind = validator_for(RemoteAction.action_response_format_spec(), Draft7Validator)
    monkeypatch.setattr(kind, "check_schema", lambda *_: pytest.fail("checked the schema again"))

    assert ACTION._validate_action_result(GOOD)


@pytest.mark.parametrize(
    "body",
    [
        {"next_action": "act", "domain": {"responses": {"utter_é": [{"text": 'a "quoted" {blank}'}]}}, "version": "1"},
        {"domain": {"responses": {}}},
        {"next_action": "act", "domain": {}},
        {"next_action": "act"},
        ["no", "call"],
        {},
    ],
)
def test_a_body_is_written_as_json_would(body: Any) -> None:
    assert json.loads(_BodyWriter()(body)) == body


def test_another_domain_is_written_anew() -> None:
    write = _BodyWriter()
    first, second = {"intents": ["greet"]}, {"intents": ["leave"]}

    assert [json.loads(write({"n": 1, "domain": domain}))["domain"] for domain in (first, first, second, first)] == [
        first,
        first,
        second,
        first,
    ]
