"""Fern in Slack, against a Slack that speaks the real protocol: HTTP mode."""

import json
import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from parlance.channels.slack import SlackChannel, web_api
from parlance.rasa.retention import Erased, retention_of
from tests.integration.slack_assistant import SLOW_SECONDS, ActionServer, RasaServer
from tests.integration.slack_workspace import Workspace, url_of, wait_until
from tests.slack_server import BOT_USER, SlackServer, User
from tests.web_assistant import thumbs_in

APOLOGY = "Sorry, something went wrong"


def png() -> bytes:
    written = BytesIO()
    Image.new("RGB", (8, 8), "teal").save(written, "PNG")
    return written.getvalue()


PNG = png()


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackServer]:
    server = SlackServer().start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def workspace(
    slack: SlackServer, slack_model: Path, slack_actions: ActionServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workspace]:
    workspace = Workspace(slack, slack_model, slack_actions.url, tmp_path_factory.mktemp("slack"))
    yield workspace
    workspace.stop()


@pytest.fixture
def ada(slack: SlackServer) -> User:
    return slack.user("Ada", "ada@example.com")


@pytest.fixture
def bob(slack: SlackServer) -> User:
    return slack.user("Bob", "bob@example.com")


def blocks_of(message: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [block for block in message["blocks"] if block["type"] == kind]


# --- being delivered to -----------------------------------------------------------------------------------------------


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


# --- conversations ----------------------------------------------------------------------------------------------------


def test_a_direct_message_is_answered_with_quick_replies_and_thumbs(workspace: Workspace, ada: User) -> None:
    (answer,) = workspace.answers(ada, "hello")

    assert answer["text"] == "Hello from *Fern*"
    assert answer.get("thread_ts") is None
    (actions,) = blocks_of(answer, "actions")
    assert [element["text"]["text"] for element in actions["elements"]] == ["Where is it?", "Help"]
    (thumbs,) = blocks_of(answer, "context_actions")
    assert thumbs["elements"][0]["type"] == "feedback_buttons"


def test_a_quick_reply_is_sent_once_and_stands_where_the_buttons_were(
    workspace: Workspace, slack: SlackServer, ada: User
) -> None:
    (greeting,) = workspace.answers(ada, "hello")
    channel = slack.direct(ada)
    pressed = [slack.press_payload(ada, channel, greeting, title) for title in ("Where is it?", "Help", "Where is it?")]
    for payload in pressed:
        assert slack.deliver(workspace.url, payload, "interaction").status == 200
    workspace.settle(ada)

    assert [post["text"] for post in slack.posted(channel)][1:-1] == ["You said: where is it"]
    assert not blocks_of(greeting, "actions")
    assert blocks_of(greeting, "context")[0]["elements"][0]["text"] == "✓ Where is it?"


def test_a_mention_is_answered_in_a_thread_once_though_it_arrives_as_two_events(
    workspace: Workspace, slack: SlackServer, ada: User
) -> None:
    channel, sent = slack.channel(), slack.timestamp()
    slack.deliver(workspace.url, slack.mention_event(ada, channel, "where is it", ts=sent))
    slack.deliver(workspace.url, slack.message_event(ada, channel, f"@{BOT_USER} where is it", ts=sent))
    workspace.settle(ada)

    (answer,) = slack.posted(channel)
    assert (answer["text"], answer["thread_ts"]) == ("You said: where is it", sent)


def test_a_thread_goes_on_without_mentions_for_those_who_spoke_in_it(
    workspace: Workspace, slack: SlackServer, ada: User, bob: User
) -> None:
    channel, thread = slack.channel(), slack.timestamp()
    slack.deliver(workspace.url, slack.mention_event(ada, channel, "begin", ts=thread))
    workspace.new_posts(channel, 0)
    further = slack.timestamp()
    workspace.write(ada, channel, "go on", thread_ts=thread, ts=further)
    slack.deliver(workspace.url, slack.mention_event(ada, channel, "go on", thread_ts=thread, ts=further))
    workspace.write(bob, channel, "not for the bot", thread_ts=thread)
    workspace.write(ada, channel, "not in the thread")
    for user in (ada, bob):
        workspace.settle(user)

    assert [post["text"] for post in slack.posted(channel, thread)] == ["You said: begin", "You said: go on"]
    assert len(slack.posted(channel)) == 2


@pytest.mark.parametrize(
    ("typed", "heard"),
    [
        ('/send_photo{"photo": "x"}', 'send_photo{"photo": "x"}'),
        (" /restart", "restart"),
        ('/deny{"further_request": {"text":"/x","intent":{"name":"\\ud800"}}}', None),
        ("half \ud800 and\x00", "half ? and"),
    ],
)
def test_a_typed_payload_is_text_and_everything_can_be_stored(
    workspace: Workspace, slack: SlackServer, ada: User, typed: str, heard: str | None
) -> None:
    answer = workspace.answers(ada, typed)[0]["text"]

    assert answer == f"You said: {typed[1:] if heard is None else heard}"
    workspace.settle(ada)
    events = workspace.events(f"slack-{slack.direct(ada)}")
    json.dumps(events, ensure_ascii=False).encode()
    assert not [event for event in events if event["event"] == "slot" and event["name"] == "photo" and event["value"]]


def test_in_a_thread_everybody_has_their_own_conversation_and_buttons(
    workspace: Workspace, slack: SlackServer, ada: User, bob: User
) -> None:
    channel, thread = slack.channel(), slack.timestamp()
    slack.deliver(workspace.url, slack.mention_event(ada, channel, "hello", ts=thread))
    (greeting,) = workspace.new_posts(channel, 0)
    slack.deliver(workspace.url, slack.mention_event(bob, channel, "me too", thread_ts=thread))
    workspace.new_posts(channel, 1)
    workspace.press(bob, channel, greeting, "Help")
    wait_until(lambda: [note for note in slack.ephemeral if note["user"] == bob.id], "a note for Bob")
    workspace.press(ada, channel, greeting, "Help")

    assert workspace.new_posts(channel, 2)[0]["text"] == "You said: help me"
    said = {
        user.name: [
            event["text"]
            for event in workspace.events(f"slack-{channel}-{thread}-{user.id}")
            if event["event"] == "user"
        ]
        for user in (ada, bob)
    }
    assert said == {"Ada": ["hello", "help me"], "Bob": ["me too"]}


def test_a_reply_in_a_thread_of_direct_messages_stays_in_the_thread_and_in_the_conversation(
    workspace: Workspace, slack: SlackServer, ada: User
) -> None:
    workspace.answers(ada, "above")
    thread = slack.timestamp()
    (answer,) = workspace.answers(ada, "in the thread", thread_ts=thread)

    assert answer["thread_ts"] == thread
    events = workspace.events(f"slack-{slack.direct(ada)}")
    assert [event["text"] for event in events if event["event"] == "user"] == ["above", "in the thread"]


@pytest.mark.parametrize(
    "details",
    [
        {"bot_id": "B1"},
        {"subtype": "message_changed"},
        {"subtype": "message_deleted"},
        {"subtype": "channel_join"},
        {"subtype": "bot_message"},
    ],
    ids=str,
)
def test_what_nobody_has_just_written_is_ignored(
    workspace: Workspace, slack: SlackServer, ada: User, details: dict[str, Any]
) -> None:
    assert workspace.write(ada, slack.direct(ada), "hello", **details).status == 200
    workspace.settle(ada)

    assert len(slack.posted(slack.direct(ada))) == 1


def test_a_command_is_answered_in_direct_messages(workspace: Workspace, slack: SlackServer, ada: User) -> None:
    channel = slack.channel()
    form = slack.command_form(ada, channel, "where is <it>?")
    taken = [slack.deliver(workspace.url, form, "command") for _ in range(2)]
    question, answer = workspace.new_posts(slack.direct(ada), 0, 2)

    assert all(delivery.status == 200 and not delivery.body for delivery in taken)
    assert question["text"] == "You asked: where is &lt;it&gt;?"
    assert answer["text"] == "You said: where is &lt;it&gt;?"
    wait_until(lambda: slack.responses, "a response to the command")
    assert slack.direct(ada) in slack.responses[-1]["text"]
    assert slack.responses[-1]["response_type"] == "ephemeral"
    assert slack.posted(channel) == []


def test_a_command_without_a_question_says_how_to_use_it(workspace: Workspace, slack: SlackServer, ada: User) -> None:
    before = len(slack.responses)
    slack.deliver(workspace.url, slack.command_form(ada, slack.channel(), " "), "command")
    wait_until(lambda: len(slack.responses) > before, "a response to the command")

    assert "/fern where is my order?" in slack.responses[-1]["text"]


def test_the_apps_home_greets_and_its_buttons_begin_a_conversation(
    workspace: Workspace, slack: SlackServer, ada: User
) -> None:
    opened = {"type": "app_home_opened", "user": ada.id, "channel": slack.direct(ada), "tab": "home"}
    slack.deliver(workspace.url, slack.event(opened))
    wait_until(lambda: ada.id in slack.homes, "a published home")
    workspace.press(ada, None, None, "Help")

    assert slack.homes[ada.id]["blocks"][0]["text"]["text"] == "Hello from *Fern*"
    posts = workspace.new_posts(slack.direct(ada), 0, 2)
    assert [post["text"] for post in posts] == ["You asked: Help", "You said: help me"]


def test_rasas_api_reaches_a_conversation_unasked(workspace: Workspace, slack: SlackServer, ada: User) -> None:
    workspace.answers(ada, "first")
    url = f"{workspace.rasa.address}/conversations/slack-{slack.direct(ada)}/trigger_intent?output_channel=latest"
    requests.post(url, json={"name": "greet"}, timeout=10).raise_for_status()

    assert workspace.new_posts(slack.direct(ada), 1)[0]["text"] == "Hello from *Fern*"


# --- answers ----------------------------------------------------------------------------------------------------------


def test_product_cards_show_and_their_buttons_can_be_used_more_than_once(
    workspace: Workspace, slack: SlackServer, ada: User
) -> None:
    (cards,) = workspace.answers(ada, "do cards")
    for name in ("Aurora", "Borealis"):
        workspace.press(ada, slack.direct(ada), cards, f"Choose {name}")
    chosen = workspace.new_posts(slack.direct(ada), 1, 2)

    assert cards["text"] == "Two lamps"
    assert cards["blocks"][0]["text"]["text"] == "*Aurora*\nBrass &amp; &lt;glass&gt;\n€49.00"
    assert [post["text"] for post in chosen] == ["You said: chosen Aurora", "You said: chosen Borealis"]
    assert len(blocks_of(cards, "actions")) == 2


def test_a_long_answer_is_split_in_order_and_has_its_thumbs_at_the_end(workspace: Workspace, ada: User) -> None:
    parts = workspace.answers(ada, "do long", 3)

    assert [part["text"][:12] for part in parts] == ["Paragraph 0.", "Paragraph 2.", "Paragraph 4."]
    assert [len(blocks_of(part, "context_actions")) for part in parts] == [0, 0, 1]


@pytest.mark.parametrize(
    "text",
    ["<!channel> & <https://evil.example|my bank>", "<script>alert(1)</script>", "<@U12345>", "\u202egnirts\u200b"],
)
def test_what_somebody_typed_comes_back_escaped(workspace: Workspace, ada: User, text: str) -> None:
    (answer,) = workspace.answers(ada, text)

    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert answer["text"] == f"You said: {escaped}"
    assert answer["blocks"][0]["text"]["text"] == answer["text"]


def test_a_rating_is_kept_with_the_conversation(workspace: Workspace, slack: SlackServer, ada: User) -> None:
    (answer,) = workspace.answers(ada, "what <now>")
    channel = slack.direct(ada)
    slack.deliver(workspace.url, slack.rating_payload(ada, channel, answer, "down"), "interaction")
    wait_until(lambda: not blocks_of(answer, "context_actions"), "thanks in place of the thumbs")

    assert "👎" in blocks_of(answer, "context")[0]["elements"][0]["text"]
    (rating,) = thumbs_in(workspace.folder / "feedback.db", f"slack-{channel}")
    assert (rating["message"], rating["rating"], rating["text"]) == (answer["ts"], "down", "You said: what <now>")
    (asked,) = [event for event in workspace.events(f"slack-{channel}") if event["event"] == "user"]
    assert rating["understood"]["text"] == asked["text"] == "what <now>"
    assert rating["understood"]["intent"] == asked["parse_data"]["intent"]["name"]
    assert (rating["channel"], rating["model"]) == ("slack", asked["metadata"]["model_id"])
    assert asked["timestamp"] < rating["at"] < time.time()
    assert workspace.answers(ada, "still here")[0]["text"] == "You said: still here"


def test_a_rating_is_erased_with_its_conversation(workspace: Workspace, slack: SlackServer, ada: User) -> None:
    (answer,) = workspace.answers(ada, "a kingfisher by the lake")
    channel = slack.direct(ada)
    slack.deliver(workspace.url, slack.rating_payload(ada, channel, answer, "up"), "interaction")
    wait_until(lambda: thumbs_in(workspace.folder / "feedback.db", f"slack-{channel}"), "a record")
    workspace.settle(ada)
    erased = Erased(frozenset({f"slack-{channel}"}))
    workspace.rasa.run(retention_of(workspace.rasa.app).erase(erased))

    assert b"kingfisher" not in (workspace.folder / "feedback.db").read_bytes()


def test_a_crashed_action_yields_an_apology(workspace: Workspace, ada: User) -> None:
    assert workspace.answers(ada, "do crash")[0]["text"].startswith(APOLOGY)
    assert workspace.answers(ada, "and now")[0]["text"] == "You said: and now"


def test_an_action_server_that_is_away_yields_an_apology(
    slack: SlackServer, slack_model: Path, tmp_path: Path, ada: User
) -> None:
    workspace = Workspace(slack, slack_model, "http://127.0.0.1:9/webhook", tmp_path)
    try:
        assert workspace.answers(ada, "anything")[0]["text"].startswith(APOLOGY)
    finally:
        workspace.stop()


def test_an_answer_that_takes_too_long_yields_an_apology_and_the_next_message_an_answer(
    slack: SlackServer, slack_model: Path, slack_actions: ActionServer, tmp_path: Path, ada: User
) -> None:
    workspace = Workspace(slack, slack_model, slack_actions.url, tmp_path, answer_seconds=2)
    try:
        began = time.monotonic()
        for text in ("do slow", "and now"):
            workspace.write(ada, slack.direct(ada), text)
        apology, answer = workspace.new_posts(slack.direct(ada), 0, 2)
    finally:
        workspace.stop()
    assert time.monotonic() - began < SLOW_SECONDS
    assert apology["text"].startswith("Sorry, something went wrong")
    assert answer["text"] == "You said: and now"


def test_a_conversation_that_a_person_has_taken_over_is_left_alone(
    workspace: Workspace, slack: SlackServer, ada: User, bob: User
) -> None:
    for text in ("do hand_over", "hello?"):
        workspace.write(ada, slack.direct(ada), text)
    conversation = f"slack-{slack.direct(ada)}"
    wait_until(lambda: [event for event in workspace.events(conversation) if event.get("text") == "hello?"], "hello?")
    workspace.settle(bob)

    assert slack.posted(slack.direct(ada)) == []


def test_a_post_that_slack_refuses_loses_neither_the_conversation_nor_the_next_answer(
    workspace: Workspace, slack: SlackServer, ada: User, caplog: pytest.LogCaptureFixture
) -> None:
    closed = "D0CLOSED"
    slack.deliver(workspace.url, slack.message_event(ada, closed, "hello"))
    wait_until(lambda: "channel_not_found" in caplog.text, "a log line")
    slack._add_channel(closed)
    slack.deliver(workspace.url, slack.message_event(ada, closed, "opened"))

    assert workspace.new_posts(closed, 0)[0]["text"] == "You said: opened"
    said = [event["text"] for event in workspace.events(f"slack-{closed}") if event["event"] == "user"]
    assert said == ["hello", "opened"]


def test_slacks_rate_limit_is_waited_for_and_the_order_is_kept(
    workspace: Workspace, slack: SlackServer, ada: User, bob: User
) -> None:
    slack.limit("chat.postMessage", 1, 2)
    began, calls = time.monotonic(), len(slack.calls)
    parts = workspace.answers(ada, "do long", 3)

    assert time.monotonic() - began >= 3
    assert [part["text"][:12] for part in parts] == ["Paragraph 0.", "Paragraph 2.", "Paragraph 4."]
    statuses = [call.status for call in slack.calls[calls:] if call.method == "chat.postMessage"]
    assert statuses == [429, 429, 200, 200, 200]


def test_a_slack_that_does_not_answer_holds_up_neither_the_server_nor_the_next_answer(
    slack: SlackServer,
    slack_model: Path,
    slack_actions: ActionServer,
    tmp_path: Path,
    ada: User,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(web_api, "CALL_SECONDS", 2.0)
    workspace = Workspace(slack, slack_model, slack_actions.url, tmp_path)
    try:
        workspace.answers(ada, "first")
        slack.delays["chat.postMessage"] = 4
        workspace.write(ada, slack.direct(ada), "lost")
        wait_until(lambda: "cannot be reached" in caplog.text, "a log line")
        slack.limit("chat.postMessage", 3)  # a wait that Slack asks for is longer than a call may take
        answered = workspace.answers(ada, "next", 2)
    finally:
        workspace.stop()
    assert answered[-1]["text"] == "You said: next"


# --- who and what -----------------------------------------------------------------------------------------------------


def test_the_customer_behind_a_direct_message_is_recognised(
    workspace: Workspace, slack: SlackServer, ada: User
) -> None:
    for _ in range(2):
        assert workspace.answers(ada, "do who_am_i")[0]["text"] == "Ada, ada@example.com"

    asked = [call for call in slack.calls if call.method == "users.info" and call.arguments["user"] == ada.id]
    assert len(asked) == 1


@pytest.mark.parametrize("details", [{"is_email_confirmed": False}, {"team": "T0OTHER"}, {"email": ""}], ids=str)
def test_an_address_that_this_workspace_has_not_confirmed_is_nobodys(
    workspace: Workspace, slack: SlackServer, details: dict[str, Any]
) -> None:
    mallory = slack.user("Mallory", **{"email": "ada@example.com", **details})

    assert workspace.answers(mallory, "do who_am_i")[0]["text"] == "nobody I know"


def test_nobody_is_recognised_where_others_read_along(workspace: Workspace, slack: SlackServer, ada: User) -> None:
    channel = slack.channel()
    slack.deliver(workspace.url, slack.mention_event(ada, channel, "do who_am_i"))

    assert workspace.new_posts(channel, 0)[0]["text"] == "nobody I know"


def test_a_picture_is_stored_and_given_to_the_conversation(workspace: Workspace, slack: SlackServer, ada: User) -> None:
    file = slack.file(PNG, "../../broken vase.png", mimetype="image/png")
    said, photo = workspace.answers(ada, "it is broken", 2, subtype="file_share", files=[file])

    assert said["text"] == "You said: it is broken"
    _, upload, kind, name = photo["text"].split(" ", 3)
    assert (kind, name) == ("image/png", "broken vase.png")
    stored = workspace.uploads / upload
    with Image.open(stored) as picture:
        assert (picture.format, picture.size) == ("PNG", (8, 8))
    (user,) = [
        event for event in workspace.events(f"slack-{slack.direct(ada)}") if "send_photo" in str(event.get("text"))
    ]
    assert user["metadata"]["attachment"] == {"id": upload, "name": name, "type": kind, "size": stored.stat().st_size}
    assert user["metadata"]["client"] == f"slack {ada.id}"


def test_a_picture_without_details_is_looked_up(workspace: Workspace, slack: SlackServer, ada: User) -> None:
    known = slack.file(PNG, "vase.png")
    shared = {"id": known["id"], "file_access": "check_file_info"}
    (answer,) = workspace.answers(ada, "", subtype="file_share", files=[shared])

    assert "image/png" in answer["text"]


@pytest.mark.parametrize(
    ("data", "details", "expected"),
    [
        (b"MZ\x90\x00 a program", {"name": "photo.png", "mimetype": "image/png"}, "JPEG, PNG, GIF or WebP"),
        (b"<svg onload='alert(1)'/>", {"name": "photo.svg"}, "JPEG, PNG, GIF or WebP"),
        (b"", {"name": "empty.png"}, "JPEG, PNG, GIF or WebP"),
        (PNG + bytes(11_000_000), {"name": "big.png"}, "under 10 MB"),
        (PNG + bytes(11_000_000), {"name": "big.png", "size": 100}, "under 10 MB"),
        (PNG, {"name": "huge.png", "size": 10**12}, "under 10 MB"),
        (PNG, {"name": "x.png", "url_private_download": "https://drive.example/x.png"}, "could not open"),
        (PNG, {"name": "x.png", "url_private_download": "http://127.0.0.1.evil.example/x.png"}, "could not open"),
    ],
    ids=["program", "SVG", "empty", "too large", "larger than said", "said to be huge", "external", "another host"],
)
def test_a_file_that_is_no_small_picture_is_refused_kindly(
    workspace: Workspace, slack: SlackServer, ada: User, data: bytes, details: dict[str, Any], expected: str
) -> None:
    before = set(workspace.uploads.glob("*"))
    file = slack.file(data, **details)
    (answer,) = workspace.answers(ada, "", subtype="file_share", files=[file])

    assert expected in answer["text"]
    assert set(workspace.uploads.glob("*")) == before


def test_more_pictures_than_one_message_may_have_are_put_off(
    workspace: Workspace, slack: SlackServer, ada: User
) -> None:
    files = [slack.file(PNG, f"{number}.png") for number in range(7)]
    answers = workspace.answers(ada, "", 6, subtype="file_share", files=files)

    assert ["image/png" in answer["text"] for answer in answers] == [True] * 5 + [False]


@pytest.mark.parametrize(("text", "expected"), [("", "What can I do for you?"), ("x" * 4001, "under 4,000 characters")])
def test_an_empty_or_overlong_message_is_answered_kindly(
    workspace: Workspace, ada: User, text: str, expected: str
) -> None:
    assert expected in workspace.answers(ada, text)[0]["text"]


def test_a_bare_mention_is_answered_kindly(workspace: Workspace, slack: SlackServer, ada: User) -> None:
    channel = slack.channel()
    slack.deliver(workspace.url, slack.mention_event(ada, channel, ""))

    assert "What can I do for you?" in workspace.new_posts(channel, 0)[0]["text"]


def test_whoever_sends_too_much_is_asked_once_to_wait(
    workspace: Workspace, slack: SlackServer, ada: User, bob: User
) -> None:
    channel = slack.direct(ada)
    for number in range(25):
        assert workspace.write(ada, channel, f"number {number}").status == 200
    posts = workspace.new_posts(channel, 0, 21)
    workspace.settle(bob)

    assert [post["text"] for post in posts[:20]] == [f"You said: number {number}" for number in range(20)]
    assert "That was a lot of messages" in posts[20]["text"]
    assert len(slack.posted(channel)) == 21


# --- being there ------------------------------------------------------------------------------------------------------


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
