"""Conversations in Slack: direct messages, mentions, threads, buttons, commands and the app's home."""

import json
from typing import Any

import pytest
import requests

from tests.integration.slack_workspace import Workspace, blocks_of, wait_until
from tests.slack_people import BOT_USER, User
from tests.slack_server import SlackServer


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
