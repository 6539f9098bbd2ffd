"""The web chat's HTTP interface: a real Rasa assistant behind the channel, and requests as a browser makes them."""

import io
import json
import secrets
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from PIL import Image

from parlance.channels.web import WebInput
from parlance.errors import ParlanceError
from shop.recognition import Recognition, sign
from tests.web_assistant import WebAssistant, thumbs_in

IDENTITY_SECRET = "the-secret-of-the-tests-is-long-enough"


@pytest.fixture(scope="module")
def assistant(small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebAssistant]:
    running = WebAssistant(
        small_model, tmp_path_factory.mktemp("web"), allowed_origins=["https://shop.example"], upload_megabytes=0.5
    )
    running.start()
    yield running
    running.stop()
    running.actions.stop()


def lines_of(stream: requests.Response) -> Iterator[str]:
    for line in stream.iter_lines(chunk_size=1, decode_unicode=True):
        yield str(line)


class Visitor:
    """A browser: a token, and what it has read."""

    def __init__(self, chat: str, identity: str = "", token: str = "") -> None:
        self.chat = chat
        self.identity = identity
        self.token = token
        self.opened = self.post("session").json()
        self.token = self.opened["token"]

    @property
    def conversation(self) -> str:
        return self.token.split(".")[0]

    @property
    def headers(self) -> dict[str, str]:
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        return {**headers, "x-identity-token": self.identity} if self.identity else headers

    def post(self, path: str, _headers: dict[str, str] | None = None, **body: Any) -> requests.Response:
        return requests.post(f"{self.chat}/{path}", json=body, headers={**self.headers, **(_headers or {})}, timeout=20)

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(f"{self.chat}/{path}", headers={**self.headers, **headers}, timeout=20)

    def send(self, text: str, id: str = "", **more: Any) -> str:
        id = id or secrets.token_hex(8)
        answer = self.post("messages", id=id, text=text, **more)
        assert answer.status_code == 202, answer.text
        return id

    def read(self, count: int, after: int = 0, seconds: float = 20.0) -> list[dict[str, Any]]:
        """The first entries of the stream after a number, as many as are asked for."""
        entries: list[dict[str, Any]] = []
        address = f"{self.chat}/events"
        with requests.get(
            address, headers={**self.headers, "last-event-id": str(after)}, stream=True, timeout=seconds
        ) as stream:
            assert stream.status_code == 200, stream.text
            event = ""
            for line in lines_of(stream):
                if line.startswith("event: "):
                    event = line[7:]
                elif line.startswith("data: ") and event == "entry":
                    entries.append(json.loads(line[6:]))
                    if len(entries) == count:
                        break
        return entries

    def settled(self) -> list[dict[str, Any]]:
        """All entries, once nothing is being answered."""
        with requests.get(f"{self.chat}/events", headers=self.headers, stream=True, timeout=20) as stream:
            entries, event = [], ""
            for line in lines_of(stream):
                if line.startswith("event: "):
                    event = line[7:]
                elif line.startswith("data: ") and event == "entry":
                    entries.append(json.loads(line[6:]))
                elif line == "data: false" and event == "typing":
                    return entries
        raise AssertionError("the stream ended")


def texts(entries: list[dict[str, Any]]) -> list[str]:
    return [entry.get("text", "") for entry in entries]


def identity(email: str, **claims: Any) -> str:
    return jwt.encode(
        {"aud": "fern", "email": email, "exp": int(time.time()) + 600, **claims}, IDENTITY_SECRET, algorithm="HS256"
    )


def photo(kind: str = "JPEG", size: tuple[int, int] = (64, 48)) -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "taken at 14 Mill Lane"
    out = io.BytesIO()
    Image.new("RGB", size, "#884422").save(out, kind, exif=exif)
    return out.getvalue()


# Answers ----------------------------------------------------------------------------------------------------------


