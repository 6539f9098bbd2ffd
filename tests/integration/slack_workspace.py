"""A workspace of Slack and an assistant in it, for tests: what people do, and waiting for what they see."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from parlance.channels.slack import SlackChannel
from tests.integration.slack_assistant import RasaServer
from tests.slack_people import User
from tests.slack_server import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, Delivery, SlackServer

ANSWER_SECONDS = 20.0


def wait_until(condition: Callable[[], Any], what: str, seconds: float = ANSWER_SECONDS) -> None:
    """Returns as soon as the condition holds, and fails with ``what`` if it does not."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


class Workspace:
    """An assistant that is connected to a Slack."""

    def __init__(self, slack: SlackServer, model: Path, action_url: str, folder: Path, **options: Any) -> None:
        self.slack = slack
        self._server = (model, action_url, folder / "conversations.db")
        self.folder = folder
        self.uploads = folder / "uploads"
        self.credentials = {
            "mode": "http",
            "bot_token": BOT_TOKEN,
            "app_token": APP_TOKEN,
            "signing_secret": SIGNING_SECRET,
            "api_url": f"{slack.address}/api/",
            "deliveries": f"sqlite:///{folder / 'deliveries.db'}",
            "feedback_database": f"sqlite:///{folder / 'feedback.db'}",
            "uploads": str(self.uploads),
            "identity": "shop.identity.mint",
            **options,
        }
        self.rasa = self.start()

    def start(self) -> RasaServer:
        """A server; a second one beside the first, or one after it."""
        model, action_url, conversations = self._server
        return RasaServer(model, SlackChannel.from_credentials(dict(self.credentials)), action_url, conversations)

    @property
    def url(self) -> str:
        return url_of(self.rasa)

    def write(self, user: User, channel: str, text: str, **details: Any) -> Delivery:
        """Somebody writes a message; how the app took its delivery."""
        return self.slack.deliver(self.url, self.slack.message_event(user, channel, text, **details))

    def answers(self, user: User, text: str, count: int = 1, **details: Any) -> list[dict[str, Any]]:
        """The messages that answer a direct message."""
        channel = self.slack.direct(user)
        before = len(self.slack.posted(channel))
        delivery = self.write(user, channel, text, **details)
        assert delivery.status == 200, delivery
        return self.new_posts(channel, before, count)

    def new_posts(self, channel: str, before: int, count: int = 1) -> list[dict[str, Any]]:
        """The posts of a channel after the first ``before``; waits until there are ``count``."""

        def posts() -> list[dict[str, Any]]:
            return self.slack.posted(channel)[before:]

        wait_until(lambda: len(posts()) >= count, f"{count} posts in {channel}, only {posts()}")
        return posts()

    def press(self, user: User, channel: str | None, message: dict[str, Any] | None, title: str) -> Delivery:
        """Somebody presses a button."""
        payload = self.slack.press_payload(user, channel, message, title)
        return self.slack.deliver(self.url, payload, "interaction")

    def settle(self, user: User) -> None:
        """Returns when everything that was delivered for somebody so far has been dealt with."""
        channel = self.slack.direct(user)
        before = len(self.slack.posted(channel))
        assert self.write(user, channel, "settled?").status == 200

        def said() -> list[str]:
            return [post["text"] for post in self.slack.posted(channel)[before:]]

        # What was delivered before may be answered only now.
        wait_until(lambda: any(text.endswith("settled?") for text in said()), "the last answer")

    def events(self, conversation: str) -> list[dict[str, Any]]:
        """A conversation's events, as the tracker store has them."""
        tracker = self.rasa.run(self.rasa.agent.tracker_store.retrieve(conversation))
        return [event.as_dict() for event in tracker.events] if tracker else []

    def stop(self) -> None:
        self.rasa.stop()


def url_of(rasa: RasaServer) -> str:
    return f"{rasa.address}/webhooks/slack/webhook"


def blocks_of(message: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [block for block in message["blocks"] if block["type"] == kind]
