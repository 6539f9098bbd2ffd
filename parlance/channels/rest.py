"""The channel ``parlance.channels.rest.RestInput``: Rasa's REST channel, closed to strangers.

Requests and answers are those of Rasa's own channel, at the same address, ``/webhooks/rest/webhook``; see
https://rasa.com/docs/rasa/connectors/your-own-website#restinput and docs/assistant.md.
"""

import asyncio
import hmac
import ipaddress
import json
import logging
import os
import secrets
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.channels.rest import QueueOutputChannel
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
from parlance.channels.core.payloads import ANY, MODES, storable_message, typed_text
from parlance.channels.core.text import storable
from parlance.rasa import patches
from parlance.rasa.errors import ChannelError
from parlance.rasa.single_server import guarded

logger = logging.getLogger(__name__)

TOKEN_VARIABLE = "REST_TOKEN"
TOKEN_LENGTH = 32
SENDER_LENGTH = 120
OTHER_CHANNELS = ("web-", "slack-")
"""What conversations of the web chat and of Slack begin with; REST enters neither."""
FROM_A_PAGE = ("origin", "sec-fetch-site")
"""Headers that browsers set: any page can have a visitor's own browser ask this machine."""
FORWARDED = ("forwarded", "x-forwarded", "x-real-ip", "x-client-ip", "via", "cf-connecting-ip", "true-client-ip")
"""What the names of headers begin with that proxies set."""
WAITING_OF_SENDER = 10
APOLOGY = "I'm sorry, something went wrong on our side and I can't answer just now. Please try again in a moment."
TOO_LONG = "That is more than I can read at once. Please tell me the main point in up to {limit} characters."
STARTED_OVER = "We start from the beginning. What can I do for you?"


@dataclass(frozen=True)
class RestOptions:
    """The options with their defaults; docs/assistant.md explains each."""

    body_bytes: int = 100_000
    message_length: int = 4000
    messages_per_minute: int = 600
    waiting: int = 200
    answer_seconds: float = 60.0
    payloads: str = ANY

    @classmethod
    def from_credentials(cls, credentials: Mapping[str, Any] | None) -> "RestOptions":
        """Reads and checks the options.

        Raises:
            ChannelError: An option is unknown or has a value of the wrong kind.
        """
        known = {field.name: field.default for field in fields(cls)}
        for name, value in (credentials or {}).items():
            if name not in known:
                raise ChannelError(f"The REST channel has no option {name!r}.", f"Its options: {', '.join(known)}.")
            if name == "payloads":
                if value not in MODES:
                    raise ChannelError(
                        f"The REST channel's option payloads is {value!r}.", f"It is one of: {', '.join(MODES)}."
                    )
            elif type(value) not in (int, type(known[name])) or not value > 0:
                kind = "whole number" if isinstance(known[name], int) else "number"
                raise ChannelError(f"The REST channel's option {name} is {value!r}.", f"It is a {kind} above zero.")
        return cls(**(credentials or {}))


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
        return cls(RestOptions.from_credentials(credentials), token)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
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

    async def _receive(
        self, request: Request, on_new_message: Callable[[UserMessage], Awaitable[Any]]
    ) -> HTTPResponse | None:
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
                message = storable_message(
                    UserMessage(text, sender_id=sender, input_channel=self.name(), metadata=metadata)
                )
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
        elif not _is_local(request):
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


class Turn:
    """One message through Rasa, and never silence: where nothing comes back, an honest sentence does.

    Args:
        message: The message; its output channel is set here.
        agent: The agent that is loaded.
        on_new_message: Rasa's handler.
        seconds: How long the answer may take.
    """

    def __init__(
        self,
        message: UserMessage,
        agent: Agent,
        on_new_message: Callable[[UserMessage], Awaitable[Any]],
        seconds: float,
    ) -> None:
        self._message = message
        self._agent = agent
        self._on_new_message = on_new_message
        self._seconds = seconds

    async def whole(self) -> list[dict[str, Any]]:
        """All that was said."""
        output = CollectingOutputChannel()
        failed = await self._run(output)
        said: list[dict[str, Any]] = output.messages
        return said if said and not failed else said + await self._instead(failed)

    async def parts(self) -> AsyncIterator[dict[str, Any]]:
        """What is said, as it is said; the last is an ``error`` where the turn failed."""
        output = QueueOutputChannel()
        running = asyncio.ensure_future(self._run(output))
        # After all that was said, whatever becomes of the turn.
        running.add_done_callback(lambda _: output.messages.put_nowait(None))
        count = 0
        try:
            while (said := await output.messages.get()) is not None:
                count += 1
                yield said
        finally:
            if not running.done():
                running.cancel()
        failed = running.result()
        if failed or not count:
            for said in await self._instead(failed):
                yield {**said, "error": "The message could not be answered."} if failed else said

    async def _run(self, output: CollectingOutputChannel) -> bool:
        """Whether the turn failed."""
        self._message.output_channel = output
        sender = self._message.sender_id
        try:
            await asyncio.wait_for(self._on_new_message(self._message), self._seconds)
        except asyncio.TimeoutError:
            logger.error("There was no answer in the conversation '%s' within %g seconds.", sender, self._seconds)
        except (Exception, SystemExit):
            logger.exception("A message in the conversation '%s' failed.", sender)
        else:
            return False
        return True

    async def _instead(self, failed: bool) -> list[dict[str, Any]]:
        """What is said where the assistant said nothing, as it also does when an action fails."""
        sender = self._message.sender_id
        try:
            tracker = await self._agent.tracker_store.retrieve(sender)
        except Exception:
            logger.exception("The conversation '%s' cannot be read.", sender)
            tracker = None
        if tracker is not None and tracker.is_paused() and not failed:
            return []  # a person has taken it over
        text = STARTED_OVER if self._message.text == "/restart" and not failed else APOLOGY
        return [{"recipient_id": sender, "text": text}]


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


def _is_local(request: Request) -> bool:
    """Whether the server listens to this machine alone, and the request was made on it by a program: not passed on by a
    proxy, and not made by a page in a browser."""
    listening = request.app.state.host
    if listening and listening != "localhost" and not _is_loopback(listening):
        return False
    own = request.transport.get_extra_info("sockname") if request.transport else None
    ends = (request.ip, own[0] if isinstance(own, tuple) else "", _named_host(request))
    # nginx talks HTTP/1.0 to what it passes requests on to, unless it is told otherwise, and may add no header.
    return all(map(_is_loopback, ends)) and request.version != "1.0" and not any(map(_is_foreign, request.headers))


def _named_host(request: Request) -> str:
    """The machine that the request says it is for: what a proxy stands for has a name of its own."""
    named = request.headers.getall("host", [])
    try:
        host = urlsplit(f"//{named[0]}").hostname if len(named) == 1 else None
    except ValueError:
        host = None
    return "127.0.0.1" if host == "localhost" else host or ""


def _is_foreign(header: str) -> bool:
    """Whether programs on this machine set no such header by themselves."""
    return header.lower().replace("_", "-").startswith((*FORWARDED, *FROM_A_PAGE))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
