"""Reading a conversation: as a stream of Server-Sent Events, and as a text to keep."""

import asyncio
import json
import random
import time
from datetime import datetime, timezone

from sanic import response as respond
from sanic.request import Request
from sanic.response import HTTPResponse

from parlance.channels.web.conversations import Conversations
from parlance.channels.web.limits import VisitorLimits
from parlance.channels.web.request_parsing import Refused
from parlance.channels.web.store import Entry
from parlance.channels.web.visitors import Visitor, Visitors

HEARTBEAT_SECONDS = 15.0
STREAMS = 12  # of one conversation at once; a browser opens six connections to a server
SPEAKERS = {"user": "You", "bot": "Assistant", "notice": "Assistant"}
TRANSCRIPT_LENGTH = 10_000


class Readers:
    """Browsers that read conversations."""

    def __init__(self, conversations: Conversations, visitors: Visitors, limits: VisitorLimits) -> None:
        self._conversations = conversations
        self._visitors = visitors
        self._limits = limits

    async def stream(self, request: Request) -> HTTPResponse | None:
        """What came after the last entry that the browser has, and what comes."""
        visitor = await self._visitors.sender(request)
        if self._conversations.listeners(visitor.conversation) >= STREAMS:
            raise Refused(429, "too_many_tabs", "This conversation is open too many times.", wait=5)
        with self._limits.stream(request):
            await self._stream_to(visitor, request)
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

    async def send_transcript(self, request: Request) -> HTTPResponse:
        """What was said since the visitor last started over."""
        visitor = await self._visitors.sender(request)
        store = self._conversations.store
        entries = store.after(visitor.conversation, store.last_restart(visitor.conversation), TRANSCRIPT_LENGTH)
        return respond.text(
            "".join(_transcript_line(entry) for entry in entries),
            headers={"content-disposition": 'attachment; filename="chat.txt"', "cache-control": "no-store"},
        )


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


def _event(entry: Entry) -> str:
    """An entry as a Server-Sent Event. JSON has no line breaks of its own, so it is one line of data."""
    data = {**entry.body, "number": entry.number, "id": entry.id, "kind": entry.kind, "at": entry.at}
    return f"id: {entry.number}\nevent: entry\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _transcript_line(entry: Entry) -> str:
    """A message for reading; a thumb is none."""
    if entry.kind not in SPEAKERS:
        return ""
    when = datetime.fromtimestamp(entry.at, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    cards = [[card[part] for part in ("title", "price") if part in card] for card in entry.body.get("cards", [])]
    lines = [entry.body.get("text", ""), *(f" - {', '.join(card)}" for card in cards)]
    return f"[{when}] {SPEAKERS[entry.kind]}: " + "\n".join(line for line in lines if line) + "\n"
