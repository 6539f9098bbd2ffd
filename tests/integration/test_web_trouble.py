"""The web chat while an action is slow or gone, a person has taken over, or the server stops."""

import time
from pathlib import Path

from tests.web_assistant import WebAssistant
from tests.web_visitor import Visitor, texts


def test_what_was_taken_in_before_a_stop_is_answered_after_the_start(small_model: Path, tmp_path: Path) -> None:
    assistant = WebAssistant(small_model, tmp_path)
    assistant.start()
    visitor = Visitor(assistant.chat)
    visitor.send("echo first")
    assert texts(visitor.read(2))[1] == "You said: echo first"
    assistant.actions.hold()
    visitor.send("act")
    visitor.send("echo second")
    visitor.read(4)  # the answer to the second is behind the first, which hangs
    time.sleep(0.2)
    assistant.stop()
    assistant.actions.go_on.set()
    assistant.start()
    try:
        again = Visitor(assistant.chat, token=visitor.token)
        assert again.opened["fresh"] is False
        assert texts(again.read(6)) == [
            "echo first",
            "You said: echo first",
            "act",
            "echo second",
            "The action is done.",
            "You said: echo second",
        ]
        assert [
            event["text"] for event in assistant.tracker_events(visitor.conversation) if event["event"] == "user"
        ] == [
            "echo first",
            "act",
            "echo second",
        ]
    finally:
        assistant.stop()
        assistant.actions.stop()


def test_a_crashed_action_server_yields_an_apology_and_the_next_message_an_answer(
    small_model: Path, tmp_path: Path
) -> None:
    assistant = WebAssistant(small_model, tmp_path)
    assistant.actions.stop()
    assistant.start()
    try:
        visitor = Visitor(assistant.chat)
        visitor.send("act")
        visitor.send("echo still there")
        time.sleep(0.5)
        entries = visitor.settled()
    finally:
        assistant.stop()

    notices = [entry for entry in entries if entry["kind"] == "notice"]
    assert [notice["code"] for notice in notices] == ["unavailable"] and "sorry" in notices[0]["text"]
    assert texts(entries)[-1] == "You said: echo still there"


def test_an_answer_that_takes_too_long_yields_an_apology(small_model: Path, tmp_path: Path) -> None:
    assistant = WebAssistant(small_model, tmp_path, answer_seconds=0.5)
    assistant.start()
    try:
        assistant.actions.hold()
        visitor = Visitor(assistant.chat)
        visitor.send("act")
        assert visitor.read(2)[-1]["code"] == "unavailable"
    finally:
        assistant.actions.stop()
        assistant.stop()


def test_more_messages_than_may_wait_for_a_slow_answer_are_put_off(small_model: Path, tmp_path: Path) -> None:
    assistant = WebAssistant(small_model, tmp_path)
    assistant.start()
    try:
        assistant.actions.hold()
        visitor, other = Visitor(assistant.chat), Visitor(assistant.chat)
        visitor.send("act")
        sent = [visitor.post("messages", id=f"message-{number}", text=f"echo {number}") for number in range(40)]
        other.send("hello")
        assert texts(other.read(2)) == ["hello", "Hello!"]
        assistant.actions.go_on.set()
        entries = visitor.settled()
        again = visitor.post("messages", id="message-39", text="echo 39")
    finally:
        assistant.stop()
        assistant.actions.stop()

    assert {answer.status_code for answer in sent[:30]} == {202}
    refused = sent[-1]
    assert (refused.status_code, refused.json()["code"]) == (429, "too_fast") and refused.json()["wait"] > 0
    assert texts(entries)[-1].startswith("You said: echo ")
    assert again.status_code == 202


def test_a_conversation_that_a_person_has_taken_over_is_left_alone(small_model: Path, tmp_path: Path) -> None:
    assistant = WebAssistant(small_model, tmp_path)
    assistant.actions.answer = {"events": [{"event": "pause"}], "responses": []}
    assistant.start()
    try:
        visitor = Visitor(assistant.chat)
        visitor.send("act")
        visitor.send("echo hello?")
        time.sleep(0.5)
        entries = visitor.settled()
    finally:
        assistant.stop()
        assistant.actions.stop()
    assert [(entry["kind"], entry["text"]) for entry in entries] == [("user", "act"), ("user", "echo hello?")]


def test_too_many_messages_in_a_minute_are_asked_to_wait(small_model: Path, tmp_path: Path) -> None:
    assistant = WebAssistant(small_model, tmp_path, messages_per_minute=3)
    assistant.start()
    try:
        visitor, other = Visitor(assistant.chat), Visitor(assistant.chat)
        ids = [visitor.send(f"echo {number}") for number in range(3)]
        refused = visitor.post("messages", id="one-too-many", text="echo 3")
        repeated = visitor.post("messages", id=ids[0], text="echo 0")
        other.send("hello")
    finally:
        assistant.stop()
        assistant.actions.stop()

    assert refused.status_code == 429
    assert refused.json()["code"] == "too_fast" and 0 < refused.json()["wait"] <= 60
    assert repeated.status_code == 202, "a message that was taken in already is no new one"
