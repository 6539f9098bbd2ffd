"""What Slack delivers over HTTP: signed, repeated, to several servers, and to one that is off, full or stopping."""

import json
import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from parlance.channels.slack import SlackChannel
from tests.integration.slack_assistant import SLOW_SECONDS, ActionServer, RasaServer
from tests.integration.slack_workspace import Workspace, url_of, wait_until
from tests.slack_people import User
from tests.slack_server import SlackServer

# Verified and acknowledged ----------------------------------------------------------------------------------------


def test_slack_is_answered_when_it_verifies_the_address(workspace: Workspace, slack: SlackServer) -> None:
    delivery = slack.deliver(workspace.url, {"type": "url_verification", "challenge": "3eZbrw1a"})

    assert delivery.status == 200
    assert json.loads(delivery.body) == {"challenge": "3eZbrw1a"}


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": "another"},
        {"signature": "v0=ünsigned"},
        {"signature": ""},
        {"age": 301},
        {"age": -700},
        {"timestamp": "yesterday"},
    ],
    ids=["another secret", "no ASCII", "no signature", "six minutes ago", "from the future", "no number"],
)
def test_what_slack_has_not_signed_in_the_last_five_minutes_is_refused(
    workspace: Workspace, slack: SlackServer, ada: User, changes: dict[str, Any]
) -> None:
    if "age" in changes:  # counted from now: the run may have collected its tests long ago
        changes = {"timestamp": int(time.time()) - changes["age"]}
    delivery = slack.deliver(workspace.url, slack.message_event(ada, slack.direct(ada), "hello"), **changes)

    assert delivery.status == 401
    workspace.settle(ada)
    assert len(slack.posted(slack.direct(ada))) == 1


def test_a_body_longer_than_slack_sends_is_refused_unread(workspace: Workspace, slack: SlackServer) -> None:
    assert slack.deliver(workspace.url, {"text": "x" * 1_000_001}, "command").status == 413


def test_a_signed_body_that_is_no_json_is_refused(workspace: Workspace, slack: SlackServer) -> None:
    delivery = slack.deliver(workspace.url, {"payload": "{"}, "command")

    assert delivery.status == 400


def test_a_slow_action_is_acknowledged_at_once_and_the_order_is_kept(
    workspace: Workspace, slack: SlackServer, ada: User
) -> None:
    channel = slack.direct(ada)
    began = time.monotonic()
    taken = [workspace.write(ada, channel, text) for text in ("do slow", "second", "third")]

    assert all(delivery.status == 200 and delivery.seconds < 3 for delivery in taken), taken
    answers = workspace.new_posts(channel, 0, 3)
    assert time.monotonic() - began >= SLOW_SECONDS
    assert [answer["text"] for answer in answers] == ["slow is done", "You said: second", "You said: third"]


def test_a_slow_action_does_not_hold_up_anybody_else(
    workspace: Workspace, slack: SlackServer, ada: User, bob: User
) -> None:
    workspace.write(ada, slack.direct(ada), "do slow")
    began = time.monotonic()
    workspace.answers(bob, "quick")

    assert time.monotonic() - began < SLOW_SECONDS / 2
    workspace.new_posts(slack.direct(ada), 0)


def test_many_messages_at_once_are_answered_in_the_order_of_their_arrival(
    workspace: Workspace, slack: SlackServer, ada: User
) -> None:
    channel = slack.direct(ada)
    texts = [f"number {number}" for number in range(15)]
    for text in texts:
        workspace.write(ada, channel, text)

    answers = workspace.new_posts(channel, 0, len(texts))
    assert [answer["text"] for answer in answers] == [f"You said: {text}" for text in texts]


# Once each --------------------------------------------------------------------------------------------------------


def test_a_repeated_delivery_is_processed_once(workspace: Workspace, slack: SlackServer, ada: User) -> None:
    event = slack.message_event(ada, slack.direct(ada), "only once")
    first = slack.deliver(workspace.url, event)
    repeated = [slack.deliver(workspace.url, event, retry=number) for number in (1, 2, 3)]
    without_header = slack.deliver(workspace.url, event)

    assert {delivery.status for delivery in (first, *repeated, without_header)} == {200}
    workspace.settle(ada)
    assert [post["text"] for post in slack.posted(slack.direct(ada))][:-1] == ["You said: only once"]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_duplicates_over_two_servers_are_processed_once(
    database: str,
    slack: SlackServer,
    slack_model: Path,
    slack_actions: ActionServer,
    tmp_path: Path,
    ada: User,
    request: pytest.FixtureRequest,
) -> None:
    options = {}
    if database == "postgresql":
        options["deliveries"] = request.getfixturevalue("postgresql").render_as_string(hide_password=False)
    workspace = Workspace(slack, slack_model, slack_actions.url, tmp_path, **options)
    other = workspace.start()
    try:
        events = [slack.message_event(ada, slack.direct(ada), f"number {number}") for number in range(8)]
        for event in events:
            taken = slack.deliver_to_all([workspace.url, url_of(other)] * 2, event)
            assert [delivery.status for delivery in taken] == [200] * 4
        answers = workspace.new_posts(slack.direct(ada), 0, len(events))
    finally:
        other.stop()
        workspace.stop()
    assert sorted(answer["text"] for answer in answers) == [f"You said: number {number}" for number in range(8)]


