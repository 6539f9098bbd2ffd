"""The channel ``parlance.channels.rest.RestInput``: Rasa's REST channel, closed to strangers.

Requests and answers are those of Rasa's own channel, at the same address, ``/webhooks/rest/webhook``; see
https://rasa.com/docs/rasa/connectors/your-own-website#restinput and docs/http-reference.md.
"""

import hmac
import json
import os
import secrets
import unicodedata
from collections.abc import Mapping
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.channels.rest import RestInput as RasaRestInput
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sanic import Blueprint
from sanic import response as respond
from sanic.request import Request
from sanic.response import HTTPResponse

from parlance.channels.core.bodies import BodyTooLong, read_body
from parlance.channels.core.credentials import bearer, refuse_odd_credentials
from parlance.channels.core.limits import (
    ConcurrencyLimiter,
    RateLimiter,
    TooManyAtOnce,
    client_address,
    client_key,
)
from parlance.channels.core.payloads import typed_text
from parlance.channels.core.text import storable
from parlance.channels.core.turns import OnNewMessage
from parlance.channels.rest.callers import is_local
from parlance.channels.rest.options import RestOptions
from parlance.channels.rest.turn import Turn
from parlance.rasa import patches
from parlance.rasa.errors import ChannelError, as_rasa_errors
from parlance.rasa.single_server import guarded

TOKEN_VARIABLE = "REST_TOKEN"
TOKEN_LENGTH = 32
SENDER_LENGTH = 120
OTHER_CHANNELS = ("web-", "slack-")
"""What conversations of the web chat and of Slack begin with; REST enters neither."""
WAITING_OF_SENDER = 10
TOO_LONG = "That is more than I can read at once. Please tell me the main point in up to {limit} characters."


class Refused(Exception):
    """A request that is turned down, with the status and a sentence for a developer."""

    def __init__(self, status: int, problem: str, wait: int = 0) -> None:
        self.status = status
        self.headers = {"retry-after": str(wait)} if wait else {}
        super().__init__(problem)


