"""What visitors send: messages, thumbs, and the wish to start over."""

from typing import Any

from sanic import response as respond
from sanic.request import Request
from sanic.response import HTTPResponse

from parlance.channels.web.conversations import Conversations
from parlance.channels.web.limits import VisitorLimits
from parlance.channels.web.options import WebOptions
from parlance.channels.web.pictures import VisitorPictures
from parlance.channels.web.request_parsing import Refused, id_of, read_json, text_of
from parlance.channels.web.turns import Turns
from parlance.channels.web.visitors import Visitor, Visitors

MOST_WAITING = 30  # messages of one conversation; where answers are slow, a limit by the minute is none
WAIT_SECONDS = 10
LOCALE_LENGTH = 35
SORRY = {
    "empty": "There was nothing in that message. What can I do for you?",
    "too_long": "That is more than I can read at once. Please tell me the main point in up to {limit} characters.",
}


class Messages:
    """Takes in what visitors send: stored before it is acknowledged, and once however often it comes."""

    def __init__(
        self,
        options: WebOptions,
        conversations: Conversations,
        visitors: Visitors,
        limits: VisitorLimits,
        pictures: VisitorPictures,
        turns: Turns,
    ) -> None:
        self._length = options.message_length
        self._conversations = conversations
        self._visitors = visitors
        self._limits = limits
        self._pictures = pictures
        self._turns = turns

    async def take_message(self, request: Request) -> HTTPResponse:
        """A text, the payload of a button, or a picture that was sent before."""
        visitor = await self._visitors.sender(request)
        data = await read_json(request)
        id, text = id_of(data), text_of(data, "text").strip()
        self._admit(visitor, id, request)
        body: dict[str, Any] = {"text": text_of(data, "title").strip() or text, "message": text}
        if upload := text_of(data, "upload"):
            picture = self._pictures.sent_by(visitor, upload)
            body.update(text=picture.name, message=picture.payload, attachment=picture.as_dict())
        elif not text:
            self._conversations.say(visitor.conversation, "notice", _sorry("empty"), id)
            return _accepted()
        elif len(text) > self._length:
            self._excuse(visitor, id, text)
            return _accepted()
        if locale := text_of(data, "locale")[:LOCALE_LENGTH]:
            body["locale"] = locale
        # Who it comes from is not stored with the message; its turn cannot begin before this function ends.
        if self._conversations.take_in(visitor.conversation, "user", body, id):
            self._turns.unstored[visitor.conversation, id] = self._visitors.for_actions(visitor, request)
        return _accepted()

    def _excuse(self, visitor: Visitor, id: str, text: str) -> None:
        """Shows the beginning of a message that is too long, and says so; the assistant never sees it."""
        if self._conversations.say(visitor.conversation, "user", {"text": f"{text[: self._length]}…"}, id):
            self._conversations.say(visitor.conversation, "notice", _sorry("too_long", limit=self._length))

    async def take_feedback(self, request: Request) -> HTTPResponse:
        """A thumb."""
        visitor = await self._visitors.sender(request)
        data = await read_json(request)
        id, rating = id_of(data), data.get("rating")
        answer = self._conversations.store.entry(visitor.conversation, text_of(data, "answer"))
        if rating not in ("up", "down") or answer is None or answer.kind != "bot":
            raise Refused(400, "bad_request", "A thumb is up or down, and on an answer of this conversation.")
        self._admit(visitor, id, request)
        body = {"answer": answer.id, "rating": rating}
        self._conversations.take_in(visitor.conversation, "feedback", body, id)
        return _accepted()

    async def start_over(self, request: Request) -> HTTPResponse:
        """The conversation begins anew."""
        visitor = await self._visitors.sender(request)
        id = id_of(await read_json(request))
        self._admit(visitor, id, request)
        self._conversations.take_in(visitor.conversation, "restart", {}, id)
        return _accepted()

    def _admit(self, visitor: Visitor, id: str, request: Request) -> None:
        """Lets a message pass the rate limits; one that was taken in before passes too, and counts once."""
        if self._conversations.store.entry(visitor.conversation, id):
            return
        self._limits.count(visitor.conversation, request, "messages")
        if self._conversations.waiting(visitor.conversation) >= MOST_WAITING:
            raise Refused(429, "too_fast", "Too many messages wait for an answer.", wait=WAIT_SECONDS)


def _accepted() -> HTTPResponse:
    return respond.json({}, status=202)


def _sorry(code: str, **blanks: Any) -> dict[str, Any]:
    return {"code": code, "text": SORRY[code].format(**blanks), **blanks}