def test_a_message_is_answered_on_the_stream_with_buttons(assistant: WebAssistant) -> None:
    visitor = Visitor(assistant.chat)
    visitor.send("hello")
    question, answer = visitor.read(2)

    assert (question["kind"], question["text"]) == ("user", "hello")
    assert (answer["kind"], answer["text"]) == ("bot", "Hello!")
    assert answer["buttons"] == [{"title": "Show me lamps", "payload": "/browse"}]


def test_cards_keep_only_pictures_of_the_channel(assistant: WebAssistant) -> None:
    visitor = Visitor(assistant.chat)
    visitor.send("hello")
    visitor.read(2)
    visitor.send("/browse", title="Show me lamps")
    question, answer = visitor.read(4)[2:]
    lamp, cushion, _ = answer["cards"]

    assert question["text"] == "Show me lamps"
    assert answer["text"] == "Three things you may like:"
    assert lamp["picture"] == "products/lamp.svg"
    assert "picture" not in cushion and "image" not in cushion and cushion["amount"] == 28
    assert requests.get(f"{assistant.chat}/pictures/{lamp['picture']}", timeout=5).headers["content-type"] == (
        "image/svg+xml"
    )


def test_a_long_answer_comes_in_bubbles_of_a_readable_length(assistant: WebAssistant) -> None:
    visitor = Visitor(assistant.chat)
    visitor.send("long")
    time.sleep(0.3)
    bubbles = texts(visitor.settled())[1:]

    assert len(bubbles) == 3 and all(len(bubble) <= 600 for bubble in bubbles)


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "empty"), (" \n\t ", "empty"), ("\x00\x07", "empty"), ("x" * 100_000, "too_long")],
    ids=["empty", "blank", "control", "100 kB"],
)
def test_what_cannot_be_answered_is_answered_kindly(assistant: WebAssistant, text: str, code: str) -> None:
    visitor = Visitor(assistant.chat)
    visitor.send(text)
    entries = visitor.settled()

    assert entries[-1]["kind"] == "notice" and entries[-1]["code"] == code and entries[-1]["text"]
    assert assistant.tracker_events(visitor.conversation) == [], "the assistant did not see it"


def test_odd_characters_go_through_as_typed(assistant: WebAssistant) -> None:
    odd = "echo <script>alert(1)</script> \u202egnirts\u200b 🙂 'quoted' \"too\" {said} ${x} %s \\n"
    visitor = Visitor(assistant.chat)
    visitor.send(odd)

    assert texts(visitor.read(2)) == [odd, f"You said: {odd}"]


# Nothing lost, doubled or crossed ---------------------------------------------------------------------------------


