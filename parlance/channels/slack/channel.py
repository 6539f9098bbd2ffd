"""Slack: a Rasa channel on the official slack_sdk, over HTTP or Socket Mode. docs/slack.md sets it up."""

import asyncio
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, OutputChannel
from rasa.shared.exceptions import InvalidConfigException
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from sqlalchemy.exc import SQLAlchemyError

from parlance.channels.core.bodies import BodyTooLong, read_body
from parlance.channels.core.deliveries import DeliveryKeeper, DeliveryLog
from parlance.channels.core.feedback import FeedbackStore
from parlance.channels.core.picture_retention import keeper_of
from parlance.channels.core.turns import OnNewMessage
from parlance.channels.slack.answers import SlackAnswers
from parlance.channels.slack.inbox import SlackInbox
from parlance.channels.slack.incoming import READERS
from parlance.channels.slack.options import SlackOptions
from parlance.channels.slack.output import SlackOutput
from parlance.channels.slack.turns import SlackTurns
from parlance.channels.slack.users import Mint, SlackUsers
from parlance.channels.slack.web_api import SlackWeb
from parlance.errors import ParlanceError
from parlance.rasa import patches
from parlance.rasa.errors import ChannelError, as_rasa_errors
from parlance.rasa.retention import retention_of
from parlance.rasa.single_server import guarded

# Together less than the ten seconds after which a process is commonly ended by force.
FINISH_SECONDS = 7.0
SEND_SECONDS = 2.0
SOCKET_PING_SECONDS = 5.0
BODY_BYTES = 1_000_000  # far above what Slack sends; nobody has proved to be Slack before the body is read

logger = logging.getLogger(__name__)


