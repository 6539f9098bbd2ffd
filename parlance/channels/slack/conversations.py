"""From what Slack delivers to turns of a conversation: each delivery once, in order, and never met with silence."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.exc import SQLAlchemyError

from parlance.channels.core.deliveries import Delivery, DeliveryLog
from parlance.channels.core.limits import RateLimiter
from parlance.channels.core.ordered_jobs import OrderedJobs
from parlance.channels.core.payloads import as_plain, own_payload, storable_message
from parlance.channels.core.uploads import UploadNotNow, UploadRefused, UploadTooLarge, take_in
from parlance.channels.slack.incoming import (
    READERS,
    AskedElsewhere,
    Command,
    HomeOpened,
    Incoming,
    Message,
    Place,
    Press,
    Rating,
)
from parlance.channels.slack.options import SlackOptions
from parlance.channels.slack.output import SlackOutput
from parlance.channels.slack.rendering import (
    answered,
    context,
    escape,
    home_view,
    plain_text,
    section,
)
from parlance.channels.slack.users import Mint, SlackUsers
from parlance.channels.slack.web_api import FileUnavailable, SlackWeb

FILES_AT_ONCE = 5
MOST_TRIES = 3
RETRY_SECONDS = 2.0
WATCH_SECONDS = 2.0

Result = TypeVar("Result")

logger = logging.getLogger(__name__)


class SlackConversations:
    """Takes deliveries on and answers them.

    Args:
        web: The workspace.
        deliveries: The inbox of this and every other process.
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
        self._watching: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Answer what a process that is gone has left pending, now and whenever one goes."""
        self._watching = asyncio.ensure_future(self._watch())

    async def _watch(self) -> None:
        while True:
            try:
                await self._deliveries.renew()
                # Without a model nothing can be answered yet.
                for order, until in await self._deliveries.abandoned() if self._agent() else []:
                    self._jobs.put(order, partial(self._work, order, until))
            except SQLAlchemyError as error:
                logger.warning("Pending messages of Slack cannot be looked for just now: %s", error)
            await asyncio.sleep(WATCH_SECONDS)

    async def accept(self, incoming: Incoming, kind: str, payload: dict[str, Any]) -> None:
        """Take a delivery on. Returns once it is stored; the answer comes later.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: It cannot be stored, so Slack should deliver it again.
        """
        received_at = self._deliveries.stamp()
        storing = asyncio.ensure_future(self._store(incoming, kind, payload, received_at))
        # Queued before anything is waited for, so that the order is that of arrival.
        self._jobs.put(incoming.order, partial(self._work, incoming.order, received_at, storing))
        await asyncio.shield(storing)

    async def _store(self, incoming: Incoming, kind: str, payload: dict[str, Any], received_at: float) -> None:
        if isinstance(incoming, Message) and not incoming.is_addressed and not await self._takes_part(incoming.place):
            return
        stored = {"kind": kind, "payload": payload}
        await self._deliveries.take_in(incoming.keys, incoming.order, stored, received_at)

    async def _takes_part(self, place: Place) -> bool:
        """Whether the bot and this person have spoken in a thread before; then no mention is needed."""
        agent = self._agent()
        return agent is not None and bool(await agent.tracker_store.exists(place.conversation_id))

    async def _work(self, order: str, until: float, storing: "asyncio.Future[None] | None" = None) -> None:
        """Answer what is pending of an order, up to a delivery, which may be on its way into the inbox."""
        try:
            await storing if storing else None
        except Exception:
            logger.exception("A delivery of Slack cannot be stored; Slack is asked to deliver it again.")
            return
        while delivery := await self._until_stored(partial(self._deliveries.next, order, until)):
            try:
                await self._answer(delivery)
            except Exception:
                logger.exception("Delivery %s of Slack failed, try %d.", delivery.key, delivery.tries)
                await asyncio.sleep(RETRY_SECONDS)

    async def _until_stored(self, call: Callable[[], Awaitable[Result]]) -> Result:
        """A call of the inbox, again while the database is away: what is pending must not be forgotten for that."""
        while True:
            try:
                return await call()
            except SQLAlchemyError as error:
                logger.error("The inbox of Slack's deliveries cannot be used just now: %s", error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _answer(self, delivery: Delivery) -> None:
        """Answers, and marks that as done once Slack has the answer.

        A process that dies between the two answers again after it: at least once, rather than never.
        """
        incoming = READERS[delivery.payload["kind"]](delivery.payload["payload"])
        if incoming is None:
            await self._until_stored(partial(self._deliveries.finish, delivery.key))
            return
        if delivery.tries > MOST_TRIES:
            logger.error("Delivery %s of Slack failed %d times and is set aside.", delivery.key, MOST_TRIES)
            await self._deliveries.set_aside(delivery.key)
            await self._tell(incoming, self._texts.set_aside)
            return
        is_free = delivery.tries > 1 or isinstance(incoming, (HomeOpened, Rating, AskedElsewhere))
        if is_free or self._limit.allow(incoming.user):
            await self._handlers[type(incoming)](self, incoming)
        else:
            await self._ask_to_wait(incoming)
        sent = asyncio.get_running_loop().create_future()

        async def is_sent() -> None:
            sent.set_result(None)

        place = getattr(incoming, "place", None)
        self._web.after(place.channel if place else f"home-{incoming.user}", is_sent)
        await sent
        await self._until_stored(partial(self._deliveries.finish, delivery.key))

    async def _ask_to_wait(self, incoming: Incoming) -> None:
        """Politely, and once a minute: an answer to each would be a flood, too."""
        if not self._notices.allow(incoming.user):
            return
        await self._tell(incoming, self._texts.too_many.format(seconds=max(1, self._limit.wait(incoming.user))))

    async def _tell(self, incoming: Incoming, text: str) -> None:
        """Something about a delivery, where it came from."""
        if isinstance(incoming, Message):
            self._notice(incoming.place, text, incoming.answer_thread)
        elif isinstance(incoming, Command):
            await self._web.respond(incoming.response_url, text)
        elif isinstance(incoming, Press):
            self._notice(incoming.place or await self._direct_messages(incoming.user), text)
        elif isinstance(incoming, AskedElsewhere):
            self._notice(incoming.place, text)

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
            await self._ask_privately(press, press.title, own_payload(press.value))
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
            place = await self._ask_privately(command, command.text, as_plain(command.text))
            answer = self._texts.answered_privately.format(channel=place.channel)
        await self._web.respond(command.response_url, answer)

    async def _asked_elsewhere(self, asked: AskedElsewhere) -> None:
        self._notice(asked.place, self._texts.asked.format(text=asked.title))
        await self._turn(asked.place, asked.user, asked.text)

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
        except (Exception, SystemExit):
            # Rasa exits where it takes a fault for one of the configuration.
            logger.exception("A message in the conversation '%s' failed.", conversation)
        if not output.posted and not await self._is_paused(conversation):
            self._notice(place, self._texts.apology, thread)

    async def _is_paused(self, conversation: str) -> bool:
        agent = self._agent()
        tracker = await agent.tracker_store.retrieve(conversation) if agent else None
        return tracker is not None and bool(tracker.is_paused())

    async def _ask_privately(self, incoming: Incoming, title: str, text: str) -> Place:
        """A turn in somebody's direct messages, for what was asked elsewhere; where it is held."""
        place = await self._direct_messages(incoming.user)
        asked = AskedElsewhere((f"asked-{incoming.keys[0]}"[:255],), incoming.user, place, title, text)
        stored = {"key": asked.keys[0], "user": asked.user, "channel": place.channel, "title": title, "text": text}
        # Behind what is already waiting in that conversation.
        await self.accept(asked, "asked_elsewhere", stored)
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
        """Wait for turns that are under way, at most so long; the rest stays pending."""
        unfinished = await self._jobs.finish(seconds)
        if unfinished:
            logger.warning("%d Slack conversations were not answered before the server stopped.", unfinished)

    async def release(self) -> None:
        """Leave what is still pending to the next process, at once."""
        if self._watching is not None:
            self._watching.cancel()
        try:
            await self._deliveries.release()
        except SQLAlchemyError as error:
            logger.warning("Pending messages of Slack are left to the next process a little later: %s", error)
