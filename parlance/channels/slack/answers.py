"""What is done about each kind of thing that Slack delivers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from rasa.core.agent import Agent
from rasa.shared.core.trackers import DialogueStateTracker

from parlance.channels.core.feedback import FeedbackStore, Thumb
from parlance.channels.core.limits import RateLimiter
from parlance.channels.core.payloads import as_plain, own_payload
from parlance.channels.core.uploads import PictureFolder, UploadNotNow, UploadRefused, UploadTooLarge
from parlance.channels.slack.incoming import (
    AskedElsewhere,
    Command,
    HomeOpened,
    Incoming,
    Message,
    Place,
    Press,
    Rating,
)
from parlance.channels.slack.notices import Notices
from parlance.channels.slack.options import SlackOptions
from parlance.channels.slack.output import SlackOutput
from parlance.channels.slack.rendering import answered, context, home_view, plain_text
from parlance.channels.slack.turns import SlackTurns
from parlance.channels.slack.web_api import FileUnavailable, SlackWeb

FILES_AT_ONCE = 5

Accept = Callable[[Incoming, str, dict[str, Any]], Awaitable[None]]

logger = logging.getLogger(__name__)


class SlackAnswers:
    """Answers deliveries.

    Args:
        web: The workspace.
        options: The channel's options.
        turns: Gives messages to the assistant.
        feedback: Where thumbs are kept.
        accept: Takes on what is asked in one place and answered in another.
        agent: The agent that is loaded at the moment, or None while it is not.
    """

    def __init__(
        self,
        web: SlackWeb,
        options: SlackOptions,
        turns: SlackTurns,
        feedback: FeedbackStore,
        accept: Accept,
        agent: Callable[[], Agent | None],
    ) -> None:
        self._web = web
        self._options = options
        self._texts = options.texts
        self._too_long = options.texts.too_long.format(limit=f"{options.message_limit:,}")
        self._turns = turns
        self._feedback = feedback
        self._accept = accept
        self._agent = agent
        self._notices = Notices(web)
        self._pictures = PictureFolder(Path(options.uploads), int(options.upload_limit_mb * 1_000_000))
        self._limit = RateLimiter(options.messages_per_minute)
        self._requests_to_wait = RateLimiter(1)

    async def answer(self, incoming: Incoming, is_known: bool) -> None:
        """Answers a delivery; returns once Slack has the answer.

        Args:
            incoming: The delivery.
            is_known: Whether it was tried before, and so counted.
        """
        is_free = is_known or isinstance(incoming, (HomeOpened, Rating, AskedElsewhere))
        if is_free or self._limit.allow(incoming.user):
            await self._handlers[type(incoming)](self, incoming)
        elif self._requests_to_wait.allow(incoming.user):
            # Politely, and once a minute: an answer to each would be a flood, too.
            seconds = max(1, self._limit.wait(incoming.user))
            await self._notices.tell(incoming, self._texts.too_many.format(seconds=seconds))
        sent = asyncio.get_running_loop().create_future()

        async def is_sent() -> None:
            sent.set_result(None)

        place = getattr(incoming, "place", None)
        self._web.after(place.channel if place else f"home-{incoming.user}", is_sent)
        await sent

    async def give_up(self, incoming: Incoming) -> None:
        """Tells that a delivery is set aside."""
        await self._notices.tell(incoming, self._texts.set_aside)

    async def _message(self, message: Message) -> None:
        me = await self._web.me()
        text = plain_text(message.text, me.get("user_id", ""))
        notice = partial(self._notices.say, message.place, thread=message.answer_thread)
        if len(text) > self._options.message_limit:
            notice(self._too_long)
        elif text:
            # Buttons come as presses: what is typed is never a payload.
            await self._turns.take(message.place, message.user, as_plain(text), message.answer_thread)
        elif not message.files:
            notice(self._texts.empty)
        for file in message.files[:FILES_AT_ONCE]:
            await self._picture(message, file)
        if len(message.files) > FILES_AT_ONCE:
            notice(self._texts.too_many_files.format(limit=FILES_AT_ONCE))

    async def _picture(self, message: Message, file: dict[str, Any]) -> None:
        limit = self._pictures.limit
        notice = partial(self._notices.say, message.place, thread=message.answer_thread)
        try:
            if int(file.get("size") or 0) > limit:
                raise UploadTooLarge(f"{file.get('size')} bytes")
            data = await self._web.download(file, limit)
            upload = await self._pictures.take_in(data, str(file.get("name") or ""))
        except UploadTooLarge:
            notice(self._texts.too_large.format(limit=f"{self._options.upload_limit_mb:g}"))
        except UploadRefused:
            notice(self._texts.not_a_picture)
        except UploadNotNow as error:
            logger.error("%s", error)
            notice(self._texts.apology)
        except FileUnavailable as error:
            logger.error("%s", error)
            notice(self._texts.file_unavailable)
        else:
            metadata = {"attachment": upload.as_dict()}
            await self._turns.take(message.place, message.user, upload.payload, message.answer_thread, metadata)

    async def _press(self, press: Press) -> None:
        if not self._may_use(press, press.place, press.addressee):
            return
        if press.place is None:
            await self._ask_privately(press, press.title, own_payload(press.value))
            return
        if press.is_quick_reply:
            blocks = answered(press.message.get("blocks") or [], press.title)
            self._notices.update(press.place, press.message, blocks)
        thread = press.message.get("thread_ts") or press.place.thread
        await self._turns.take(press.place, press.user, own_payload(press.value), thread)

    async def _rating(self, rating: Rating) -> None:
        agent = self._agent()
        if agent is None or not self._may_use(rating, rating.place, rating.addressee):
            return
        thumb = Thumb(
            rating.place.conversation_id,
            rating.keys[0],
            SlackOutput.name(),
            rating=rating.rating,
            message=str(rating.message.get("ts") or ""),
            text=plain_text(rating.message.get("text") or ""),
        )
        if not await self._feedback.take(thumb, rating.answers, agent):
            return
        blocks = [block for block in rating.message.get("blocks") or [] if block["type"] != "context_actions"]
        sign = "👍" if rating.rating == "up" else "👎"
        self._notices.update(rating.place, rating.message, [*blocks, context(f"{sign} {self._texts.thanks}")])

    async def _command(self, command: Command) -> None:
        if not command.text:
            answer = self._texts.command_usage.format(command=command.name)
        elif len(command.text) > self._options.message_limit:
            answer = self._too_long
        else:
            place = await self._ask_privately(command, command.text, as_plain(command.text))
            answer = self._texts.answered_privately.format(channel=place.channel)
        await self._web.respond(command.response_url, answer)

    async def _asked_elsewhere(self, asked: AskedElsewhere) -> None:
        self._notices.say(asked.place, self._texts.asked.format(text=asked.title))
        await self._turns.take(asked.place, asked.user, asked.text)

    async def _home_opened(self, opened: HomeOpened) -> None:
        response: dict[str, Any] = {}
        agent = self._agent()
        if agent is not None and agent.domain is not None and agent.domain.responses.get(self._options.home_response):
            tracker = DialogueStateTracker(f"slack-home-{opened.user}", agent.domain.slots)
            response = await agent.nlg.generate(self._options.home_response, tracker, SlackOutput.name()) or {}
        view = home_view(response.get("text") or self._texts.home, response.get("buttons") or [])
        self._web.send("views.publish", f"home-{opened.user}", user_id=opened.user, view=view)

    _handlers: dict[type[Incoming], Callable[..., Awaitable[None]]] = {
        Message: _message,
        Press: _press,
        Rating: _rating,
        Command: _command,
        AskedElsewhere: _asked_elsewhere,
        HomeOpened: _home_opened,
    }

    async def _ask_privately(self, incoming: Incoming, title: str, text: str) -> Place:
        """A turn in somebody's direct messages, for what was asked elsewhere; where it is held."""
        place = await self._notices.direct_messages(incoming.user)
        asked = AskedElsewhere((f"asked-{incoming.keys[0]}"[:255],), incoming.user, place, title, text)
        stored = {"key": asked.keys[0], "user": asked.user, "channel": place.channel, "title": title, "text": text}
        # Behind what is already waiting in that conversation.
        await self._accept(asked, "asked_elsewhere", stored)
        return place

    def _may_use(self, incoming: Incoming, place: Place | None, addressee: str) -> bool:
        if place is None or not addressee or addressee == incoming.user:
            return True
        self._notices.whisper(place, incoming.user, self._texts.not_yours)
        return False
