"""The channel ``parlance.channels.web.WebInput``: the web chat's HTTP interface and its turns.

A browser posts messages, and reads the conversation as Server-Sent Events: numbered entries, so that after a lost
connection, a reload or a restart it goes on after the last one that it has.
"""

import asyncio
import gc
import gzip
import hashlib
import json
import logging
import random
import resource
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.core.events import SlotSet, UserUttered
from sanic import Blueprint, Sanic
from sanic import response as respond
from sanic.request import Request
from sanic.response import HTTPResponse

from parlance.channels.core.credentials import bearer, refuse_odd_credentials
from parlance.channels.core.limits import (
    ConcurrencyLimiter,
    RateLimiter,
    TooManyAtOnce,
    client_address,
    client_key,
)
from parlance.channels.core.payloads import storable_message, typed_text
from parlance.channels.core.picture_retention import keeper_of
from parlance.channels.core.uploads import (
    BUSY_SECONDS,
    MEDIA_TYPES,
    StorageFull,
    UploadNotNow,
    UploadRefused,
    UploadTooLarge,
    take_in,
)
from parlance.channels.readiness import readiness_of
from parlance.channels.web import access
from parlance.channels.web.conversations import Conversations, WebOutput
from parlance.channels.web.options import WebOptions
from parlance.channels.web.request_parsing import Refused, id_of, read_body, read_json, text_of
from parlance.channels.web.retention import WebChatKeeper
from parlance.channels.web.store import ConversationStore, Entry, Upload
from parlance.dotted_names import named_function
from parlance.errors import ParlanceError
from parlance.rasa import patches
from parlance.rasa.errors import ChannelError, as_rasa_errors
from parlance.rasa.retention import retention_of
from parlance.rasa.single_server import guarded
from parlance.url_secrets import LINK

logger = logging.getLogger(__name__)

Handler = Callable[..., Coroutine[Any, Any, HTTPResponse | None]]

HEARTBEAT_SECONDS = 15.0
MOST_WAITING = 30  # messages of one conversation; where answers are slow, a limit by the minute is none
WAIT_SECONDS = 10
STREAMS = 12  # of one conversation at once; a browser opens six connections to a server
UPLOADS_AT_ONCE = (24, 2)  # of all addresses together, and of one
FILES = 65_536  # as many connections and files as the system lets a server open, where it allows fewer at first
FEEDBACK_SLOT = "answer_feedback"
IDENTITY_HEADER = "x-identity-token"
LINK_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob: https:; "
    "connect-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
SORRY = {
    "empty": "There was nothing in that message. What can I do for you?",
    "too_long": "That is more than I can read at once. Please tell me the main point in up to {limit} characters.",
}


@dataclass(frozen=True)
class Visitor:
    """Who a request comes from; ``identity_token`` is the shop's, checked, or empty."""

    conversation: str
    identity_token: str


