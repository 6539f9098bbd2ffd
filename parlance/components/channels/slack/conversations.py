"""From what Slack delivers to turns of a conversation: each delivery once, in order, and never met with silence."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

from parlance.components.channels.deliveries import DeliveryLog
from parlance.components.channels.limits import RateLimiter
from parlance.components.channels.ordered_jobs import OrderedJobs
from parlance.components.channels.payloads import as_plain, own_payload, storable_message
from parlance.components.channels.slack.incoming import Command, HomeOpened, Incoming, Message, Place, Press, Rating
from parlance.components.channels.slack.options import SlackOptions
from parlance.components.channels.slack.output import SlackOutput
from parlance.components.channels.slack.rendering import (
    answered,
    context,
    escape,
    home_view,
    plain_text,
    section,
)
from parlance.components.channels.slack.users import Mint, SlackUsers
from parlance.components.channels.slack.web_api import FileUnavailable, SlackWeb
from parlance.components.channels.uploads import UploadNotNow, UploadRefused, UploadTooLarge, take_in

FILES_AT_ONCE = 5

logger = logging.getLogger(__name__)


class Verdict(Enum):
    """What becomes of a delivery."""

    PROCESS = auto()
    IGNORE = auto()
    TOO_MANY = auto()


class SlackConversations:
    """Takes deliveries on and answers them.

    Args:
        web: The workspace.
        deliveries: Which deliveries were taken on before, by any process.
        options: The channel's options.
        mint: Signs who somebody is; None where nobody is to be recognised.
        on_new_message: Rasa's handler of one message.
        agent: The agent that is loaded at the moment, or None while it is not.
    """

    def __init__(
        self,
        web: SlackWeb,
        deliveries: DeliveryLog,
        options: SlackOptions,
        mint: Mint | None,
        on_new_message: Callable[[UserMessage], Awaitable[Any]],
        agent: Callable[[], Agent | None],
    ) -> None:
        self._web = web
        self._deliveries = deliveries
        self._options = options
        self._texts = options.texts
        self._too_long = options.texts.too_long.format(limit=f"{options.message_limit:,}")
        self._users = SlackUsers(web, mint)
        self._on_new_message = on_new_message
        self._agent = agent
        self._limit = RateLimiter(options.messages_per_minute)
        self._notices = RateLimiter(1)
        self._jobs = OrderedJobs()

    async def accept(self, incoming: Incoming) -> None:
        """Take a delivery on. Returns once it is recorded; the answer comes later.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: It cannot be recorded, so Slack should deliver it again.
        """
        verdict = asyncio.ensure_future(self._decide(incoming))
        # Queued before anything is waited for, so that the order is that of arrival.
        self._jobs.put(incoming.order, partial(self._process, incoming, verdict))
        await asyncio.shield(verdict)

    async def _decide(self, incoming: Incoming) -> Verdict:
        if isinstance(incoming, Message) and not incoming.is_addressed and not await self._takes_part(incoming.place):
            return Verdict.IGNORE
        if not await self._deliveries.claim(*incoming.keys):
            return Verdict.IGNORE
        if isinstance(incoming, (HomeOpened, Rating)) or self._limit.allow(incoming.user):
            return Verdict.PROCESS
        return Verdict.TOO_MANY

    async def _takes_part(self, place: Place) -> bool:
        """Whether the bot and this person have spoken in a thread before; then no mention is needed."""
        agent = self._agent()
        return agent is not None and bool(await agent.tracker_store.exists(place.conversation_id))

    async def _process(self, incoming: Incoming, deciding: "asyncio.Future[Verdict]") -> None:
        try:
            verdict = await deciding
        except Exception:
            logger.exception("A delivery of Slack cannot be recorded; Slack is asked to deliver it again.")
            return
        if verdict is Verdict.TOO_MANY:
            await self._ask_to_wait(incoming)
        elif verdict is Verdict.PROCESS:
            await self._handlers[type(incoming)](self, incoming)

    async def _ask_to_wait(self, incoming: Incoming) -> None:
        """Politely, and once a minute: an answer to each would be a flood, too."""
        if not self._notices.allow(incoming.user):
            return
        text = self._texts.too_many.format(seconds=max(1, self._limit.wait(incoming.user)))
        if isinstance(incoming, Message):
            self._notice(incoming.place, text, incoming.answer_thread)
        elif isinstance(incoming, Command):
            await self._web.respond(incoming.response_url, text)
        elif isinstance(incoming, Press):
            self._notice(incoming.place or await self._direct_messages(incoming.user), text)

    # --- deliveries ---------------------------------------------------------------------------------------------------

    async def _message(self, message: Message) -> None:
        me = await self._web.me()
        text = plain_text(message.text, me.get("user_id", ""))
        notice = partial(self._notice, message.place, thread=message.answer_thread)
        if len(text) > self._options.message_limit:
            notice(self._too_long)
        elif text:
            # Buttons come as presses: what is typed is never a payload.
            await self._turn(message.place, message.user, as_plain(text), message.answer_thread)
        elif not message.files:
            notice(self._texts.empty)
        for file in message.files[:FILES_AT_ONCE]:
            await self._picture(message, file)
        if len(message.files) > FILES_AT_ONCE:
            notice(self._texts.too_many_files.format(limit=FILES_AT_ONCE))

    async def _picture(self, message: Message, file: dict[str, Any]) -> None:
        limit = int(self._options.upload_limit_mb * 1_000_000)
        notice = partial(self._notice, message.place, thread=message.answer_thread)
        try:
            if int(file.get("size") or 0) > limit:
                raise UploadTooLarge(f"{file.get('size')} bytes")
            data = await self._web.download(file, limit)
            upload = await take_in(data, str(file.get("name") or ""), Path(self._options.uploads), limit)
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
            text = f"/send_photo{json.dumps({'photo': upload.id})}"
            metadata = {"attachment": upload.as_dict()}
            await self._turn(message.place, message.user, text, message.answer_thread, metadata)

    async def _press(self, press: Press) -> None:
        if not self._may_use(press, press.place, press.addressee):
            return
        if press.place is None:
            await self._ask_privately(press.user, press.title, own_payload(press.value))
            return
        if press.is_quick_reply:
            self._update(press.place, press.message, answered(press.message.get("blocks") or [], press.title))
        thread = press.message.get("thread_ts") or press.place.thread
        await self._turn(press.place, press.user, own_payload(press.value), thread)

    async def _rating(self, rating: Rating) -> None:
        """Kept with the conversation as the slot ``answer_feedback``."""
        agent = self._agent()
        if agent is None or not self._may_use(rating, rating.place, rating.addressee):
            return
        value = {
            "message_id": rating.message.get("ts"),
            "rating": rating.rating,
            "text": plain_text(rating.message.get("text") or ""),
        }
        conversation = rating.place.conversation_id
        async with agent.lock_store.lock(conversation):
            tracker = await agent.tracker_store.retrieve(conversation)
            if tracker is None:
                return
            tracker.update(SlotSet("answer_feedback", value), agent.domain)
            await agent.tracker_store.save(tracker)
        blocks = [block for block in rating.message.get("blocks") or [] if block["type"] != "context_actions"]
        sign = "👍" if rating.rating == "up" else "👎"
        self._update(rating.place, rating.message, [*blocks, context(f"{sign} {self._texts.thanks}")])

    async def _command(self, command: Command) -> None:
        if not command.text:
            answer = self._texts.command_usage.format(command=command.name)
        elif len(command.text) > self._options.message_limit:
            answer = self._too_long
        else:
            place = await self._ask_privately(command.user, command.text, as_plain(command.text))
            answer = self._texts.answered_privately.format(channel=place.channel)
        await self._web.respond(command.response_url, answer)

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
        HomeOpened: _home_opened,
    }

    # --- parts --------------------------------------------------------------------------------------------------------

    async def _turn(
        self, place: Place, user: str, text: str, thread: str = "", metadata: dict[str, Any] | None = None
    ) -> None:
        """One message through Rasa, and an apology where nothing comes back.

        Rasa logs it when an action fails, and says nothing. A conversation that an action has paused, because a person
        has taken it over, is silent on purpose.
        """
        conversation = place.conversation_id
        output = SlackOutput(self._web, self._options.feedback, thread)
        # A thread is read by others, so nobody is recognised there.
        token = None if place.thread else await self._users.token(user)
        metadata = {**(metadata or {}), "client": f"slack {user}", **({"identity_token": token} if token else {})}
        message = UserMessage(text, output, conversation, input_channel=SlackOutput.name(), metadata=metadata)
        try:
            await asyncio.wait_for(self._on_new_message(storable_message(message)), self._options.answer_seconds)
        except asyncio.TimeoutError:
            seconds = self._options.answer_seconds
            logger.error("There was no answer in the conversation '%s' within %g seconds.", conversation, seconds)
        except Exception:
            logger.exception("A message in the conversation '%s' failed.", conversation)
        if not output.posted and not await self._is_paused(conversation):
            self._notice(place, self._texts.apology, thread)

    async def _is_paused(self, conversation: str) -> bool:
        agent = self._agent()
        tracker = await agent.tracker_store.retrieve(conversation) if agent else None
        return tracker is not None and bool(tracker.is_paused())

    async def _ask_privately(self, user: str, title: str, text: str) -> Place:
        """A turn in somebody's direct messages, for what was asked elsewhere; where it is held."""
        place = await self._direct_messages(user)
        self._notice(place, self._texts.asked.format(text=title))
        # Behind what is already waiting in that conversation.
        self._jobs.put(place.conversation_id, partial(self._turn, place, user, text))
        return place

    async def _direct_messages(self, user: str) -> Place:
        return Place((await self._web.call("conversations.open", users=user))["channel"]["id"])

    def _may_use(self, incoming: Incoming, place: Place | None, addressee: str) -> bool:
        if place is None or not addressee or addressee == incoming.user:
            return True
        text, channel = self._texts.not_yours, place.channel
        self._web.send(
            "chat.postEphemeral", channel, channel=channel, user=incoming.user, text=text, thread_ts=place.thread
        )
        return False

    def _notice(self, place: Place, text: str, thread: str = "") -> None:
        """Something that the channel says itself."""
        escaped = escape(text)
        SlackOutput(self._web, thread=thread).post(place.conversation_id, escaped, [section(escaped)])

    def _update(self, place: Place, message: dict[str, Any], blocks: list[dict[str, Any]]) -> None:
        text, sent = message.get("text") or "", message.get("ts")
        self._web.send("chat.update", place.channel, channel=place.channel, ts=sent, text=text, blocks=blocks)

    async def finish(self, seconds: float) -> None:
        """Wait for turns that are under way, at most so long."""
        unfinished = await self._jobs.finish(seconds)
        if unfinished:
            logger.warning("%d Slack conversations were not answered before the server stopped.", unfinished)
