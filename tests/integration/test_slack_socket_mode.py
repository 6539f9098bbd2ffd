"""Fern in Slack, against a Slack that speaks the real protocol: Socket Mode."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.slack_assistant import SLOW_SECONDS, ActionServer
from tests.integration.slack_workspace import Workspace, wait_until
from tests.slack_people import User
from tests.slack_server import SlackServer


@pytest.fixture(scope="module")
def workspace(
    slack: SlackServer, slack_model: Path, slack_actions: ActionServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workspace]:
    slack.limit("apps.connections.open", 1)
    folder = tmp_path_factory.mktemp("slack")
    workspace = Workspace(slack, slack_model, slack_actions.url, folder, mode="socket", signing_secret="")
    wait_until(lambda: slack.is_connected, "a connection")
    yield workspace
    workspace.stop()
    wait_until(lambda: not slack.is_connected, "the end of the connection")


def acknowledged_after(slack: SlackServer, envelope: str, began: float) -> float:
    wait_until(lambda: envelope in slack.acknowledged, f"{envelope} acknowledged")
    return slack.acknowledged[envelope] - began


def test_a_slow_action_is_acknowledged_at_once_and_the_order_is_kept(
    workspace: Workspace, slack: SlackServer, ada: User
) -> None:
    channel, began = slack.direct(ada), time.monotonic()
    texts = ["do slow", *(f"number {number}" for number in range(10))]
    envelopes = [slack.send_envelope("events_api", slack.message_event(ada, channel, text)) for text in texts]

    assert all(acknowledged_after(slack, envelope, began) < 3 for envelope in envelopes)
    answers = workspace.new_posts(channel, 0, len(texts))
    assert time.monotonic() - began >= SLOW_SECONDS
    assert [answer["text"] for answer in answers] == ["slow is done", *(f"You said: {text}" for text in texts[1:])]


def test_a_repeated_envelope_is_acknowledged_and_processed_once(
    workspace: Workspace, slack: SlackServer, ada: User
) -> None:
    event = slack.message_event(ada, slack.direct(ada), "only once")
    envelopes = [slack.send_envelope("events_api", event, retry=number) for number in range(3)]
    slack.send_envelope("events_api", slack.message_event(ada, slack.direct(ada), "last"))

    answers = workspace.new_posts(slack.direct(ada), 0, 2)
    assert [answer["text"] for answer in answers] == ["You said: only once", "You said: last"]
    wait_until(lambda: set(envelopes) <= slack.acknowledged.keys(), "all acknowledged")


def test_buttons_and_commands_come_through_the_socket(workspace: Workspace, slack: SlackServer, ada: User) -> None:
    channel = slack.direct(ada)
    slack.send_envelope("slash_commands", slack.command_form(ada, channel, "hello"))
    _, greeting = workspace.new_posts(channel, 0, 2)
    slack.send_envelope("interactive", slack.press_payload(ada, channel, greeting, "Help"))

    assert workspace.new_posts(channel, 2)[0]["text"] == "You said: help me"


@pytest.mark.parametrize("politely", [True, False], ids=["Slack refreshes it", "the line breaks"])
def test_the_connection_is_made_again(workspace: Workspace, slack: SlackServer, ada: User, politely: bool) -> None:
    before = slack.connections_opened
    slack.disconnect(politely)
    wait_until(lambda: slack.connections_opened > before and slack.is_connected, "another connection")
    slack.send_envelope("events_api", slack.message_event(ada, slack.direct(ada), "still there?"))

    assert workspace.new_posts(slack.direct(ada), 0)[0]["text"] == "You said: still there?"


def test_what_cannot_be_recorded_is_not_acknowledged_and_so_comes_again(
    workspace: Workspace, slack: SlackServer, ada: User
) -> None:
    event = slack.message_event(ada, slack.direct(ada), "recorded in the end")
    database = sqlite3.connect(workspace.credentials["deliveries"].removeprefix("sqlite:///"))
    database.execute("BEGIN EXCLUSIVE")
    first = slack.send_envelope("events_api", event)
    time.sleep(3)
    database.rollback()
    database.close()
    again = slack.send_envelope("events_api", event, retry=1)

    answers = workspace.new_posts(slack.direct(ada), 0)
    assert [answer["text"] for answer in answers] == ["You said: recorded in the end"]
    wait_until(lambda: again in slack.acknowledged, "the second attempt acknowledged")
    assert first not in slack.acknowledged


def test_the_webhook_is_not_there_in_socket_mode(workspace: Workspace, slack: SlackServer, ada: User) -> None:
    assert workspace.write(ada, slack.direct(ada), "hello").status == 404
