"""Fern's answers in Slack: what they look like, ratings of them, and what comes in place of one."""

import time
from pathlib import Path

import pytest

from parlance.channels.slack import web_api
from parlance.rasa.retention import Erased, retention_of
from tests.integration.slack_assistant import SLOW_SECONDS, ActionServer
from tests.integration.slack_workspace import Workspace, blocks_of, wait_until
from tests.slack_people import User
from tests.slack_server import SlackServer
from tests.web_assistant import thumbs_in

APOLOGY = "Sorry, something went wrong"


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
    slack.add_channel(closed)
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
