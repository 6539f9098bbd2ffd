"""Rasa's bot messages, posted to Slack."""

import logging
from collections.abc import Iterable
from typing import Any

from rasa.core.channels.channel import OutputChannel

from parlance.channels.slack.incoming import Place
from parlance.channels.slack.rendering import (
    REPLY_BLOCK,
    Block,
    button_blocks,
    card_messages,
    escape,
    feedback_block,
    is_picture_address,
    mrkdwn,
    section,
    split,
)
from parlance.channels.slack.web_api import SlackWeb

FALLBACK_LENGTH = 3000  # of the text that notifications and screen readers get

logger = logging.getLogger(__name__)


class SlackOutput(OutputChannel):
    """Posts messages to the place that a conversation is held in.

    Posting is queued and does not wait for Slack, so a slow Slack holds up neither the action nor the conversation's
    lock.

    Args:
        web: The workspace.
        feedback: Whether answers carry thumbs up and down.
        thread: The thread to answer in, where the conversation does not say it: a direct message has threads, too.
        to: The id of the message that is answered; empty for what the assistant says of itself.
    """

    def __init__(self, web: SlackWeb, feedback: bool = True, thread: str = "", to: str = "") -> None:
        self._web = web
        self._feedback = feedback
        self._thread = thread
        self._to = to
        self.posted = 0

    @classmethod
    def name(cls) -> str:
        return "slack"

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        self._say(recipient_id, text, [])

    async def send_text_with_buttons(
        self, recipient_id: str, text: str | None, buttons: list[dict[str, Any]], **kwargs: Any
    ) -> None:
        text = text or " · ".join(str(button.get("title")) for button in buttons)
        self._say(recipient_id, text, button_blocks(buttons, REPLY_BLOCK, Place.of_conversation(recipient_id).user))

    async def send_image_url(self, recipient_id: str, image: str, **kwargs: Any) -> None:
        if is_picture_address(image):
            self.post(recipient_id, "Picture", [{"type": "image", "image_url": image, "alt_text": "Picture"}])
        elif image.startswith(("https://", "http://")):
            self._say(recipient_id, image, [])

    async def send_elements(self, recipient_id: str, elements: Iterable[dict[str, Any]], **kwargs: Any) -> None:
        cards = [{**element, "image": element.get("image_url")} for element in elements]
        self._show_cards(recipient_id, cards, "")

    async def send_custom_json(self, recipient_id: str, json_message: dict[str, Any], **kwargs: Any) -> None:
        """Product cards, Block Kit as it is (``{"blocks": [...]}``), or else the message's plain ``text``."""
        text = str(json_message.get("text") or "")
        if json_message.get("type") == "product_cards" and json_message.get("cards"):
            self._show_cards(recipient_id, json_message["cards"], text)
        elif json_message.get("blocks"):
            self.post(recipient_id, escape(text), json_message["blocks"])
        elif text:
            self._say(recipient_id, text, [])
        else:
            logger.warning("A custom message cannot be shown in Slack, since it has no text: %s", sorted(json_message))

    def _say(self, recipient_id: str, text: str, more: list[Block]) -> None:
        """Text in as many messages as it needs; what goes below it, and the thumbs, come with the last."""
        parts = [mrkdwn(part) for part in split(text)]
        for number, part in enumerate(parts, start=1):
            is_last = number == len(parts)
            self.post(recipient_id, part, [section(part), *(more if is_last else [])], self._feedback and is_last)

    def _show_cards(self, recipient_id: str, cards: list[dict[str, Any]], text: str) -> None:
        addressee = Place.of_conversation(recipient_id).user
        titles = text or ", ".join(str(card.get("title") or "") for card in cards)
        for blocks in card_messages(cards, addressee):
            self.post(recipient_id, escape(titles)[:FALLBACK_LENGTH], blocks, self._feedback)

    def post(self, recipient_id: str, text: str, blocks: list[Block], with_feedback: bool = False) -> None:
        """Post blocks; ``text``, which is mrkdwn, stands for them in notifications."""
        place = Place.of_conversation(recipient_id)
        message: dict[str, Any] = {
            "channel": place.channel,
            "text": text,
            "blocks": [*blocks, feedback_block(place.user, self._to)] if with_feedback else blocks,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if thread := self._thread or place.thread:
            message["thread_ts"] = thread
        self._web.send("chat.postMessage", place.channel, **message)
        self.posted += 1