class SlackChannel(InputChannel):
    """Direct messages, mentions, threads, buttons, slash commands, pictures and the app's home, of one workspace.

    Where no bot token is set the channel is there and does nothing, so that one ``credentials.yml`` serves with and
    without Slack.
    """

    @classmethod
    def name(cls) -> str:
        return "slack"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "SlackChannel":
        """The channel as ``credentials.yml`` has it; ``SlackOptions`` lists the options.

        Raises:
            InvalidConfigException: The options do not work out; the message says what to change.
        """
        patches.apply_to_server(guarded)
        with as_rasa_errors(InvalidConfigException):
            return cls(SlackOptions.from_credentials(credentials))

    def __init__(self, options: SlackOptions) -> None:
        self.options = options
        self._mint: Mint | None = options.function("identity")
        self._deliveries = DeliveryLog(options.deliveries)
        self._feedback = FeedbackStore(options.feedback_database)
        self._web: SlackWeb | None = None
        self._inbox: SlackInbox | None = None
        self._socket: SocketModeClient | None = None
        self._starting: asyncio.Task[None] | None = None
        self._is_stopping = False

    def blueprint(self, on_new_message: OnNewMessage) -> Blueprint:
        """``GET /`` says how the channel is set; ``POST /webhook`` takes everything from Slack in HTTP mode."""
        blueprint = Blueprint("parlance_slack", __name__)
        mode = self.options.mode if self.options.is_active else "off"

        @blueprint.route("/", methods=["GET"])
        async def health(_: Request) -> HTTPResponse:
            return response.json({"status": "ok", "mode": mode})

        if mode == "off":
            logger.info("Slack is off, since SLACK_BOT_TOKEN is not set. docs/slack.md says how to set it up.")
            return blueprint
        with as_rasa_errors(ChannelError):
            self._deliveries.check()
            self._feedback.check()

        @blueprint.listener("before_server_start")
        async def start(app: Sanic, _: Any) -> None:
            await self._start(app, on_new_message)

        @blueprint.listener("after_server_start")
        async def connect(app: Sanic, _: Any) -> None:
            retention = retention_of(app)
            retention.add("Slack deliveries", DeliveryKeeper(self._deliveries))
            retention.add(*keeper_of(Path(self.options.uploads), self.options.upload_days))
            self._feedback.keep_by(retention)
            # Not waited for: the other channels work while Slack is away.
            self._starting = asyncio.ensure_future(self._connect())

        @blueprint.listener("before_server_stop")
        async def stop(app: Sanic, _: Any) -> None:
            await retention_of(app).stop()
            await self._stop()

        if mode == "http":
            self._add_webhook(blueprint)
        return blueprint

    def get_output_channel(self) -> OutputChannel | None:
        """For what Rasa says unasked: reminders, and intents triggered over its API."""
        return SlackOutput(self._web, self.options.feedback) if self._web else None

    # --- life of the server -------------------------------------------------------------------------------------------

    async def _start(self, app: Sanic, on_new_message: OnNewMessage) -> None:
        await asyncio.to_thread(self._deliveries.open)
        await asyncio.to_thread(self._feedback.open)
        self._web = web = SlackWeb(self.options.bot_token, self.options.api_url, self.options.proxy)

        def agent() -> Agent | None:
            return getattr(app.ctx, "agent", None)

        self._inbox = SlackInbox(self._deliveries, agent)
        turns = SlackTurns(web, self.options, SlackUsers(web, self._mint), on_new_message, agent)
        answers = SlackAnswers(web, self.options, turns, self._feedback, self._inbox.accept, agent)
        self._inbox.start(answers.answer, answers.give_up)

    async def _connect(self) -> None:
        assert self._web is not None
        try:
            me = await self._web.me()
            logger.info(
                "Slack: '%s' in the workspace '%s', mode %s.", me.get("user"), me.get("team"), self.options.mode
            )
        except ParlanceError as error:
            logger.error("%s", error)
        if self.options.mode == "socket":
            self._socket = SocketModeClient(
                self.options.app_token,
                web_client=self._web.client,
                proxy=self.options.proxy,
                ping_interval=SOCKET_PING_SECONDS,
            )
            self._socket.socket_mode_request_listeners.append(self._from_socket)
            # Tries until it succeeds, and again whenever the connection is lost.
            await self._socket.connect()

    async def _stop(self) -> None:
        """Takes nothing more in, then finishes what was taken on."""
        self._is_stopping = True
        if self._starting is not None:
            self._starting.cancel()
        if self._socket is not None:
            await self._socket.close()
        if self._inbox is not None:
            await self._inbox.finish(FINISH_SECONDS)
        if self._web is not None:
            await self._web.close(SEND_SECONDS)
        if self._inbox is not None:
            await self._inbox.release()
        self._deliveries.close()
        self._feedback.close()

    # --- deliveries ---------------------------------------------------------------------------------------------------

    async def _from_socket(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """One envelope. Without an acknowledgement Slack sends it again."""
        if await self._accept(request.type, request.payload):
            await client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))

    async def _accept(self, kind: str, payload: dict[str, Any]) -> bool:
        """Whether a delivery was taken on, or asks for nothing; what it asks for is done later."""
        if self._inbox is None or self._is_stopping:
            return False
        try:
            incoming = READERS[kind](payload) if kind in READERS else None
        except (KeyError, TypeError, AttributeError):
            # Slack would only send it again.
            logger.exception("A delivery of Slack, of the kind '%s', is not understood.", kind)
            return True
        try:
            if incoming is not None:
                await self._inbox.accept(incoming, kind, payload)
        except SQLAlchemyError:
            return False
        return True

    def _add_webhook(self, blueprint: Blueprint) -> None:
        verifier = SignatureVerifier(self.options.signing_secret)

        @blueprint.route("/webhook", methods=["POST"], stream=True)
        async def webhook(request: Request) -> HTTPResponse:
            try:
                body = await read_body(request, BODY_BYTES)
            except BodyTooLong as error:
                return response.text(str(error), status=413)
            if not _is_signed(verifier, body, request.headers):
                return response.text("The signature or the timestamp is not valid.", status=401)
            try:
                kind, payload = _read_request(body, request.headers.get("content-type", ""))
            except ValueError:
                return response.text("The body is not what its content type says.", status=400)
            if kind == "url_verification":
                return response.json({"challenge": payload.get("challenge")})
            return response.empty(200 if await self._accept(kind, payload) else 503)


def _is_signed(verifier: SignatureVerifier, body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether Slack signed it in the last five minutes; compared in constant time."""
    try:
        return bool(verifier.is_valid_request(body, dict(headers)))
    except (TypeError, ValueError):
        # A timestamp that is no number, or a signature or body that is no text.
        return False


def _read_request(content: bytes, content_type: str) -> tuple[str, dict[str, Any]]:
    """Kind, as Socket Mode names it, and payload of a request.

    Raises:
        ValueError: It is neither JSON nor a form.
    """
    if content_type.startswith("application/json"):
        body = json.loads(content)
        if not isinstance(body, dict):
            raise ValueError("not an object")
        if body.get("type") == "app_rate_limited":
            logger.warning("Slack holds back events, since there were over 30,000 in an hour.")
        return ("url_verification" if body.get("type") == "url_verification" else "events_api"), body
    form = dict(parse_qsl(content.decode(), keep_blank_values=True))
    if "payload" in form:
        return "interactive", json.loads(form["payload"])
    return "slash_commands", form