def test_a_message_sent_twice_is_answered_once(assistant: WebAssistant) -> None:
    visitor = Visitor(assistant.chat)
    threads = [threading.Thread(target=visitor.send, args=["echo once", "the-same-id"]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    time.sleep(0.3)

    assert texts(visitor.settled()) == ["echo once", "You said: echo once"]


def test_messages_are_answered_in_their_order_and_the_stream_goes_on_where_it_was(assistant: WebAssistant) -> None:
    visitor = Visitor(assistant.chat)
    for number in range(5):
        visitor.send(f"echo {number}")
    time.sleep(0.3)
    entries = visitor.settled()
    half = entries[4]["number"]

    assert [text for text in texts(entries) if text.startswith("You said")] == [f"You said: echo {n}" for n in range(5)]
    assert [entry["number"] for entry in entries] == list(range(1, 11))
    assert visitor.read(5, after=half) == entries[5:]


def test_two_visitors_never_see_each_other(assistant: WebAssistant) -> None:
    visitors = [Visitor(assistant.chat) for _ in range(6)]
    threads = [
        threading.Thread(target=lambda v=visitor, n=number: [v.send(f"echo {n}-{i}") for i in range(5)])
        for number, visitor in enumerate(visitors)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for number, visitor in enumerate(visitors):
        said = texts(visitor.read(10))
        assert sorted(said) == sorted([f"{who}echo {number}-{i}" for i in range(5) for who in ("", "You said: ")])


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


# When things go wrong ---------------------------------------------------------------------------------------------


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


# Who may do what --------------------------------------------------------------------------------------------------


def test_nobody_else_can_use_a_conversation(assistant: WebAssistant) -> None:
    ada, eve = Visitor(assistant.chat), Visitor(assistant.chat)
    ada.send("echo secret")
    conversation, issued, signature = ada.token.split(".")
    forged = [
        "",
        "nonsense",
        "..",
        f"{conversation}.{issued}.",
        f"{conversation}.{issued}.{eve.token.split('.')[2]}",
        f"{conversation}.{int(issued) + 1}.{signature}",
        f"{eve.conversation}.{issued}.{signature}",
        ada.token + "é",
    ]
    for token in forged:
        eve.token = token.encode().decode("latin-1")
        for path in ("events", "transcript"):
            assert eve.get(path).status_code == 401, (token, path)
        for path in ("messages", "feedback", "restart", "uploads"):
            assert eve.post(path, id="an-id-of-eve", text="echo me").status_code == 401, (token, path)


def test_a_customers_conversation_is_closed_to_the_next_at_the_same_computer(
    assistant: WebAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_SECRET", IDENTITY_SECRET)
    anonymous = Visitor(assistant.chat)
    anonymous.send("echo before")
    ada = Visitor(assistant.chat, identity("ada@example.com"), anonymous.token)
    assert ada.conversation == anonymous.conversation, "signing in keeps the conversation"
    ada.send("act")
    texts(ada.settled())

    signed_out = Visitor(assistant.chat, token=ada.token)
    tom = Visitor(assistant.chat, identity("tom@example.com"), ada.token)
    assert len({ada.conversation, signed_out.conversation, tom.conversation}) == 3
    assert anonymous.get("transcript").status_code == 403
    metadata = [event["metadata"] for event in assistant.tracker_events(ada.conversation) if event["event"] == "user"]
    assert "identity_token" not in metadata[0] and metadata[1]["identity_token"] == ada.identity
    client = metadata[0]["client"]
    assert client == metadata[1]["client"] and "127.0.0.1" not in client, "one address, and not in the open"
    assert client not in json.dumps(ada.settled()), "nor told to browsers"


@pytest.mark.parametrize("who", ["ada@example.com", "tom@example.com"])
def test_a_conversation_whose_customer_was_recognised_is_closed_to_another_who_signs_in(
    assistant: WebAssistant, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    monkeypatch.setenv("IDENTITY_SECRET", IDENTITY_SECRET)
    anonymous = Visitor(assistant.chat)
    ada = sign(Recognition(1, "Ada", "ada@example.com", signed_in="", since=0.0), anonymous.conversation)
    recognised = {"event": "slot", "name": "customer", "value": ada}
    monkeypatch.setattr(assistant.actions, "answer", {"events": [recognised], "responses": [{"text": "You are Ada"}]})
    anonymous.send("act")
    assert texts(anonymous.settled())[-1] == "You are Ada"
    signed_in = Visitor(assistant.chat, identity(who), anonymous.token)
    is_same = who == "ada@example.com"
    assert (signed_in.conversation == anonymous.conversation) is is_same
    signed_in.token = anonymous.token
    assert signed_in.get("transcript").status_code == (200 if is_same else 403)
    # What is refused to Tom is no conversation of his: it is still Ada's.
    assert anonymous.get("transcript").status_code == (403 if is_same else 200)


def test_an_identity_that_proves_nothing_is_refused(assistant: WebAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_SECRET", IDENTITY_SECRET)
    visitor = Visitor(assistant.chat)
    for token in ("nonsense", identity("ada@example.com", exp=1), identity("ada@example.com", aud="other")):
        visitor.identity = token
        refused = visitor.post("messages", id="some-message", text="hello")
        assert (refused.status_code, refused.json()["code"]) == (401, "identity_refused")


def test_pages_of_other_origins_are_refused_unless_allowed(assistant: WebAssistant) -> None:
    visitor = Visitor(assistant.chat)
    for origin in (
        "https://evil.example",
        "https://shop.example.evil.example",
        "http://shop.example",
        "null",
        "http://[",
    ):
        refused = visitor.post("session", {"origin": origin})
        assert refused.status_code == 403 and refused.json()["code"] == "origin_refused"
        assert "access-control-allow-origin" not in refused.headers
    for origin in ("https://shop.example", assistant.address):
        allowed = visitor.post("session", {"origin": origin})
        assert allowed.status_code == 200 and allowed.headers["access-control-allow-origin"] == origin
    preflight = requests.options(f"{assistant.chat}/messages", headers={"origin": "https://shop.example"}, timeout=5)
    assert preflight.ok and "authorization" in preflight.headers["access-control-allow-headers"]


# Photos, thumbs, starting over ------------------------------------------------------------------------------------


def test_a_photo_is_stored_without_its_metadata_and_told_to_the_assistant(assistant: WebAssistant) -> None:
    visitor, other = Visitor(assistant.chat), Visitor(assistant.chat)
    stored = requests.post(
        f"{assistant.chat}/uploads",
        data=photo(),
        headers={**visitor.headers, "x-file-name": "Li4vY3JhY2suanBn"},  # ../crack.jpg
        timeout=20,
    )
    upload = stored.json()
    visitor.post("messages", id="with-a-photo", upload=upload["id"])
    question, answer = visitor.read(2)

    assert stored.status_code == 201 and upload["name"] == "crack.jpg" and upload["type"] == "image/jpeg"
    assert question["attachment"] == upload
    assert answer["text"] == f"Thank you for the photo {upload['id']}."
    file = assistant.folder / "uploads" / upload["id"]
    assert b"Mill Lane" not in file.read_bytes() and Image.open(file).size == (64, 48)
    assert visitor.get(f"uploads/{upload['id']}").content == file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0, "others on the machine can read it"
    assert other.get(f"uploads/{upload['id']}").status_code == 404
    assert other.post("messages", id="not-my-photo", upload=upload["id"]).status_code == 404
    said = [event for event in assistant.tracker_events(visitor.conversation) if event["event"] == "user"]
    assert said[0]["metadata"]["attachment"] == upload


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 415, "not_a_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", 415, "not_a_picture"),
        (b"GIF89a" + bytes(100), 415, "not_a_picture"),
        (photo()[:200], 415, "not_a_picture"),
        (photo("PNG", (8000, 6000)), 415, "picture_too_large"),
        (bytes(600_000), 413, "too_large"),
    ],
    ids=["empty", "svg", "gif", "cut", "bomb", "large"],
)
def test_other_files_are_refused(assistant: WebAssistant, data: bytes, status: int, code: str) -> None:
    visitor = Visitor(assistant.chat)
    before = list((assistant.folder / "uploads").glob("*"))
    refused = requests.post(f"{assistant.chat}/uploads", data=data, headers=visitor.headers, timeout=20)

    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert list((assistant.folder / "uploads").glob("*")) == before


def test_a_thumb_is_stored_with_the_conversation(assistant: WebAssistant) -> None:
    visitor = Visitor(assistant.chat)
    visitor.send("hello")
    question, answer = visitor.read(2)
    visitor.post("feedback", id="first-thumb", answer=answer["id"], rating="up")
    visitor.post("feedback", id="other-thumb", answer=answer["id"], rating="down")
    visitor.read(4)
    visitor.settled()

    assert visitor.post("feedback", id="on-a-question", answer=question["id"], rating="up").status_code == 400
    assert visitor.post("feedback", id="a-third-thing", answer=answer["id"], rating="sideways").status_code == 400
    thumbs = thumbs_in(assistant.folder / "feedback.db", visitor.conversation)
    assert [
        {name: thumb[name] for name in ("channel", "message", "rating", "text", "understood")} for thumb in thumbs
    ] == [
        {
            "channel": "web",
            "message": answer["id"],
            "rating": rating,
            "text": "Hello!",
            "understood": {"text": "hello", "intent": "greet", "confidence": 1.0, "entities": []},
        }
        for rating in ("up", "down")
    ]
    (asked,) = [event for event in assistant.tracker_events(visitor.conversation) if event["event"] == "user"]
    assert {thumb["model"] for thumb in thumbs} == {asked["metadata"]["model_id"]}
    assert asked["timestamp"] < thumbs[0]["at"] < thumbs[1]["at"] < time.time()


def test_starting_over_clears_the_view_and_the_tracker(assistant: WebAssistant) -> None:
    visitor = Visitor(assistant.chat)
    visitor.send("echo before")
    visitor.read(2)
    visitor.post("restart", id="start-over-1")
    visitor.send("echo after")
    time.sleep(0.3)

    assert texts(visitor.settled()) == ["echo after", "You said: echo after"], "what was before is not sent again"
    assert "restart" in [event["event"] for event in assistant.tracker_events(visitor.conversation)]


def test_after_a_log_out_nothing_of_the_visit_before_is_given_out(assistant: WebAssistant) -> None:
    visitor = Visitor(assistant.chat)
    visitor.send("echo my secret")
    visitor.read(2)
    before = assistant.actions.answer
    assistant.actions.answer = {"events": [], "responses": [{"custom": {"type": "new_visit"}}, {"text": "Logged out."}]}
    try:
        visitor.send("act")
        assert [entry["kind"] for entry in visitor.settled()][-2:] == ["restart", "bot"]
    finally:
        assistant.actions.answer = before

    for after in range(5):
        told = visitor.read(1 if after in (0, 4) else 2, after=after)
        assert [entry.get("text") for entry in told if entry["kind"] != "restart"] == ["Logged out."]
        assert after in (0, 4) or told[0]["kind"] == "restart", "a page that shows more is cleared"
    transcript = visitor.get("transcript").text
    assert "Logged out." in transcript and "secret" not in transcript


def test_a_transcript_holds_everything_that_was_said(assistant: WebAssistant) -> None:
    visitor = Visitor(assistant.chat)
    visitor.send("hello")
    visitor.send("lamps")
    visitor.read(4)
    transcript = visitor.get("transcript").text

    for line in ("You: hello", "Assistant: Hello!", "Three things you may like:", " - Heron floor lamp, £129.00"):
        assert line in transcript


# Requests that no browser makes, and options ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"nonsense", b"[" * 100_000, b'{"id": 7, "text": "x"}', b'{"id": "long enough", "text": "x"}',
     b'{"id": "long-enough", "text": 7}', b'{"id": "long-enough", "text": ["x"]}'],
)  # fmt: skip
def test_requests_that_make_no_sense_are_refused(assistant: WebAssistant, body: bytes) -> None:
    visitor = Visitor(assistant.chat)
    refused = requests.post(f"{assistant.chat}/messages", data=body, headers=visitor.headers, timeout=20)

    assert refused.status_code == 400 and refused.json()["code"] == "bad_request"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"colour": "green"}, "colour"),
        ({"path": "chat"}, "path"),
        ({"message_length": 0}, "message_length"),
        ({"message_length": "many"}, "message_length"),
        ({"allowed_origins": "https://shop.example"}, "allowed_origins"),
        ({"allowed_origins": ["*"]}, "allowed_origins"),
        ({"allowed_origins": ["https://shop.example/"]}, "allowed_origins"),
        ({"page": "shop.nowhere.page"}, "page"),
    ],
)
def test_options_that_make_no_sense_are_named(tmp_path: Path, options: dict[str, Any], named: str) -> None:
    with pytest.raises(ParlanceError, match=named):
        WebInput.from_credentials({"secret_file": str(tmp_path / "secret"), **options})


def test_the_secret_is_made_once_and_for_nobody_else_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEB_CHAT_SECRET", raising=False)
    file = tmp_path / "secret"
    WebInput.from_credentials({"secret_file": str(file)})
    secret = file.read_text()
    WebInput.from_credentials({"secret_file": str(file)})

    assert len(secret) == 64 and file.read_text() == secret
    assert file.stat().st_mode & 0o077 == 0
    monkeypatch.setenv("WEB_CHAT_SECRET", "too short")
    with pytest.raises(ParlanceError, match="WEB_CHAT_SECRET"):
        WebInput.from_credentials({"secret_file": str(file)})
