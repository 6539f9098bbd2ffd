"""A Slack that runs in a thread and speaks its protocol over real HTTP and WebSocket, for the tests of the channel.

It delivers what people do, signed and repeated as Slack does it, and answers the Web API with Slack's limits.
It holds the app to ``deploy/slack/manifest.yml``: a method whose scope is not there is refused, an event that is not
subscribed to is not delivered. The formats are those of https://docs.slack.dev.
"""

import asyncio
import hashlib
import hmac
import html
import itertools
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout, WSMsgType, web
from ruamel.yaml import YAML

MANIFEST = YAML(typ="safe").load(Path(__file__).resolve().parents[1] / "deploy" / "slack" / "manifest.yml")

BOT_TOKEN = "xoxb-test-token"
APP_TOKEN = "xapp-test-token"
SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BOT_USER = "U0FERN"
TEAM = "T0SHOP"
ACK_SECONDS = 3.0

SCOPES = {
    "auth.test": None,
    "chat.postMessage": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.update": "chat:write",
    "conversations.open": "im:write",
    "files.info": "files:read",
    "users.info": "users:read",
    "views.publish": None,
}
JSON_METHODS = {"chat.postMessage", "chat.postEphemeral", "chat.update", "conversations.open", "views.publish"}
EVENT_SCOPES = {
    "app_home_opened": None,
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
}

Result = TypeVar("Result")


@dataclass
class Delivery:
    """One attempt to deliver something, and how the app took it."""

    status: int
    seconds: float
    body: str = ""


@dataclass
class User:
    id: str
    name: str
    email: str
    is_email_confirmed: bool = True
    team: str = TEAM


@dataclass
class Call:
    """A call of the Web API."""

    method: str
    arguments: dict[str, Any]
    status: int
    at: float


@dataclass
class Channel:
    id: str
    messages: list[dict[str, Any]] = field(default_factory=list)


class BadBlocks(Exception):
    pass


