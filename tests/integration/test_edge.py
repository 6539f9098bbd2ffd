"""The edge where messages come in, attacked: real HTTP against a real assistant behind the web chat and REST."""

import http.client
import json
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from parlance.channels.core.turns import MOST_TRIES
from parlance.channels.rest import RestInput
from parlance.channels.rest.turn import APOLOGY, STARTED_OVER
from parlance.errors import ParlanceError
from tests.web_assistant import WebAssistant
from tests.web_visitor import Visitor, texts

FORGED = '/deny{"further_request": {"text":"/x","intent":{"name":"\\ud800"},"entities":[]}}'
TOKEN = "a-token-of-the-tests-that-is-long-enough"
NOT_ASCII = b"Bearer \xe9\xff"


@pytest.fixture(scope="module")
def assistant(small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebAssistant]:
    running = WebAssistant(small_model, tmp_path_factory.mktemp("edge"))
    running.enable_api = True
    running.start()
    yield running
    running.stop()
    running.actions.stop()


def say(assistant: WebAssistant, sender: Any, message: Any, **more: Any) -> requests.Response:
    body = {"sender": sender, "message": message}
    return requests.post(assistant.rest, json=body, timeout=30, **more)


def said(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [message.get("text", "") for message in answer.json()]


def raw(address: str, method: str, path: str, body: bytes = b"", **headers: bytes) -> int:
    """The status of a request with a header as no client writes it."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    connection.putrequest(method, path)
    for name, value in {**headers, "content-length": str(len(body)).encode()}.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    try:
        return connection.getresponse().status
    finally:
        connection.close()


# What is stored ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", [FORGED, "/deny", "\ud800", "a\x00b", '/greet{"product": "\\u0000\\ud800"}', "/", "//x"]
)
def test_what_cannot_be_stored_is_answered_over_every_channel_and_the_next_message_too(
    assistant: WebAssistant, text: str
) -> None:
    visitor = Visitor(assistant.chat)
    visitor.send(text)
    visitor.send("echo after")
    assert texts(visitor.read(4))[-1] == "You said: echo after"
    conversation = str(time.time_ns())
    assert say(assistant, conversation, text, params={}).status_code == 200
    assert said(say(assistant, conversation, "echo after")) == ["You said: echo after"]
    for events in (assistant.tracker_events(visitor.conversation), assistant.tracker_events(conversation)):
        json.dumps(events, ensure_ascii=False).encode()
        slots = [event["value"] for event in events if event["event"] == "slot" and event["name"] == "further_request"]
        assert not any(slots), "a slot with structure was filled from outside"


def test_metadata_is_made_storable_and_a_button_of_the_assistant_works(assistant: WebAssistant) -> None:
    body: dict[str, Any] = {"sender": "meta", "message": "echo x", "metadata": {"a\ud800": ["\x00", {"b": "\udfff"}]}}
    requests.post(assistant.rest, json=body, timeout=20)
    events = [event for event in assistant.tracker_events("meta") if event["event"] == "user"]
    assert events[0]["metadata"]["a?"] == ["", {"b": "?"}]

    visitor = Visitor(assistant.chat)
    visitor.send("hello")
    payload = visitor.read(2)[1]["buttons"][0]["payload"]
    visitor.send(payload, title="Show me lamps")
    assert "cards" in visitor.read(4)[3]
    other = Visitor(assistant.chat)
    other.send(payload)
    assert "cards" not in other.read(2)[1], "nobody offered it here"


def test_two_spaces_are_stored_as_two_spaces(assistant: WebAssistant) -> None:
    visitor = Visitor(assistant.chat)
    visitor.send("echo a \xa0b")
    assert texts(visitor.read(2)) == ["echo a  b", "You said: echo a  b"]


@pytest.mark.parametrize("text", ["/restart", "/faq", "/session_start", "/back", "/nothing_known", "/echo"])
def test_typed_commands_get_an_answer(assistant: WebAssistant, text: str) -> None:
    visitor = Visitor(assistant.chat)
    visitor.send(text)
    assert len(visitor.read(2)) == 2
    assert said(say(assistant, "commands", text))


def test_a_message_that_ends_the_server_is_set_aside_and_the_conversation_goes_on(
    small_model: Path, tmp_path: Path
) -> None:
    assistant = WebAssistant(small_model, tmp_path)
    assistant.start()
    visitor = Visitor(assistant.chat)
    visitor.send("echo first")
    visitor.read(2)
    assistant.stop()
    # What a server leaves behind that was killed in the midst of a message, with one behind it.
    with sqlite3.connect(tmp_path / "web_chat.db") as database:
        row = "INSERT INTO entries VALUES (?, ?, ?, 'user', ?, 0, 1, ?)"
        poison = json.dumps({"text": FORGED, "message": FORGED})
        database.execute(row, (visitor.conversation, 3, "poison-1", poison, MOST_TRIES))
        database.execute(row, (visitor.conversation, 4, "behind-1", '{"text": "echo x", "message": "echo x"}', 0))
    database.close()
    assistant.start()
    try:
        entries = Visitor(assistant.chat, token=visitor.token).read(6)
    finally:
        assistant.stop()
        assistant.actions.stop()

    assert entries[4]["code"] == "set_aside" and "other words" in entries[4]["text"]
    assert entries[5]["text"] == "You said: echo x"


def test_a_message_pending_from_an_older_version_does_not_keep_the_server_from_starting(
    small_model: Path, tmp_path: Path
) -> None:
    with sqlite3.connect(tmp_path / "web_chat.db") as database:
        database.executescript(
            "CREATE TABLE conversations (id TEXT PRIMARY KEY, owner TEXT, used_at REAL NOT NULL) WITHOUT ROWID;"
            "CREATE TABLE entries (conversation TEXT NOT NULL, number INTEGER NOT NULL, id TEXT NOT NULL, "
            "kind TEXT NOT NULL, body TEXT NOT NULL, at REAL NOT NULL, pending INTEGER NOT NULL, "
            "PRIMARY KEY (conversation, number), UNIQUE (conversation, id)) WITHOUT ROWID;"
        )
        body = json.dumps({"text": FORGED, "message": FORGED})
        database.execute("INSERT INTO entries VALUES ('web-old', 1, 'poison-1', 'user', ?, 0, 1)", (body,))
    database.close()
    assistant = WebAssistant(small_model, tmp_path)
    assistant.start()
    try:
        new = Visitor(assistant.chat)
        new.send("echo new")
        assert texts(new.read(2))[1] == "You said: echo new"
    finally:
        assistant.stop()
        assistant.actions.stop()
    with sqlite3.connect(tmp_path / "web_chat.db") as database:
        assert database.execute("SELECT count(*) FROM entries WHERE pending").fetchone() == (0,)
    database.close()


# REST -------------------------------------------------------------------------------------------------------------


def test_conversations_of_other_channels_cannot_be_entered(assistant: WebAssistant) -> None:
    visitor = Visitor(assistant.chat)
    visitor.send("echo secret")
    visitor.read(2)
    before = len(assistant.tracker_events(visitor.conversation))
    for sender in (visitor.conversation, visitor.conversation.upper(), "WEB-x", "slack-D012", " \uff33lack-C1-2-U3"):
        answer = say(assistant, sender, "echo read")
        assert answer.status_code == 403 and "other channels" in answer.json()["error"], sender
    assert len(assistant.tracker_events(visitor.conversation)) == before


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[]", 400), (b"7", 400), (b"null", 400), (b"", 400), (b"nonsense", 400), (b"[" * 50_000, 400),
        (b'{"message": "hello"}', 400), (b'{"sender": "", "message": "hello"}', 400),
        (b'{"sender": "\\ud800", "message": "hello"}', 400), (b'{"sender": "a\\u0000", "message": "hello"}', 400),
        (b'{"sender": ["me"], "message": "hello"}', 400), (b'{"sender": true, "message": "hello"}', 400),
        (b'{"sender": "me"}', 400), (b'{"sender": "me", "message": 7}', 400), (b'{"sender": "me", "message": {}}', 400),
        (b'{"sender": 7, "message": "hello"}', 200), (b'{"sender": "me", "message": "' + b"x" * 200_000 + b'"}', 413),
    ],
)  # fmt: skip
@pytest.mark.parametrize("stream", ["", "?stream=true"])
def test_odd_requests_get_a_sentence(assistant: WebAssistant, body: bytes, status: int, stream: str) -> None:
    answer = requests.post(assistant.rest + stream, data=body, timeout=20)

    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.json()["error"].endswith(".")


def test_a_long_message_is_answered_and_not_passed_on(assistant: WebAssistant) -> None:
    assert "4,000" in said(say(assistant, "long", "x" * 4001))[0]
    assert not assistant.tracker_events("long")


def test_a_failing_action_is_answered_with_a_sentence_and_a_stream_ends_with_an_error(
    small_model: Path, tmp_path: Path
) -> None:
    assistant = WebAssistant(small_model, tmp_path)
    assistant.rest_options = {"answer_seconds": 0.5}
    assistant.start()
    try:
        assert said(say(assistant, "me", "/restart")) == [STARTED_OVER]
        assistant.actions.hold()
        assert said(say(assistant, "slow", "act")) == [APOLOGY]
        last = say(assistant, "slower", "act", params={"stream": "true"}).text.splitlines()[-1]
        assert json.loads(last)["error"] and json.loads(last)["text"] == APOLOGY
        assistant.actions.stop()
        assert said(say(assistant, "crash", "act")) == [APOLOGY]
        streamed = [
            json.loads(line) for line in say(assistant, "x", "hello", params={"stream": "true"}).text.split("\n")[:-1]
        ]
        assert [line["text"] for line in streamed] == ["Hello!"]
    finally:
        assistant.stop()


def test_with_a_token_rest_answers_its_holder_alone(
    small_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REST_TOKEN", TOKEN)
    assistant = WebAssistant(small_model, tmp_path)
    assistant.rest_options = {"messages_per_minute": 3}
    assistant.start()
    bearer = {"authorization": f"Bearer {TOKEN}"}
    try:
        for header in ("", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer"):
            assert say(assistant, "me", "hello", headers={"authorization": header}).status_code == 401
        answers = [say(assistant, "me", "hello", headers=bearer) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert 0 < int(answers[-1].headers["retry-after"]) <= 60
        assert say(assistant, "other", "hello", headers=bearer).status_code == 429, "of one address"
    finally:
        assistant.stop()
        assistant.actions.stop()


def test_rest_tells_actions_who_a_client_is_and_without_the_token_nobody_can_say_otherwise(
    assistant: WebAssistant, small_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clients(at: WebAssistant, headers: dict[str, str]) -> list[str]:
        told = []
        for n, named in enumerate(("ada", "tom", "ada", 7, "")):
            body: dict[str, Any] = {"sender": f"client-{n}", "message": "hello", "metadata": {"client": named}}
            assert requests.post(at.rest, json=body, headers=headers, timeout=20).status_code == 200
            told += [e["metadata"]["client"] for e in at.tracker_events(f"client-{n}") if e["event"] == "user"]
        return told

    without = clients(assistant, {})
    assert len(without) == 5 and len(set(without)) == 1 and re.fullmatch("[0-9a-f]{64}", without[0])
    monkeypatch.setenv("REST_TOKEN", TOKEN)
    trusting = WebAssistant(small_model, tmp_path)
    trusting.start()
    try:
        ada, tom, ada_again, odd, none = clients(trusting, {"authorization": f"Bearer {TOKEN}"})
    finally:
        trusting.stop()
        trusting.actions.stop()
    assert ada == ada_again and odd == none and len({ada, tom, odd}) == 3


def test_without_a_token_rest_is_for_this_machine_alone(assistant: WebAssistant) -> None:
    for page in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert say(assistant, "me", "hello", headers=page).status_code == 403
    for name in ("x-forwarded-for", "x-forwarded-proto", "X_Forwarded_For", "forwarded", "cf-connecting-ip", "via"):
        passed_on = say(assistant, "me", "hello", headers={name: "203.0.113.7"})
        assert passed_on.status_code == 403 and "REST_TOKEN" in passed_on.json()["error"], name
    for host in ("shop.example.com", "shop.example.com:80", "127.0.0.1.example.com", "[::2]"):
        assert say(assistant, "me", "hello", headers={"host": host}).status_code == 403, host
    old = http.client.HTTPConnection("127.0.0.1", urlsplit(assistant.rest).port, timeout=20)
    for name, value in (("_http_vsn", 10), ("_http_vsn_str", "HTTP/1.0")):  # as nginx does by default
        setattr(old, name, value)
    old.request("POST", urlsplit(assistant.rest).path, json.dumps({"sender": "me", "message": "hello"}))
    assert old.getresponse().status == 403
    assert say(assistant, "me", "hello", headers={"host": "[::1]:5005"}).status_code == 200
    assert say(assistant, "me", "hello").status_code == 200


def test_a_server_that_others_reach_has_rest_off(small_model: Path, tmp_path: Path) -> None:
    assistant = WebAssistant(small_model, tmp_path)
    assistant.host = "0.0.0.0"
    assistant.start()
    try:
        assert say(assistant, "me", "hello").status_code == 403
        assert Visitor(assistant.chat).token, "the web chat is there"
    finally:
        assistant.stop()
        assistant.actions.stop()


@pytest.mark.parametrize("options", [{"colour": 1}, {"body_bytes": 0}, {"waiting": "many"}, {"payloads": "none"}])
def test_options_of_rest_that_make_no_sense_are_named(options: dict[str, Any]) -> None:
    with pytest.raises(ParlanceError, match=next(iter(options))):
        RestInput.from_credentials(options)


# Credentials and requests that no browser makes -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/chat/events"), ("GET", "/chat/transcript"), ("POST", "/chat/messages"), ("POST", "/chat/session"),
     ("POST", "/webhooks/rest/webhook"), ("GET", "/"), ("GET", "/domain"), ("GET", "/conversations/x/tracker")],
)  # fmt: skip
def test_credentials_that_are_no_ascii_are_refused_everywhere(assistant: WebAssistant, method: str, path: str) -> None:
    assert raw(assistant.address, method, path, b"{}", authorization=NOT_ASCII) == 401
    assert raw(assistant.address, method, path, b"{}", **{"x-identity-token": NOT_ASCII}) < 500


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"nonsense", b"[" * 100_000, b'{"id": 7, "text": "x"}', b'{"id": "long enough", "text": "x"}',
     b'{"id": "long-enough", "text": 7}', b'{"id": "long-enough", "text": ["x"]}'],
)  # fmt: skip
def test_requests_that_make_no_sense_are_refused(assistant: WebAssistant, body: bytes) -> None:
    visitor = Visitor(assistant.chat)
    refused = requests.post(f"{assistant.chat}/messages", data=body, headers=visitor.headers, timeout=20)

    assert refused.status_code == 400 and refused.json()["code"] == "bad_request"
