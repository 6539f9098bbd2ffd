"""The channel ``parlance.channels.readiness.ReadinessInput``: whether Rasa can answer, at ``/ready``.

Rasa's own ``/`` answers 200 as soon as it listens: with no model, on a full disk, without the action server.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urljoin

import aiohttp
from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.utils.endpoints import EndpointConfig
from sanic import Blueprint, Sanic
from sanic import response as respond
from sanic.request import Request
from sanic.response import HTTPResponse

from parlance.action_secret import authorization, shared_secret
from parlance.rasa import patches
from parlance.rasa.errors import ChannelError
from parlance.rasa.single_server import check_claim, guarded
from parlance.rasa.tracker_store import check_writable
from parlance.readiness import NotReady, Readiness

NO_MODEL = "no model is loaded; the server's log says why"
ACTIONS_SECONDS = 5.0
"""Longer than the action server's own checks take, so that their reasons arrive."""


def readiness_of(app: Sanic) -> Readiness:
    """The checks of a server, to which a channel adds its own."""
    if not hasattr(app.ctx, "readiness"):
        app.ctx.readiness = Readiness(ACTIONS_SECONDS + 1)
    readiness: Readiness = app.ctx.readiness
    return readiness


class ReadinessInput(InputChannel):
    """Answers at ``/ready`` with 200, or with 503 and the reasons as JSON; it takes in no messages."""

    @classmethod
    def name(cls) -> str:
        return "readiness"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "ReadinessInput":
        """The channel as ``credentials.yml`` has it.

        Raises:
            ChannelError: It has options.
        """
        patches.apply_to_server(guarded)
        if credentials:
            raise ChannelError("The readiness channel has no options.", "Leave nothing but its name and a colon.")
        return cls()

    def url_prefix(self) -> str:
        return "/ready"  # from the root, not below /webhooks

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        blueprint = Blueprint("readiness")

        @blueprint.listener("before_server_start")
        async def add_checks(app: Sanic, _loop: Any) -> None:
            readiness = readiness_of(app)

            async def check_model() -> None:
                if not _agent(app).is_ready():
                    raise NotReady(NO_MODEL)

            async def check_conversations() -> None:
                await check_writable(_agent(app).tracker_store)
                await asyncio.to_thread(check_claim)

            async def check_actions() -> None:
                await _check_actions(_agent(app).action_endpoint)

            readiness.add("model", check_model)
            readiness.add("conversations", check_conversations)
            readiness.add("action server", check_actions)

        @blueprint.route("/", methods=["GET", "HEAD"])
        async def tell(request: Request) -> HTTPResponse:
            faults = await readiness_of(request.app).faults()
            return respond.json(faults, status=503 if faults else 200)

        return blueprint


def _agent(app: Sanic) -> Agent:
    agent: Agent | None = getattr(app.ctx, "agent", None)
    if agent is None:
        raise NotReady(NO_MODEL)
    return agent


async def _check_actions(endpoint: EndpointConfig | None) -> None:
    if endpoint is None or not endpoint.url:
        return
    status, said = await _ask(endpoint, "ready")
    if status == 404:  # rasa_sdk's own server
        status, said = await _ask(endpoint, "health")
    if status == 503 and isinstance(said, dict):
        raise NotReady("; ".join(f"{name}: {reason}" for name, reason in said.items()))
    if status >= 400:
        raise NotReady(f"it answers with status {status}")


async def _ask(endpoint: EndpointConfig, path: str) -> tuple[int, Any]:
    secret = shared_secret()
    headers = {**({"Authorization": authorization(secret)} if secret else {}), **endpoint.headers}
    limit = aiohttp.ClientTimeout(total=ACTIONS_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=limit) as session:
            async with session.get(urljoin(endpoint.url, path), headers=headers) as answer:
                said = await answer.json(content_type=None) if answer.status == 503 else None
                return answer.status, said
    except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
        raise NotReady(f"it does not answer ({type(error).__name__})") from error