class WebInput(InputChannel):
    """Serves the page, the widget and its interface. Options: see ``WebOptions``."""

    def __init__(self, options: WebOptions) -> None:
        self.options = options
        self._origins = access.check_origins(options.allowed_origins)
        self._page, self._link_page, self._picture, self._identity, self._recognised = map(
            self._function, ("page", "link_page", "picture", "identity", "recognised")
        )
        self._secret = access.load_secret(Path(options.secret_file))
        self._tokens = access.VisitorTokens(self._secret, options.keep_days)
        self._messages = RateLimiter(options.messages_per_minute)
        self._visitors = RateLimiter(options.visitors_per_minute)
        self._addresses = RateLimiter(options.address_messages_per_minute)
        self._streams = ConcurrencyLimiter(options.streams, options.address_streams)
        self._uploads = ConcurrencyLimiter(*UPLOADS_AT_ONCE)
        self._unstored: dict[tuple[str, str], dict[str, str]] = {}
        self._on_new_message: Callable[[UserMessage], Awaitable[Any]]
        self._conversations: Conversations
        self._app: Sanic

    def _function(self, option: str) -> Callable[..., Any] | None:
        path = getattr(self.options, option)
        return named_function(path, f"The web chat's option {option}") if path else None

    @classmethod
    def name(cls) -> str:
        return "web"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "WebInput":
        """The channel as ``credentials.yml`` has it.

        Raises:
            ChannelError: An option does not work out; Rasa shows the sentence without a traceback.
        """
        patches.apply_to_server(guarded)
        try:
            return cls(WebOptions.from_credentials(credentials))
        except ParlanceError as error:
            raise ChannelError(error.problem, error.remedy) from error

    def url_prefix(self) -> str:
        return self.options.path

    def get_output_channel(self) -> WebOutput:
        """For messages that the assistant sends of itself, such as reminders."""
        return WebOutput(self._conversations)

    # wiring -------------------------------------------------------------------------------------------------------

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        with as_rasa_errors(ChannelError):
            # A server that is starting would show a traceback of what is wrong with the file.
            ConversationStore(Path(self.options.database)).close()
        self._on_new_message = on_new_message
        blueprint = Blueprint("web_chat")
        routes: list[tuple[str, str, Handler, bool]] = [
            ("GET", "/", self._show_page, False),
            ("GET", f"/{LINK}/<token:str>", self._show_link, False),
            ("POST", f"/{LINK}/<token:str>", self._follow_link, False),
            ("GET", "/widget.js", self._send_widget, False),
            ("GET", "/pictures/<name:path>", self._send_picture, False),
            ("POST", "/session", self._open_session, True),
            ("GET", "/events", self._stream_events, False),
            ("POST", "/messages", self._take_message, True),
            ("POST", "/feedback", self._take_feedback, True),
            ("POST", "/restart", self._start_over, True),
            ("POST", "/uploads", self._take_upload, True),
            ("GET", "/uploads/<upload:str>", self._send_upload, False),
            ("GET", "/transcript", self._send_transcript, False),
        ]
        for method, uri, handler, reads_body in routes:
            name = handler.__name__.strip("_")
            blueprint.add_route(self._guarded(handler), uri, methods=[method], name=name, stream=reads_body)
        for uri in dict.fromkeys(uri for _, uri, _, _ in routes):
            blueprint.add_route(_preflight, uri, methods=["OPTIONS"], name=f"preflight_{len(uri)}_{uri.strip('/')[:6]}")
        blueprint.middleware("response")(self._add_headers)
        blueprint.listener("before_server_start")(refuse_odd_credentials)
        blueprint.listener("before_server_start")(self._start)
        blueprint.listener("after_server_start")(self._resume)
        blueprint.listener("before_server_stop")(self._stop)
        return blueprint

    async def _start(self, app: Sanic, _loop: Any) -> None:
        self._app = app
        _allow_files(FILES)
        if self.options.proxies:
            app.config.PROXIES_COUNT = self.options.proxies
        store = ConversationStore(Path(self.options.database))
        self._conversations = Conversations(store, self._take_turn, self.options.answer_seconds)

        async def check_store() -> None:  # the database is this thread's
            store.check_writable()

        readiness_of(app).add("web chat", check_store)

    async def _resume(self, app: Sanic, _loop: Any) -> None:
        retention = retention_of(app)
        retention.add("web chat", WebChatKeeper(self._conversations.store, self.options.keep_days))
        retention.add(*keeper_of(Path(self.options.uploads), self.options.upload_days))
        # What is loaded by now stays, so no garbage collection need look through it: one takes 0.3 seconds in which
        # nobody is answered.
        gc.collect()
        gc.freeze()
        await self._conversations.resume(self._was_answered)

    async def _stop(self, app: Sanic, _loop: Any) -> None:
        await retention_of(app).stop()
        await self._conversations.close()

    def _guarded(self, handler: Handler) -> Handler:
        """A handler that pages of other origins cannot use, and whose refusals become answers."""

        @wraps(handler)
        async def guarded(request: Request, **parameters: str) -> HTTPResponse | None:
            try:
                if not self._is_allowed(request):
                    raise Refused(403, "origin_refused", "This page's origin is not in the chat's allowed_origins.")
                return await handler(request, **parameters)
            except Refused as refused:
                return respond.json(refused.answer, status=refused.status, headers=refused.headers)

        return guarded

    def _is_allowed(self, request: Request) -> bool:
        return access.may_embed(request.headers.get("origin"), request.headers.get("host", ""), self._origins)

    def _add_headers(self, request: Request, answer: HTTPResponse) -> None:
        headers = answer.headers
        headers["x-content-type-options"] = "nosniff"
        headers["referrer-policy"] = "strict-origin-when-cross-origin"
        headers["vary"] = "Origin, Accept-Encoding"
        # Rasa's own --cors is for its API; who may embed the chat is said by the chat's options alone.
        headers.pop("access-control-allow-origin", None)
        headers.pop("access-control-allow-credentials", None)
        origin = request.headers.get("origin")
        if origin and self._is_allowed(request):
            headers["access-control-allow-origin"] = origin
            headers["access-control-allow-methods"] = "GET, POST, OPTIONS"
            headers["access-control-allow-headers"] = (
                f"authorization, content-type, last-event-id, x-file-name, {IDENTITY_HEADER}"
            )
            headers["access-control-max-age"] = "600"

    # visitors -----------------------------------------------------------------------------------------------------

    def _customer(self, request: Request) -> tuple[str, str | None]:
        """The shop's token in a request and the customer whom it proves; ('', None) where there is none."""
        token = request.headers.get(IDENTITY_HEADER, "")
        if not token or self._identity is None:
            return "", None
        identity = self._identity(token) if token.isascii() else None
        if identity is None:
            raise Refused(401, "identity_refused", "The identity token is forged or out of date.")
        return token, identity.email

    async def _visitor(self, request: Request) -> Visitor:
        """Who sent a request.

        Raises:
            Refused: no valid token, or a conversation that belongs to a customer who has not signed in.
        """
        conversation = self._tokens.read(bearer(request.headers.get("authorization")))
        if conversation is None:
            raise Refused(401, "no_conversation", "The request carries no valid conversation token.")
        token, customer = self._customer(request)
        is_anothers = customer is not None and await self._has_recognised_another(conversation, customer)
        if is_anothers or not self._conversations.store.admits(conversation, customer):
            raise Refused(403, "not_yours", "The conversation is gone, or belongs to a customer who is not signed in.")
        return Visitor(conversation, token)

    async def _has_recognised_another(self, conversation: str, customer: str) -> bool:
        """Whether a conversation that nobody has signed in to is with another customer, whom actions recognised."""
        if self._recognised is None or self._conversations.store.owner(conversation) is not None:
            return False
        tracker = await self._app.ctx.agent.tracker_store.retrieve(conversation)
        email = self._recognised(tracker.current_slot_values(), conversation) if tracker else None
        return email not in (None, customer)

    async def _open_session(self, request: Request) -> HTTPResponse:
        """The visitor's conversation, or a new one where the token is missing, old or not theirs any more."""
        await read_json(request)
        try:
            conversation = (await self._visitor(request)).conversation
            fresh = False
        except Refused as refused:
            if refused.answer["code"] == "identity_refused":
                raise
            if not self._visitors.allow(client_address(request)):
                raise Refused(429, "too_many_visitors", "Too many conversations from this address.", wait=60) from None
            conversation = access.new_conversation_id()
            _, customer = self._customer(request)
            self._conversations.store.start(conversation, customer)
            fresh = True
        options = self.options
        return respond.json(
            {
                "token": self._tokens.issue(conversation),
                "fresh": fresh,
                "message_length": options.message_length,
                "upload_bytes": int(options.upload_megabytes * 1_000_000),
                "upload_types": list(MEDIA_TYPES),
            }
        )

    # messages in --------------------------------------------------------------------------------------------------

    async def _take_message(self, request: Request) -> HTTPResponse:
        visitor = await self._visitor(request)
        data = await read_json(request)
        id, text = id_of(data), text_of(data, "text").strip()
        self._admit(visitor, id, request)
        body: dict[str, Any] = {"text": text_of(data, "title").strip() or text, "message": text}
        upload = text_of(data, "upload")
        if upload:
            body.update(self._attachment(visitor, upload))
        elif not text:
            self._conversations.say(visitor.conversation, "notice", _sorry("empty"), id)
            return respond.json({}, status=202)
        elif len(text) > self.options.message_length:
            self._excuse(visitor, id, text)
            return respond.json({}, status=202)
        if locale := text_of(data, "locale")[:35]:
            body["locale"] = locale
        # Who it comes from is not stored with the message; its turn cannot begin before this function ends.
        if self._conversations.take_in(visitor.conversation, "user", body, id):
            unstored = {"client": client_key(self._secret, client_address(request))}
            if visitor.identity_token:
                unstored["identity_token"] = visitor.identity_token
            self._unstored[visitor.conversation, id] = unstored
        return respond.json({}, status=202)

    def _admit(self, visitor: Visitor, id: str, request: Request) -> None:
        """Lets a message pass the rate limits; one that was taken in before passes too, and counts once."""
        if self._conversations.store.entry(visitor.conversation, id):
            return
        self._count(visitor, request, "messages")
        if self._conversations.waiting(visitor.conversation) >= MOST_WAITING:
            raise Refused(429, "too_fast", "Too many messages wait for an answer.", wait=WAIT_SECONDS)

    def _count(self, visitor: Visitor, request: Request, what: str) -> None:
        address = client_address(request)
        for limiter, sender in ((self._messages, visitor.conversation), (self._addresses, address)):
            if not limiter.allow(sender):
                wait = limiter.wait(sender)
                raise Refused(429, "too_fast", f"Too many {what} in a minute.", wait=wait)

    def _excuse(self, visitor: Visitor, id: str, text: str) -> None:
        """Shows the beginning of a message that is too long, and says so; the assistant never sees it."""
        limit = self.options.message_length
        if self._conversations.say(visitor.conversation, "user", {"text": f"{text[:limit]}…"}, id):
            self._conversations.say(visitor.conversation, "notice", _sorry("too_long", limit=limit))

    def _upload(self, visitor: Visitor, id: str) -> Upload:
        """A picture that this visitor sent."""
        upload = self._conversations.store.upload(id)
        if upload is None or upload.conversation != visitor.conversation:
            raise Refused(404, "no_upload", "There is no such upload in this conversation.")
        return upload

    def _attachment(self, visitor: Visitor, id: str) -> dict[str, Any]:
        upload = self._upload(visitor, id)
        attachment = {"id": upload.id, "name": upload.name, "type": upload.type, "size": upload.size}
        message = "/send_photo" + json.dumps({"photo": upload.id})
        return {"text": upload.name, "message": message, "attachment": attachment}

    async def _take_feedback(self, request: Request) -> HTTPResponse:
        visitor = await self._visitor(request)
        data = await read_json(request)
        id, rating = id_of(data), data.get("rating")
        answer = self._conversations.store.entry(visitor.conversation, text_of(data, "answer"))
        if rating not in ("up", "down") or answer is None or answer.kind != "bot":
            raise Refused(400, "bad_request", "A thumb is up or down, and on an answer of this conversation.")
        self._admit(visitor, id, request)
        body = {"answer": answer.id, "rating": rating}
        self._conversations.take_in(visitor.conversation, "feedback", body, id)
        return respond.json({}, status=202)

    async def _start_over(self, request: Request) -> HTTPResponse:
        visitor = await self._visitor(request)
        id = id_of(await read_json(request))
        self._admit(visitor, id, request)
        self._conversations.take_in(visitor.conversation, "restart", {}, id)
        return respond.json({}, status=202)

    async def _take_upload(self, request: Request) -> HTTPResponse:
        visitor = await self._visitor(request)
        self._count(visitor, request, "uploads")
        limit = int(self.options.upload_megabytes * 1_000_000)
        storage = int(self.options.upload_storage_megabytes * 1_000_000)
        name = access.decoded_header(request.headers.get("x-file-name"))
        try:
            with self._uploads.one(client_address(request)):
                data = await read_body(request, limit)
                stored = await take_in(data, name, Path(self.options.uploads), limit, storage)
        except StorageFull as full:
            logger.error("%s", full)
            raise Refused(507, "upload_failed", "There is no room for more pictures.", wait=3600) from full
        except (TooManyAtOnce, UploadNotNow) as busy:
            raise Refused(429, "uploads_busy", "Too many pictures are being sent.", wait=BUSY_SECONDS) from busy
        except UploadRefused as refused:
            code = "picture_too_large" if isinstance(refused, UploadTooLarge) else "not_a_picture"
            raise Refused(415, code, str(refused)) from refused
        upload = Upload(stored.id, visitor.conversation, stored.name, stored.type, stored.size)
        self._conversations.store.add_upload(upload)
        return respond.json(stored.as_dict(), status=201)

    # turns --------------------------------------------------------------------------------------------------------

    async def _take_turn(self, entry: Entry) -> bool:
        """Gives an entry to the assistant; whether there was an answer, or none was due."""
        if entry.kind == "feedback":
            await self._store_feedback(entry)
            return True
        output = WebOutput(self._conversations, to=entry.id)
        metadata: dict[str, Any] = {name: entry.body[name] for name in ("attachment", "locale") if name in entry.body}
        metadata.update(self._unstored.pop((entry.conversation, entry.id), {}))
        is_restart = entry.kind == "restart"
        text = self.options.restart_message if is_restart else await self._text_of(entry)
        message = UserMessage(
            text, output, entry.conversation, input_channel=self.name(), message_id=entry.id, metadata=metadata
        )
        await self._on_new_message(storable_message(message))
        return is_restart or output.said > 0 or await self._is_paused(entry.conversation)

    async def _text_of(self, entry: Entry) -> str:
        """What the assistant gets for a message: a payload only where the visitor cannot have made it up."""
        text: str = entry.body["message"]
        if "attachment" in entry.body:
            return text
        options = self.options
        return await typed_text(text, entry.conversation, self._app.ctx.agent, options.payloads, options.page_payloads)

    async def _is_paused(self, conversation: str) -> bool:
        """Whether an action has paused the conversation, because a person has taken it over: silence is on purpose."""
        tracker = await self._app.ctx.agent.tracker_store.retrieve(conversation)
        return tracker is not None and bool(tracker.is_paused())

    async def _store_feedback(self, entry: Entry) -> None:
        """Adds a thumb to the tracker as a slot, so that it is kept with the conversation."""
        answer = self._conversations.store.entry(entry.conversation, entry.body["answer"])
        feedback = {
            "message_id": entry.body["answer"],
            "rating": entry.body["rating"],
            "text": answer.body.get("text", "") if answer else "",
        }
        agent = self._app.ctx.agent
        async with agent.lock_store.lock(entry.conversation):
            tracker = await agent.tracker_store.retrieve(entry.conversation)
            if tracker is not None:
                tracker.update(SlotSet(FEEDBACK_SLOT, feedback))
                await agent.tracker_store.save(tracker)

    async def _was_answered(self, entry: Entry) -> bool:
        """Whether an entry was answered before the server stopped: the tracker is written at the end of a turn."""
        tracker = await self._app.ctx.agent.tracker_store.retrieve(entry.conversation)
        events = tracker.events if tracker else ()
        return any(isinstance(event, UserUttered) and event.message_id == entry.id for event in events)

    # messages out -------------------------------------------------------------------------------------------------

    async def _stream_events(self, request: Request) -> HTTPResponse | None:
        visitor = await self._visitor(request)
        if self._conversations.listeners(visitor.conversation) >= STREAMS:
            raise Refused(429, "too_many_tabs", "This conversation is open too many times.", wait=5)
        try:
            with self._streams.one(client_address(request)):
                await self._stream_to(visitor, request)
        except TooManyAtOnce as many:
            raise Refused(429, "too_many_visitors", "Too many streams are open.", wait=BUSY_SECONDS) from many
        return None

    async def _stream_to(self, visitor: Visitor, request: Request) -> None:
        last = _number(request.headers.get("last-event-id") or request.args.get("after"))
        restart = self._conversations.store.last_restart(visitor.conversation)
        # Who has seen something needs the restart itself, and nobody what was said before it.
        last = max(last, restart - 1) if last else restart
        answer = await request.respond(
            content_type="text/event-stream; charset=utf-8",
            # The second one tells nginx to pass everything on at once.
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )
        # Sanic ends every response after RESPONSE_TIMEOUT seconds, so this one ends well before, and the widget asks
        # again. Proxies that cut long responses are served by the same. Not all browsers come back at one moment.
        deadline = time.monotonic() + random.uniform(0.5, 0.75) * request.app.config.RESPONSE_TIMEOUT
        was_typing = None
        with self._conversations.listen(visitor.conversation) as news:
            while (left := deadline - time.monotonic()) > 0:
                try:
                    await asyncio.wait_for(news.wait(), min(left, HEARTBEAT_SECONDS))
                except asyncio.TimeoutError:
                    await answer.send(": still here\n\n")
                    continue
                news.clear()
                is_typing = self._conversations.is_typing(visitor.conversation)
                entries = self._conversations.store.after(visitor.conversation, last)
                lines = [_event(entry) for entry in entries]
                last = entries[-1].number if entries else last
                if is_typing != was_typing:
                    was_typing = is_typing
                    lines.append(f"event: typing\ndata: {json.dumps(is_typing)}\n\n")
                if lines:
                    await answer.send("".join(lines))
        await answer.eof()

    async def _send_transcript(self, request: Request) -> HTTPResponse:
        visitor = await self._visitor(request)
        store = self._conversations.store
        entries = store.after(visitor.conversation, store.last_restart(visitor.conversation), limit=10_000)
        return respond.text(
            "".join(_transcript_line(entry) for entry in entries),
            headers={"content-disposition": 'attachment; filename="chat.txt"', "cache-control": "no-store"},
        )

    async def _send_upload(self, request: Request, upload: str) -> HTTPResponse:
        stored = self._upload(await self._visitor(request), upload)
        try:
            content = await asyncio.to_thread((Path(self.options.uploads) / stored.id).read_bytes)
        except FileNotFoundError as error:  # older than pictures are kept
            raise Refused(404, "no_upload", "The picture is not there any more.") from error
        headers = {"content-security-policy": "sandbox", "cache-control": "private, max-age=3600"}
        return respond.raw(content, content_type=stored.type, headers=headers)

    # what is the same for everybody -------------------------------------------------------------------------------

    async def _show_page(self, request: Request) -> HTTPResponse:
        if self._page is None:
            raise Refused(404, "no_page", "No page is configured; embed the widget in one of your own.")
        html = await asyncio.to_thread(self._page, self.options.path)
        return respond.html(html, headers={"content-security-policy": PAGE_POLICY, "cache-control": "no-cache"})

    async def _show_link(self, request: Request, token: str) -> HTTPResponse:
        # Programs that look through mail open every link in it, so that opening one does nothing.
        return await self._link(token, follow=False)

    async def _follow_link(self, request: Request, token: str) -> HTTPResponse:
        return await self._link(token, follow=True)

    async def _link(self, token: str, follow: bool) -> HTTPResponse:
        if self._link_page is None:
            raise Refused(404, "no_page", "No page for links in e-mails is configured.")
        html = await asyncio.to_thread(self._link_page, token, follow)
        return respond.html(html, headers={"content-security-policy": LINK_POLICY, "cache-control": "no-store"})

    async def _send_widget(self, request: Request) -> HTTPResponse:
        try:
            script, tag = _widget(self.options.widget, Path(self.options.widget).stat().st_mtime_ns)
        except FileNotFoundError as error:
            raise Refused(404, "no_widget", "The widget is not built. Build it with: make web") from error
        headers = {"etag": tag, "cache-control": "no-cache", "cross-origin-resource-policy": "cross-origin"}
        if request.headers.get("if-none-match") == tag:
            return respond.raw(b"", status=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
        else:
            script = gzip.decompress(script)
        return respond.raw(script, content_type="text/javascript; charset=utf-8", headers=headers)

    async def _send_picture(self, request: Request, name: str) -> HTTPResponse:
        drawing = await asyncio.to_thread(self._picture, name) if self._picture else None
        if drawing is None:
            raise Refused(404, "no_picture", "There is no such picture.")
        headers = {
            "cache-control": "public, max-age=3600",
            "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            "cross-origin-resource-policy": "cross-origin",
        }
        return respond.raw(drawing.encode(), content_type="image/svg+xml", headers=headers)


def _allow_files(wanted: int) -> None:
    """Raises how many files the process may have open, as far as the system lets it."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    if allowed != resource.RLIM_INFINITY and allowed < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


async def _preflight(_request: Request, **_parameters: str) -> HTTPResponse:
    return respond.empty()


def _event(entry: Entry) -> str:
    """An entry as a Server-Sent Event. JSON has no line breaks of its own, so it is one line of data."""
    data = {**entry.body, "number": entry.number, "id": entry.id, "kind": entry.kind, "at": entry.at}
    return f"id: {entry.number}\nevent: entry\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


def _sorry(code: str, **blanks: Any) -> dict[str, Any]:
    return {"code": code, "text": SORRY[code].format(**blanks), **blanks}


def _transcript_line(entry: Entry) -> str:
    """A message for reading; a thumb is none."""
    speakers = {"user": "You", "bot": "Assistant", "notice": "Assistant"}
    if entry.kind not in speakers:
        return ""
    when = datetime.fromtimestamp(entry.at, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    cards = [[card[part] for part in ("title", "price") if part in card] for card in entry.body.get("cards", [])]
    lines = [entry.body.get("text", ""), *(f" - {', '.join(card)}" for card in cards)]
    return f"[{when}] {speakers[entry.kind]}: " + "\n".join(line for line in lines if line) + "\n"


@lru_cache(maxsize=2)
def _widget(file: str, changed: int) -> tuple[bytes, str]:
    """The widget's script, compressed, and its ETag; read again when the file has changed."""
    script = Path(file).read_bytes()
    return gzip.compress(script, 9), f'"{hashlib.sha256(script).hexdigest()[:20]}"'
