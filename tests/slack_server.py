"""A Slack that runs in a thread and speaks its protocol over real HTTP and WebSocket, for the tests of the channel.

It delivers what people do, signed and repeated as Slack does it, and answers the Web API with Slack's limits.
It holds the app to ``deploy/slack/manifest.yml``: a method whose scope is not there is refused, an event that is not
subscribed to is not delivered. The formats are those of https://docs.slack.dev.
"""

import asyncio
import hashlib
import hmac
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout, WSMsgType, web

from tests.slack_people import BOT_USER, TEAM, SlackPeople
from tests.slack_rules import SCOPES, BadBlocks, check_blocks, check_message, granted, is_subscribed

BOT_TOKEN = "xoxb-test-token"
APP_TOKEN = "xapp-test-token"
SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
ACK_SECONDS = 3.0

JSON_METHODS = {"chat.postMessage", "chat.postEphemeral", "chat.update", "conversations.open", "views.publish"}

Result = TypeVar("Result")


@dataclass
class Delivery:
    """One attempt to deliver something, and how the app took it."""

    status: int
    seconds: float
    body: str = ""


@dataclass
class Call:
    """A call of the Web API."""

    method: str
    arguments: dict[str, Any]
    status: int
    at: float


class SlackServer(SlackPeople):
    """See the module. Its methods are called from the test's thread and return once the thing has happened."""

    def __init__(self) -> None:
        super().__init__()
        self.ephemeral: list[dict[str, Any]] = []
        self.responses: list[dict[str, Any]] = []
        self.calls: list[Call] = []
        self.downloads: list[str | None] = []
        self.limits: dict[str, list[int]] = defaultdict(list)
        self.delays: dict[str, float] = {}
        self.acknowledged: dict[str, float] = {}
        self.connections_opened = 0
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

    def limit(self, method: str, *retry_after: int) -> None:
        """Answer the next calls with 429 and these numbers of seconds."""
        self.limits[method].extend(retry_after)

    # --- delivering over HTTP -----------------------------------------------------------------------------------------

    def deliver(self, url: str, payload: dict[str, Any], kind: str = "event", **changes: Any) -> Delivery:
        """Deliver once over HTTP, signed. ``changes``: ``timestamp``, ``secret``, ``signature``, ``retry``."""
        return self.run(self.attempt(url, payload, kind, **changes))

    async def attempt(
        self, url: str, payload: dict[str, Any], kind: str = "event", seconds: float = ACK_SECONDS, **changes: Any
    ) -> Delivery:
        if kind == "event":
            body, content = json.dumps(payload).encode(), "application/json"
            if not is_subscribed(payload):
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

    # --- delivering over Socket Mode ----------------------------------------------------------------------------------

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
        if scope and not granted(scope):
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
        if granted("users:read.email"):
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


def signature(body: bytes, **changes: Any) -> dict[str, str]:
    """The headers that prove a request to be Slack's; https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    timestamp = str(changes.get("timestamp", int(time.time())))
    secret = changes.get("secret", SIGNING_SECRET).encode()
    digest = hmac.new(secret, b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": changes.get("signature", f"v0={digest}")}


async def _arguments(request: web.Request, method: str) -> dict[str, Any]:
    """Arguments as the method takes them: many of Slack's methods do not read JSON."""
    if request.content_type == "application/json":
        body = await request.json()
        return body if method in JSON_METHODS else {}
    return {**request.query, **{name: str(value) for name, value in (await request.post()).items()}}
