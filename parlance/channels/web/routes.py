"""The web chat's addresses: who may call them from which page, and what every answer of them carries."""

from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from sanic import Blueprint
from sanic import response as respond
from sanic.request import Request
from sanic.response import HTTPResponse

from parlance.channels.web.access import may_embed
from parlance.channels.web.request_parsing import Refused
from parlance.channels.web.visitors import IDENTITY_HEADER

Handler = Callable[..., Coroutine[Any, Any, HTTPResponse | None]]


@dataclass(frozen=True)
class Route:
    """A method and an address; ``reads_body`` where the handler reads the request's body itself."""

    method: str
    uri: str
    handler: Handler
    reads_body: bool = False


def add_routes(blueprint: Blueprint, routes: Sequence[Route], origins: Collection[str]) -> None:
    """Puts the addresses there.

    Args:
        origins: Of the pages that may embed the chat, besides the server's own.
    """

    def is_allowed(request: Request) -> bool:
        return may_embed(request.headers.get("origin"), request.headers.get("host", ""), origins)

    def guarded(handler: Handler) -> Handler:
        """A handler that pages of other origins cannot use, and whose refusals become answers."""

        @wraps(handler)
        async def guarded_handler(request: Request, **parameters: str) -> HTTPResponse | None:
            try:
                if not is_allowed(request):
                    raise Refused(403, "origin_refused", "This page's origin is not in the chat's allowed_origins.")
                return await handler(request, **parameters)
            except Refused as refused:
                return respond.json(refused.answer, status=refused.status, headers=refused.headers)

        return guarded_handler

    def add_headers(request: Request, answer: HTTPResponse) -> None:
        headers = answer.headers
        headers["x-content-type-options"] = "nosniff"
        headers["referrer-policy"] = "strict-origin-when-cross-origin"
        headers["vary"] = "Origin, Accept-Encoding"
        # Rasa's own --cors is for its API; who may embed the chat is said by the chat's options alone.
        headers.pop("access-control-allow-origin", None)
        headers.pop("access-control-allow-credentials", None)
        origin = request.headers.get("origin")
        if origin and is_allowed(request):
            headers["access-control-allow-origin"] = origin
            headers["access-control-allow-methods"] = "GET, POST, OPTIONS"
            headers["access-control-allow-headers"] = (
                f"authorization, content-type, last-event-id, x-file-name, {IDENTITY_HEADER}"
            )
            headers["access-control-max-age"] = "600"

    for number, route in enumerate(routes):
        handler = guarded(route.handler)
        blueprint.add_route(handler, route.uri, methods=[route.method], name=f"route_{number}", stream=route.reads_body)
    for number, uri in enumerate(dict.fromkeys(route.uri for route in routes)):
        blueprint.add_route(_preflight, uri, methods=["OPTIONS"], name=f"preflight_{number}")
    blueprint.middleware("response")(add_headers)


async def _preflight(_request: Request, **_parameters: str) -> HTTPResponse:
    return respond.empty()
