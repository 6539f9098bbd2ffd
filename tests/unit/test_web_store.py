"""Where the web chat keeps conversations, and what is said where it cannot."""

from pathlib import Path

import pytest

from parlance.channels.web.options import WebOptions
from parlance.channels.web.store import ConversationStore
from parlance.errors import ParlanceError


def test_an_address_of_a_database_is_refused_without_its_password() -> None:
    with pytest.raises(ParlanceError, match="SQLite file") as raised:
        WebOptions.from_credentials({"database": "postgresql://fern:hunter2@db/fern"})
    assert "hunter2" not in str(raised.value)


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("Not a database, and longer than the header that SQLite would look for. " * 20)
    for file in (tmp_path / "no" / "folder.db", text):
        with pytest.raises(ParlanceError, match=str(file)) as raised:
            ConversationStore(file)
        assert raised.value.remedy


def test_tries_of_a_pending_message_are_counted_through_restarts(tmp_path: Path) -> None:
    store = ConversationStore(tmp_path / "chat.db")
    store.start("web-1", None)
    entry = store.append("web-1", "message-1", "user", {"text": "hi"}, pending=True)
    assert entry
    for tries in (1, 2, 3, 4):
        assert store.begin(entry) == tries
        store.close()
        store = ConversationStore(tmp_path / "chat.db")
        assert store.pending() == [entry]
    store.finish(entry)
    assert store.pending() == []
    store.close()
