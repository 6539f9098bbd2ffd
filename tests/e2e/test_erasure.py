"""A customer who is erased by the chat: afterwards every file that the assistant keeps is searched for them."""

import base64
import sqlite3
import time
from pathlib import Path
from typing import Any

import requests

from tests.e2e.running import Fern
from tests.web_visitor import Visitor, identity, photo, texts

ELIN = "elin.hughes@example.com"


def in_tokens(text: str) -> list[bytes]:
    """What a text looks like inside base64, wherever it begins there."""
    return [base64.b64encode(b"x" * shift + text.encode())[4 if shift else 0 : -4] for shift in range(3)]


def answered(visitor: Visitor, text: str) -> list[dict[str, Any]]:
    """What Fern says to a message."""
    seen = len(visitor.settled())
    visitor.send(text)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        entries = visitor.settled()[seen + 1 :]
        if any(entry["kind"] == "bot" for entry in entries):
            return entries
        time.sleep(0.2)
    raise AssertionError(f"no answer to {text!r}")


def files_with(folder: Path, *traces: bytes) -> list[tuple[str, bytes]]:
    """Which files hold one of these, in letters of any case."""
    found = []
    for file in (file for file in folder.rglob("*") if file.is_file()):
        content = file.read_bytes()
        found += [(file.name, trace) for trace in traces if trace in content or trace.lower() in content.lower()]
    return found


def test_nothing_is_left_of_an_erased_customer_in_any_file(fern: Fern) -> None:
    # Another conversation, in which an order and an address were all that was told; it is still open.
    fern.answers("elin-at-work", "where is my order, the kingfisher mug")
    fern.answers("elin-at-work", "FH-10438")
    assert "FH-10438" in fern.answers("elin-at-work", ELIN)
    visitor = Visitor(fern.chat, identity(ELIN))
    answered(visitor, "hello")
    headers = {**visitor.headers, "x-file-name": "elin.jpg"}
    stored = requests.post(f"{fern.chat}/uploads", data=photo(), headers=headers, timeout=30).json()
    visitor.send("", upload=stored["id"])
    picture = fern.folder / "uploads" / stored["id"]
    assert picture.exists()
    question = answered(visitor, "please delete my account and all my data")
    (yes,) = (b for entry in question for b in entry.get("buttons", []) if "yes" in b["title"].lower())
    answer = answered(visitor, yes["payload"])
    assert any("DR-" in text for text in texts(answer)), answer
    mark = "kingfisher"
    assert files_with(fern.folder, mark.encode())

    # The shop leaves a minute to read the answer.
    with sqlite3.connect(fern.folder / "shop.db", timeout=30) as shop:
        # As if it had been sent: that is where the last word goes, and nobody sends mail here.
        shop.execute("DELETE FROM outbox WHERE kind = 'data_deleted'")
        shop.execute("UPDATE erasures SET erased_at = '2000-01-01 00:00:00'")
    deadline = time.monotonic() + 120
    while shop.execute("SELECT count(*) FROM erasures").fetchone()[0]:
        assert time.monotonic() < deadline, (fern.folder / "logs" / "rasa.log").read_text()[-3000:]
        time.sleep(0.5)
    shop.close()

    assert files_with(fern.folder, ELIN.encode(), b"Elin Hughes", mark.encode(), *in_tokens(ELIN)) == []
    # The shop's own log of what was changed says in which conversation, and no more.
    assert {file for file, _ in files_with(fern.folder, visitor.conversation.encode())} == {"shop.db"}
    assert not picture.exists()
    assert visitor.get("transcript").status_code == 403
    assert "kingfisher" not in fern.answers("elin-at-work", "what did I ask you for")
