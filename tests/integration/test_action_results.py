"""What the action server answers is checked as Rasa does it, against a schema that is checked once."""

import pytest
from jsonschema import Draft7Validator, ValidationError
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction

import parlance.components.channels  # noqa: F401

ACTION = RemoteAction("action_act", None)
GOOD = {"events": [{"event": "slot", "timestamp": None, "name": "x", "value": 1}], "responses": [{"text": "hi"}]}


def test_answers_are_checked() -> None:
    assert ACTION._validate_action_result(GOOD)
    for bad in ({"events": "none"}, {"responses": ["hi"]}, {"events": [{"name": "x"}]}, []):
        with pytest.raises(ValidationError, match="action server's answer"):
            ACTION._validate_action_result(bad)


def test_the_schema_is_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ACTION._validate_action_result(GOOD)
    kind = validator_for(RemoteAction.action_response_format_spec(), Draft7Validator)
    monkeypatch.setattr(kind, "check_schema", lambda *_: pytest.fail("checked the schema again"))

    assert ACTION._validate_action_result(GOOD)