class RestInput(RasaRestInput):
    """Rasa's REST channel with a token, limits, and conversations of its own."""

    def __init__(self, options: RestOptions | None = None, token: str | None = None) -> None:
        self.options = options or RestOptions()
        self._token = token
        self._secret = token.encode() if token else secrets.token_bytes(TOKEN_LENGTH)
        self._rate = RateLimiter(self.options.messages_per_minute)
        self._waiting = ConcurrencyLimiter(self.options.waiting, WAITING_OF_SENDER)

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "RestInput":
        """The channel as ``credentials.yml`` has it, with the token of the environment.

        Raises:
            ChannelError: An option does not work out, or the token is short.
        """
        patches.apply_to_server(guarded)
        token = os.environ.get(TOKEN_VARIABLE) or None
        if token is not None and (len(token) < TOKEN_LENGTH or not token.isascii()):
            raise ChannelError(
                f"{TOKEN_VARIABLE} is not {TOKEN_LENGTH} or more ASCII characters.",
                "Make one with: python -c 'import secrets; print(secrets.token_hex(32))'",
            )
        with as_rasa_errors(ChannelError):
            return cls(RestOptions.from_credentials(credentials), token)

    def blueprint(self, on_new_message: OnNewMessage) -> Blueprint:
        blueprint = Blueprint("parlance_rest", __name__)

        blueprint.listener("before_server_start")(refuse_odd_credentials)

        @blueprint.route("/", methods=["GET"])
        async def health(_: Request) -> HTTPResponse:
            return respond.json({"status": "ok"})

        @blueprint.route("/webhook", methods=["POST"], stream=True)
        async def receive(request: Request) -> HTTPResponse | None:
            try:
                return await self._receive(request, on_new_message)
            except Refused as refused:
                answer = {"error": str(refused)}
                return respond.json(answer, status=refused.status, headers=refused.headers)

        return blueprint

    async def _receive(self, request: Request, on_new_message: OnNewMessage) -> HTTPResponse | None:
        self._check_caller(request)
        body = await self._body(request)
        agent: Agent | None = request.app.ctx.agent
        if agent is None or not agent.is_ready():
            raise Refused(503, "The assistant has no model loaded.", wait=5)
        sender, text = _sender(body), _text(body)
        self._check_rate(request, sender)
        if len(text) > (limit := self.options.message_length):
            # As in the web chat: answered, and not passed on.
            return respond.json([{"recipient_id": sender, "text": TOO_LONG.format(limit=f"{limit:,}")}])
        try:
            with self._waiting.one(sender):
                await _check_channel(agent, sender, self.name())
                text = await typed_text(text, sender, agent, self.options.payloads)
                metadata = self._metadata(request, body)
                message = UserMessage(text, sender_id=sender, input_channel=self.name(), metadata=metadata)
                turn = Turn(message, agent, on_new_message, self.options.answer_seconds)
                if request.args.get("stream", "").lower() != "true":
                    return respond.json(await turn.whole())
                answer = await request.respond(content_type="text/event-stream")
                async for said in turn.parts():
                    await answer.send(json.dumps(said) + "\n")
                await answer.eof()
                return None
        except TooManyAtOnce as many:
            raise Refused(429, "Too many messages wait for an answer.", wait=5) from many

    def _check_caller(self, request: Request) -> None:
        """With a token in the environment a request has to carry it; without one, to come from this machine."""
        if self._token is not None:
            given = bearer(request.headers.get("authorization"))
            if not given.isascii() or not hmac.compare_digest(given, self._token):
                raise Refused(401, f"The request does not carry {TOKEN_VARIABLE} as Authorization: Bearer.")
        elif not is_local(request):
            raise Refused(
                403,
                f"REST is off for other machines and for pages in a browser. Set {TOKEN_VARIABLE} where the assistant "
                "runs, and send it as Authorization: Bearer.",
            )

    async def _body(self, request: Request) -> dict[str, Any]:
        try:
            body = json.loads(await read_body(request, self.options.body_bytes))
        except BodyTooLong as error:
            raise Refused(413, str(error)) from error
        except (ValueError, RecursionError) as error:
            raise Refused(400, "The body is not JSON.") from error
        if not isinstance(body, dict):
            raise Refused(400, 'The body is no JSON object; send one such as {"sender": "me", "message": "Hello"}.')
        return body

    def _metadata(self, request: Request, body: Mapping[str, Any]) -> dict[str, Any]:
        """What was sent, and who the client is: a program with the token may talk for many, and name each."""
        given = body.get("metadata")
        metadata: dict[str, Any] = given if isinstance(given, dict) else {}
        named = metadata.get("client") if self._token is not None else None
        client = f"named {named}" if isinstance(named, str) and named else f"address {client_address(request)}"
        return {**metadata, "client": client_key(self._secret, storable(client))}

    def _check_rate(self, request: Request, sender: str) -> None:
        if self._token is None:
            return  # this machine's own programs, such as tests and measurements
        for client in (f"sender {sender}", f"address {client_address(request)}"):
            if not self._rate.allow(client):
                raise Refused(429, "Too many messages in a minute.", wait=self._rate.wait(client))


def _sender(body: Mapping[str, Any]) -> str:
    sender = body.get("sender")
    text = str(sender) if isinstance(sender, int) and not isinstance(sender, bool) else sender
    if not isinstance(text, str) or not text.isprintable() or not 0 < len(text.strip()) <= SENDER_LENGTH:
        raise Refused(
            400,
            f"The sender, which names the conversation, is missing or odd: send 1 to {SENDER_LENGTH} characters that "
            "can be shown.",
        )
    # As a database may compare them, whose order of letters takes different ones for the same.
    if unicodedata.normalize("NFKC", text).casefold().strip().startswith(OTHER_CHANNELS):
        raise Refused(403, f"A sender does not begin with {' or '.join(OTHER_CHANNELS)}: those are other channels'.")
    return text


def _text(body: Mapping[str, Any]) -> str:
    text = body.get("message")
    if not isinstance(text, str):
        raise Refused(400, "The message is missing or no text.")
    return storable(text)


async def _check_channel(agent: Agent, sender: str, channel: str) -> None:
    """Refuses the conversation of another channel, whatever its ids look like."""
    tracker: DialogueStateTracker | None = await agent.tracker_store.retrieve(sender)
    for event in tracker.events if tracker else ():
        if isinstance(event, UserUttered) and event.input_channel not in (None, channel):
            raise Refused(403, "This conversation belongs to another channel.")
