"""Reading requests of the web chat, and refusing them in words that the widget understands."""

import json
import re
from collections.abc import Mapping
from typing import Any

from sanic.request import Request

from parlance.channels.core import bodies
from parlance.channels.core.text import storable

JSON_BYTES = 1_000_000
ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


class Refused(Exception):
    """A request that is turned down.

    Args:
        status: The HTTP status.
        code: Why, in a word that the widget has a sentence for.
        problem: Why, as a sentence for a developer.
        details: More for the widget, such as the seconds to wait.
    """

    def __init__(self, status: int, code: str, problem: str, **details: Any) -> None:
        self.status = status
        self.answer = {"code": code, "problem": problem, **details}
        self.headers = {"retry-after": str(details["wait"])} if "wait" in details else {}
        super().__init__(problem)


async def read_body(request: Request, limit: int) -> bytes:
    """The body of a request on a streaming route.

    Raises:
        Refused: it is longer than ``limit`` bytes.
    """
    try:
        return await bodies.read_body(request, limit)
    except bodies.BodyTooLong as error:
        raise Refused(413, "too_large", str(error), limit=limit) from error


async def read_json(request: Request) -> Mapping[str, Any]:
    """The JSON object in a request.

    Raises:
        Refused: there is none, or it is very long.
    """
    body = await read_body(request, JSON_BYTES)
    try:
        data = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise Refused(400, "bad_request", "The request is not JSON.") from error
    if not isinstance(data, dict):
        raise Refused(400, "bad_request", "The request is not a JSON object.")
    return data


def text_of(data: Mapping[str, Any], name: str) -> str:
    """A text in a request without what cannot be stored; empty where it is missing.

    Raises:
        Refused: it is not a text.
    """
    value = data.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refused(400, "bad_request", f"{name} is not a text.")
    return storable(value)


def id_of(data: Mapping[str, Any]) -> str:
    """The id that the browser gave to what it sends.

    Raises:
        Refused: it is not of 8 to 64 letters, digits, ``-`` and ``_``.
    """
    value = data.get("id")
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise Refused(400, "bad_request", "id is not of 8 to 64 letters, digits, - and _.")
    return value
