"""What Rasa does anew at each call of the action server, done once; what is sent and accepted stays the same.

- It checks the answer against a JSON schema, and checks the schema itself each time: 18 of 19 ms of processor time with
  jsonschema 4.17 on a busy core, twice for a message in a form.
- It sends the domain and writes it as JSON each time, a hundred kilobytes in Fern's case.

A call shows the secret of ``parlance.actions.server``, where one is set.
"""

import json
from functools import lru_cache
from typing import Any

import aiohttp
from jsonschema import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.core.constants import DEFAULT_REQUEST_TIMEOUT
from rasa.utils.endpoints import EndpointConfig

from parlance.action_secret import authorization, shared_secret


@lru_cache(maxsize=1)
def _validator() -> Validator:
    schema = RemoteAction.action_response_format_spec()
    kind = validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def validate_action_result(_action: RemoteAction, result: dict[str, Any]) -> bool:
    """``RemoteAction._validate_action_result``, with a schema that was checked once."""
    error = next(_validator().iter_errors(result), None)
    if error is None:
        return True
    raise ValidationError(
        f"The action server's answer is not of the form that Rasa knows: {error.message}",
        path=error.path,
        instance=error.instance,
        schema=error.schema,
    )


class _BodyWriter:
    """Writes the body of a call; the JSON of a domain is kept until another domain is sent."""

    def __init__(self) -> None:
        self._domain: dict[str, Any] | None = None
        self._domain_json = ""

    def __call__(self, body: Any) -> str:
        domain = body.get("domain") if isinstance(body, dict) else None
        if not domain or len(body) == 1:
            return json.dumps(body)
        if domain is not self._domain:
            self._domain, self._domain_json = domain, json.dumps(domain)
        rest = json.dumps({name: value for name, value in body.items() if name != "domain"})
        return f'{rest[:-1]}, "domain": {self._domain_json}}}'


_as_json = _BodyWriter()


def session(endpoint: EndpointConfig) -> aiohttp.ClientSession:
    """``EndpointConfig.session``, with a writer that keeps the JSON of the domain."""
    user = endpoint.basic_auth
    return aiohttp.ClientSession(
        headers=endpoint.headers,
        auth=aiohttp.BasicAuth(user["username"], user["password"]) if user else None,
        timeout=aiohttp.ClientTimeout(total=DEFAULT_REQUEST_TIMEOUT),
        json_serialize=_as_json,
    )


def init_remote_action(action: RemoteAction, name: str, action_endpoint: EndpointConfig | None) -> None:
    """``RemoteAction``'s, with an endpoint of its own: the secret goes to the action server and nowhere else."""
    action._name = name
    action.action_endpoint = action_endpoint
    secret = shared_secret()
    if secret and action_endpoint is not None:
        # What endpoints.yml says of the header is kept.
        headers = {"Authorization": authorization(secret), **action_endpoint.headers}
        action.action_endpoint = action_endpoint.copy()
        action.action_endpoint.headers = headers
