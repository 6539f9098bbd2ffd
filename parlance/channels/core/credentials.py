"""The ``Authorization`` header of requests, at every address of the server."""

from typing import Any

from sanic import Sanic
from sanic import response as respond
from sanic.request import Request
from sanic.response import HTTPResponse


def bearer(header: str | None) -> str:
    """The token of an ``Authorization`` header; empty where there is none."""
    kind, _, token = (header or "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


async def refuse_odd_credentials(app: Sanic, _loop: Any) -> None:
    """Answers 401 to a header that no token can be in, Rasa's own addresses included; calling this again is harmless.

    Rasa and its libraries compare and decode the header as ASCII, and answer 500 where it is something else.
    """
    if not hasattr(app.ctx, "refuses_odd_credentials"):
        app.ctx.refuses_odd_credentials = True
        app.register_middleware(_refuse, "request")


async def _refuse(request: Request) -> HTTPResponse | None:
    if all(value.isascii() for value in request.headers.getall("authorization", [])):
        return None
    problem = "The Authorization header holds other characters than ASCII."
    return respond.json({"code": "no_conversation", "problem": problem, "error": problem}, status=401)