def test_a_delivery_from_before_a_restart_is_not_processed_again(
    slack: SlackServer, slack_model: Path, slack_actions: ActionServer, tmp_path: Path, ada: User
) -> None:
    workspace = Workspace(slack, slack_model, slack_actions.url, tmp_path)
    event = slack.message_event(ada, slack.direct(ada), "before")
    slack.deliver(workspace.url, event)
    workspace.new_posts(slack.direct(ada), 0)
    workspace.stop()

    workspace.rasa = workspace.start()
    try:
        assert slack.deliver(workspace.url, event, retry=1).status == 200
        workspace.settle(ada)
        assert len(slack.posted(slack.direct(ada))) == 2
        said = [event["text"] for event in workspace.events(f"slack-{slack.direct(ada)}") if event["event"] == "user"]
        assert said == ["before", "settled?"]
    finally:
        workspace.stop()


def test_what_was_taken_on_is_answered_before_the_server_stops(
    slack: SlackServer, slack_model: Path, slack_actions: ActionServer, tmp_path: Path, ada: User
) -> None:
    workspace = Workspace(slack, slack_model, slack_actions.url, tmp_path)
    workspace.write(ada, slack.direct(ada), "do slow")
    workspace.stop()

    assert [post["text"] for post in slack.posted(slack.direct(ada))] == ["slow is done"]


def test_slack_is_asked_to_repeat_what_cannot_be_recorded(workspace: Workspace, slack: SlackServer, ada: User) -> None:
    event = slack.message_event(ada, slack.direct(ada), "recorded in the end")
    database = sqlite3.connect(workspace.credentials["deliveries"].removeprefix("sqlite:///"))
    database.execute("BEGIN EXCLUSIVE")
    first = slack.deliver(workspace.url, event)
    database.rollback()
    database.close()
    retries = slack.deliver_with_retries(workspace.url, event)

    assert (first.status, [retry.status for retry in retries]) == (503, [200])
    assert first.seconds < 3
    assert workspace.new_posts(slack.direct(ada), 0)[0]["text"] == "You said: recorded in the end"


@contextmanager
def disk_that(refuses: str, url: str) -> Iterator[None]:
    """SQLite answers as on a disk that is full or can only be read: root could write to the latter."""

    def refuse(connection: Connection) -> None:
        if str(connection.engine.url) == url:
            connection.exec_driver_sql(refuses)

    event.listen(Engine, "begin", refuse)
    try:
        yield
    finally:
        event.remove(Engine, "begin", refuse)


@pytest.mark.parametrize(
    ("refuses", "why"), [("PRAGMA max_page_count=1", "is full"), ("PRAGMA query_only=ON", "readonly")]
)
def test_slack_is_asked_to_repeat_what_the_disk_does_not_take_and_it_is_answered_once(
    refuses: str,
    why: str,
    slack: SlackServer,
    slack_model: Path,
    slack_actions: ActionServer,
    tmp_path: Path,
    ada: User,
    caplog: pytest.LogCaptureFixture,
) -> None:
    workspace = Workspace(slack, slack_model, slack_actions.url, tmp_path)
    channel = slack.direct(ada)
    message = slack.message_event(ada, channel, "taken in the end")
    message["event"]["blocks"] = ["x" * 8000]  # fits no page that is there
    with disk_that(refuses, workspace.credentials["deliveries"]):
        failed = [
            slack.deliver(workspace.url, message).status,
            slack.deliver(workspace.url, message, retry=1).status,
        ]
    taken = [slack.deliver(workspace.url, message, retry=retry).status for retry in (2, 3)]
    workspace.write(ada, channel, "after")
    workspace.new_posts(channel, 0, 2)
    workspace.stop()  # once all is answered

    assert (failed, taken) == ([503, 503], [200, 200])
    assert [post["text"] for post in slack.posted(channel)] == ["You said: taken in the end", "You said: after"]
    assert why in caplog.text


# Being there ------------------------------------------------------------------------------------------------------


def test_without_a_token_the_channel_is_there_and_off(
    slack_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
    with caplog.at_level(logging.INFO):
        channel = SlackChannel.from_credentials(None)
        rasa = RasaServer(slack_model, channel, "http://127.0.0.1:9", tmp_path / "conversations.db")
    try:
        assert requests.get(f"{rasa.address}/webhooks/slack/", timeout=10).json() == {"status": "ok", "mode": "off"}
        assert requests.post(f"{rasa.address}/webhooks/slack/webhook", timeout=10).status_code == 404
    finally:
        rasa.stop()
    assert caplog.text.count("Slack is off") == 1


def test_a_wrong_token_is_said_in_the_log(
    slack: SlackServer, slack_model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    workspace = Workspace(slack, slack_model, "http://127.0.0.1:9", tmp_path, bot_token="xoxb-wrong")
    try:
        wait_until(lambda: "invalid_auth" in caplog.text, "a log line")
        assert "OAuth & Permissions" in caplog.text
    finally:
        workspace.stop()
