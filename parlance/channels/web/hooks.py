"""Calls of other servers, such as a payment provider's, for a function that the options name."""

import asyncio

from sanic import response as respond
from sanic.request import Request
from sanic.response import HTTPResponse

from parlance.channels.web.options import WebOptions
from parlance.channels.web.request_parsing import Refused, read_body

BODY_BYTES = 256 * 1024


class Hooks:
    """Passes on what is called; the function checks who calls."""

    def __init__(self, options: WebOptions) -> None:
        self._hook = options.function("hook")

    async def take(self, request: Request, name: str) -> HTTPResponse:
        """The function's status, without a word."""
        if self._hook is None:
            raise Refused(404, "no_hook", "No function for calls of other servers is configured.")
        body = await read_body(request, BODY_BYTES)
        headers = {key.lower(): value for key, value in request.headers.items()}
        return respond.empty(status=await asyncio.to_thread(self._hook, name, body, headers))