class SlackServer:
    """See the module. Its methods are called from the test's thread and return once the thing has happened."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, dict[str, Any]] = {}
        self.file_contents: dict[str, bytes] = {}
        self.homes: dict[str, dict[str, Any]] = {}
        self.ephemeral: list[dict[str, Any]] = []
        self.responses: list[dict[str, Any]] = []
        self.calls: list[Call] = []
        self.downloads: list[str | None] = []
        self.limits: dict[str, list[int]] = defaultdict(list)
        self.delays: dict[str, float] = {}
        self.acknowledged: dict[str, float] = {}
        self.connections_opened = 0
        self._counter = itertools.count(1)
        self._sockets: list[web.WebSocketResponse] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    # --- life -----------------------------------------------------------------------------------------------------

    def start(self) -> "SlackServer":
        self._thread.start()
        self.run(self._start())
        return self

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_post("/api/{method}", self._api)
        app.router.add_get("/api/{method}", self._api)
        app.router.add_get("/files/{id}", self._file)
        app.router.add_post("/commands/{id}", self._response_url)
        app.router.add_get("/link", self._socket)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.address = f"http://127.0.0.1:{port}"
        self._client = ClientSession()

    def stop(self) -> None:
        async def end() -> None:
            await self._client.close()
            await self._runner.cleanup()

        self.run(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def run(self, coroutine: Coroutine[Any, Any, Result], seconds: float = 60) -> Result:
        """A coroutine's result, from the server's thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(seconds)

    # --- the workspace ----------------------------------------------------------------------------------------------

    def user(self, name: str, email: str = "", **details: Any) -> User:
        user = User(f"U{next(self._counter):05}", name, email, **details)
        self.users[user.id] = user
        return user

    def channel(self) -> str:
        return self._add_channel(f"C{next(self._counter):05}")

    def direct(self, user: User) -> str:
        return self._add_channel(f"D{user.id[1:]}")

    def _add_channel(self, name: str) -> str:
        self.channels.setdefault(name, Channel(name))
        return name

    def file(self, data: bytes, name: str, **details: Any) -> dict[str, Any]:
        """A file that somebody has uploaded."""
        number = f"F{next(self._counter):05}"
        self.file_contents[number] = data
        self.files[number] = {
            "id": number,
            "name": name,
            "size": len(data),
            "mode": "hosted",
            "url_private_download": f"{self.address}/files/{number}",
            **details,
        }
        return self.files[number]

    def posted(self, channel: str, thread: str | None = None) -> list[dict[str, Any]]:
        """What the app has posted to a channel, or to one of its threads."""
        return [message for message in self.channels[channel].messages if thread in (None, message.get("thread_ts"))]

    def limit(self, method: str, *retry_after: int) -> None:
        """Answer the next calls with 429 and these numbers of seconds."""
        self.limits[method].extend(retry_after)

    def timestamp(self) -> str:
        return f"{int(time.time())}.{next(self._counter):06}"

    # --- what people do: over HTTP ------------------------------------------------------------------------------------

    def message_event(self, user: User, channel: str, text: str, **details: Any) -> dict[str, Any]:
        """The payload of an event for a message somebody writes."""
        kind = {"D": "im", "C": "channel", "G": "group"}[channel[0]]
        event = {"type": "message", "channel": channel, "channel_type": kind, "user": user.id, "text": typed(text)}
        return self.event({**event, "ts": self.timestamp(), **details})

    def mention_event(self, user: User, channel: str, text: str, **details: Any) -> dict[str, Any]:
        event = {"type": "app_mention", "channel": channel, "user": user.id, "text": f"<@{BOT_USER}> {typed(text)}"}
        return self.event({**event, "ts": self.timestamp(), **details})

    def event(self, event: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "event_callback",
            "team_id": TEAM,
            "api_app_id": "A0FERN",
            "event": event,
            "event_id": f"Ev{next(self._counter):08}",
            "event_time": int(time.time()),
            "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True}],
        }

    def press_payload(
        self, user: User, channel: str | None, message: dict[str, Any] | None, title: str
    ) -> dict[str, Any]:
        """The payload of pressing a button, by what is on it, in a message or in the app's home."""
        blocks = message["blocks"] if message else self.homes[user.id]["blocks"]
        action = next(action for action in _actions(blocks) if action["text"]["text"] == title)
        return self.interaction(user, channel, message, action)

    def rating_payload(self, user: User, channel: str, message: dict[str, Any], value: str) -> dict[str, Any]:
        block = next(block for block in message["blocks"] if block["type"] == "context_actions")
        action = {"type": "feedback_buttons", "action_id": "feedback", "block_id": block["block_id"], "value": value}
        return self.interaction(user, channel, message, action)

    def interaction(
        self, user: User, channel: str | None, message: dict[str, Any] | None, action: dict[str, Any]
    ) -> dict[str, Any]:
        place = {"channel": {"id": channel, "name": "x"}, "message": message} if channel else {"view": {"type": "home"}}
        return {
            "type": "block_actions",
            "team": {"id": TEAM},
            "user": {"id": user.id, "team_id": TEAM},
            "api_app_id": "A0FERN",
            "trigger_id": f"trigger-{next(self._counter)}",
            "container": {"type": "message" if channel else "view"},
            "actions": [{**action, "action_ts": self.timestamp()}],
            **place,
        }

    def command_form(self, user: User, channel: str, text: str) -> dict[str, str]:
        number = str(next(self._counter))
        return {
            "command": "/fern",
            "text": typed(text),
            "user_id": user.id,
            "channel_id": channel,
            "team_id": TEAM,
            "trigger_id": f"trigger-{number}",
            "response_url": f"{self.address}/commands/{number}",
        }

    def deliver(self, url: str, payload: dict[str, Any], kind: str = "event", **changes: Any) -> Delivery:
        """Deliver once over HTTP, signed. ``changes``: ``timestamp``, ``secret``, ``signature``, ``retry``."""
        return self.run(self.attempt(url, payload, kind, **changes))

    async def attempt(
        self, url: str, payload: dict[str, Any], kind: str = "event", seconds: float = ACK_SECONDS, **changes: Any
    ) -> Delivery:
        if kind == "event":
            body, content = json.dumps(payload).encode(), "application/json"
            if not self._is_subscribed(payload):
                raise AssertionError(f"the manifest does not subscribe to {payload['event']}")
        else:
            form = {"payload": json.dumps(payload)} if kind == "interaction" else payload
            body, content = urlencode(form).encode(), "application/x-www-form-urlencoded"
        headers = {"Content-Type": content, **signature(body, **changes)}
        if retry := changes.get("retry"):
            headers |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"}
        began = time.monotonic()
        timeout = ClientTimeout(total=seconds)
        async with self._client.post(url, data=body, headers=headers, timeout=timeout) as response:
            text = await response.text()
            return Delivery(response.status, time.monotonic() - began, text)

    def deliver_to_all(self, urls: list[str], payload: dict[str, Any]) -> list[Delivery]:
        """Deliver the same event to several servers at the same moment."""

        async def attempts() -> list[Delivery]:
            return await asyncio.gather(*(self.attempt(url, payload) for url in urls))

        return self.run(attempts())

    def deliver_with_retries(self, url: str, payload: dict[str, Any]) -> list[Delivery]:
        """As Slack does: three more attempts where the app is too slow or fails; the waits between are shortened."""

        async def attempts() -> list[Delivery]:
            made: list[Delivery] = []
            for retry in range(4):
                try:
                    made.append(await self.attempt(url, payload, retry=retry))
                except (ClientError, asyncio.TimeoutError):
                    made.append(Delivery(0, ACK_SECONDS))
                if 200 <= made[-1].status < 300:
                    break
                await asyncio.sleep(0.3)
            return made

        return self.run(attempts())

    @staticmethod
    def _is_subscribed(payload: dict[str, Any]) -> bool:
        event = payload.get("event")
        if event is None:
            return True
        kinds = {"im": "message.im", "channel": "message.channels", "group": "message.groups"}
        name = kinds[event["channel_type"]] if event["type"] == "message" else event["type"]
        scope = EVENT_SCOPES[name]
        return name in MANIFEST["settings"]["event_subscriptions"]["bot_events"] and (scope is None or _granted(scope))

    # --- what people do: over Socket Mode -----------------------------------------------------------------------------

    def send_envelope(self, kind: str, payload: dict[str, Any], retry: int = 0, envelope: str = "") -> str:
        """Deliver through a WebSocket; the envelope's id."""
        number = envelope or f"envelope-{next(self._counter)}"
        content = {
            "envelope_id": number,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
            "retry_attempt": retry,
        }
        self.run(self._sockets[-1].send_json(content))
        return number

    def disconnect(self, politely: bool = True) -> None:
        """End the connection: Slack announces it, or the line just breaks."""

        async def end() -> None:
            socket = self._sockets.pop()
            if politely:
                await socket.send_json({"type": "disconnect", "reason": "refresh_requested"})
            else:
                await socket.close()

        self.run(end())

    @property
    def is_connected(self) -> bool:
        return any(not socket.closed for socket in self._sockets)

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1})
        self._sockets.append(socket)
        async for message in socket:
            if message.type == WSMsgType.TEXT:
                self.acknowledged[json.loads(message.data)["envelope_id"]] = time.monotonic()
        if socket in self._sockets:
            self._sockets.remove(socket)
        return socket

    # --- what the app calls -------------------------------------------------------------------------------------------

    async def _api(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        arguments = await _arguments(request, method)
        await asyncio.sleep(self.delays.pop(method, 0))
        if self.limits[method]:
            self.calls.append(Call(method, arguments, 429, time.monotonic()))
            wait = {"Retry-After": str(self.limits[method].pop(0))}
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=wait)
        self.calls.append(Call(method, arguments, 200, time.monotonic()))
        answer = self._answer(method, arguments, request.headers.get("Authorization", ""))
        return web.json_response({"ok": "error" not in answer, **answer})

    def _answer(self, method: str, arguments: dict[str, Any], authorization: str) -> dict[str, Any]:
        if method == "apps.connections.open":
            if authorization != f"Bearer {APP_TOKEN}":
                return {"error": "invalid_auth"}
            self.connections_opened += 1
            return {"url": f"{self.address.replace('http', 'ws')}/link"}
        if authorization != f"Bearer {BOT_TOKEN}":
            return {"error": "invalid_auth"}
        scope = SCOPES.get(method, method)
        if scope and not _granted(scope):
            return {"error": "missing_scope", "needed": scope}
        try:
            answer: Callable[[dict[str, Any]], dict[str, Any]] = getattr(self, "_" + method.replace(".", "_"))
            return answer(arguments)
        except BadBlocks as error:
            return {"error": "invalid_blocks", "response_metadata": {"messages": [str(error)]}}

    def _auth_test(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"user": "fern", "user_id": BOT_USER, "team": "Fernhill", "team_id": TEAM, "bot_id": "B0FERN"}

    def _chat_postMessage(self, message: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        if message["channel"] not in self.channels:
            return {"error": "channel_not_found"}
        check_message(message)
        posted = {**message, "ts": self.timestamp(), "user": BOT_USER, "bot_id": "B0FERN"}
        self.channels[message["channel"]].messages.append(posted)
        return {"channel": message["channel"], "ts": posted["ts"], "message": posted}

    def _chat_postEphemeral(self, message: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        check_message(message)
        self.ephemeral.append(message)
        return {"message_ts": self.timestamp()}

    def _chat_update(self, message: dict[str, Any]) -> dict[str, Any]:
        check_message(message)
        for posted in self.channels[message["channel"]].messages:
            if posted["ts"] == message["ts"]:
                posted.update(message)
                return {"ts": message["ts"]}
        return {"error": "message_not_found"}

    def _conversations_open(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"channel": {"id": self.direct(self.users[arguments["users"]])}}

    def _files_info(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"file": self.files[arguments["file"]]}

    def _users_info(self, arguments: dict[str, Any]) -> dict[str, Any]:
        user = self.users.get(arguments.get("user", ""))
        if user is None:
            return {"error": "user_not_found"}
        profile = {"real_name": user.name, "display_name": user.name}
        if _granted("users:read.email"):
            profile["email"] = user.email
        details = {"id": user.id, "team_id": user.team, "is_bot": False, "is_email_confirmed": user.is_email_confirmed}
        return {"user": {**details, "profile": profile}}

    def _views_publish(self, arguments: dict[str, Any]) -> dict[str, Any]:
        view = arguments["view"]
        check_blocks(view["blocks"])
        self.homes[arguments["user_id"]] = view
        return {"view": view}

    async def _file(self, request: web.Request) -> web.Response:
        self.downloads.append(request.headers.get("Authorization"))
        if request.headers.get("Authorization") != f"Bearer {BOT_TOKEN}":
            # Slack sends those without permission to the page where people sign in.
            raise web.HTTPFound("https://slack.com/signin")
        return web.Response(body=self.file_contents[request.match_info["id"]])

    async def _response_url(self, request: web.Request) -> web.Response:
        self.responses.append(await request.json())
        return web.Response(text="ok")


def typed(text: str) -> str:
    """What somebody types, as Slack passes it on."""
    return html.escape(text, quote=False)


def signature(body: bytes, **changes: Any) -> dict[str, str]:
    """The headers that prove a request to be Slack's; https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    timestamp = str(changes.get("timestamp", int(time.time())))
    secret = changes.get("secret", SIGNING_SECRET).encode()
    digest = hmac.new(secret, b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": changes.get("signature", f"v0={digest}")}


def check_message(message: dict[str, Any]) -> None:
    if len(message.get("text") or "") > 40_000:
        raise BadBlocks("msg_too_long")
    check_blocks(message.get("blocks") or [])


def check_blocks(blocks: list[dict[str, Any]]) -> None:
    """Slack's own limits, from https://docs.slack.dev/reference/block-kit."""
    require(len(blocks) <= 50, "over 50 blocks")
    names = [block["block_id"] for block in blocks if "block_id" in block]
    require(len(names) == len(set(names)), f"block_id twice: {names}")
    require(all(len(name) <= 255 for name in names), "block_id too long")
    for block in blocks:
        kind = block["type"]
        if kind == "section":
            require(0 < len(block["text"]["text"]) <= 3000, f"section of {len(block['text']['text'])} characters")
        elif kind == "actions":
            require(0 < len(block["elements"]) <= 25, "actions")
            ids = [element["action_id"] for element in block["elements"]]
            require(len(ids) == len(set(ids)), "action_id twice")
        elif kind == "image":
            require(bool(block["image_url"] and block["alt_text"]), "image")
        else:
            require(kind in ("context", "context_actions", "divider", "header"), f"unknown block {kind}")
    for action in _actions(blocks):
        require(0 < len(action["text"]["text"]) <= 75, "button title")
        require(len(action.get("value", "")) <= 2000, "button value")


def require(condition: bool, problem: str) -> None:
    if not condition:
        raise BadBlocks(problem)


def _actions(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**element, "block_id": block.get("block_id")}
        for block in blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def _granted(scope: str) -> bool:
    return scope in MANIFEST["oauth_config"]["scopes"]["bot"]


async def _arguments(request: web.Request, method: str) -> dict[str, Any]:
    """Arguments as the method takes them: many of Slack's methods do not read JSON."""
    if request.content_type == "application/json":
        body = await request.json()
        return body if method in JSON_METHODS else {}
    return {**request.query, **{name: str(value) for name, value in (await request.post()).items()}}
