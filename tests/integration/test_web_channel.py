"""The web chat's HTTP interface: a real Rasa assistant behind the channel, and requests as a browser makes them."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from PIL import Image

from shop.recognition import Recognition, sign
from tests.web_assistant import WebAssistant, thumbs_in
from tests.web_visitor import IDENTITY_SECRET, Visitor, identity, photo, texts


@pytest.fixture(scope="module")
def assistant(small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebAssistant]:
    running = WebAssistant(
        small_model, tmp_path_factory.mktemp("web"), allowed_origins=["https://shop.example"], upload_megabytes=0.5
    )
    running.start()
    yield running
    running.stop()
    running.actions.stop()


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
