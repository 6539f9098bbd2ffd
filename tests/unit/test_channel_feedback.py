"""Thumbs are records of their own, kept and erased with their conversation."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from parlance.channels.core.feedback import FeedbackKeeper, FeedbackStore, Thumb
from parlance.errors import ParlanceError
from parlance.rasa.retention import Erased

ADA = "ada.byrne@example.com"
DAY = 86_400.0
DOMAIN = Domain.from_yaml("{version: '3.1', intents: [greet]}")
UNDERSTOOD = {
    "text": f"It is {ADA}",
    "intent": "inform",
    "confidence": 0.75,
    "entities": [{"entity": "email", "value": ADA}],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "made" / "feedback.db"


@pytest.fixture
def store(file: Path) -> Iterator[FeedbackStore]:
    store = FeedbackStore(f"sqlite:///{file}")
    store.open()
    yield store
    store.close()


def records(file: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(file)) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute("SELECT * FROM channel_feedback ORDER BY at")]


def agent(*events: Event) -> Any:
    """An agent with one conversation, "web-1"."""
    trackers = InMemoryTrackerStore(DOMAIN)
    asyncio.run(trackers.save(DialogueStateTracker.from_events("web-1", list(events), DOMAIN.slots)))
    return SimpleNamespace(tracker_store=trackers, lock_store=InMemoryLockStore(), model_id="today's")


def message(id: str = "message-1") -> UserUttered:
    return UserUttered(
        UNDERSTOOD["text"],
        {"name": "inform", "confidence": 0.75},
        [{"entity": "email", "value": ADA, "start": 6, "end": 27}],
        message_id=id,
        metadata={"model_id": "yesterday's"},
    )


def thumb(id: str = "thumb-1", rating: str = "up", conversation: str = "web-1") -> Thumb:
    return Thumb(conversation, id, "web", rating, message="answer-1", text="Thank you.")


def test_a_thumb_is_kept_with_what_was_understood_and_by_which_model(store: FeedbackStore, file: Path) -> None:
    before = time.time()
    assert asyncio.run(store.take(thumb(), "message-1", agent(message())))

    (record,) = records(file)
    assert before <= record.pop("at") <= time.time()
    assert json.loads(record.pop("understood")) == UNDERSTOOD
    assert record == {
        "conversation": "web-1", "id": "thumb-1", "channel": "web", "rating": "up", "message": "answer-1",
        "text": "Thank you.", "model": "yesterday's",
    }  # fmt: skip


def test_each_thumb_is_a_record_and_one_that_comes_twice_is_one(store: FeedbackStore, file: Path) -> None:
    for each in (thumb(), thumb("thumb-2", "down"), thumb()):
        assert asyncio.run(store.take(each, "message-1", agent(message())))
    assert [record["rating"] for record in records(file)] == ["up", "down"]


def test_an_answer_of_an_earlier_session_is_found(store: FeedbackStore, file: Path) -> None:
    talk = agent(message(), ActionExecuted("action_session_start"), SessionStarted(), message("message-2"))
    assert asyncio.run(store.take(thumb(), "message-1", talk))
    assert records(file)[0]["understood"]


def test_a_thumb_on_what_was_said_unasked_is_of_the_model_of_now(store: FeedbackStore, file: Path) -> None:
    assert asyncio.run(store.take(thumb(), "", agent(message())))
    (record,) = records(file)
    assert (record["model"], record["understood"]) == ("today's", None)


def test_a_thumb_of_a_conversation_that_is_gone_is_not_kept(store: FeedbackStore, file: Path) -> None:
    assert not asyncio.run(store.take(thumb(conversation="web-2"), "", agent(message())))
    assert records(file) == []


def test_nobody_else_can_read_the_file(store: FeedbackStore, file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_is_old_goes_with_the_conversations(store: FeedbackStore, file: Path) -> None:
    asyncio.run(store.take(thumb(), "", agent(message())))
    asyncio.run(store.take(thumb("thumb-2"), "", agent(message())))
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE channel_feedback SET at = ? WHERE id = 'thumb-1'", (time.time() - 91 * DAY,))
    asyncio.run(FeedbackKeeper(store, lambda: None).forget_old())
    assert len(records(file)) == 2, "conversations are kept for good"
    asyncio.run(FeedbackKeeper(store, lambda: 90).forget_old())
    assert [record["id"] for record in records(file)] == ["thumb-2"]


def test_what_is_erased_stands_in_no_file_any_more(store: FeedbackStore, file: Path) -> None:
    keeper = FeedbackKeeper(store, lambda: 90)
    asyncio.run(store.take(thumb(), "message-1", agent(message())))
    found = asyncio.run(keeper.find(Erased(emails=frozenset({ADA, "yrne@example.com"}))))
    assert found == Erased(frozenset({"web-1"}))
    assert asyncio.run(keeper.find(Erased(emails=frozenset({"yrne@example.com"})))) == Erased()

    asyncio.run(keeper.forget(Erased(emails=frozenset({ADA}))))
    assert len(records(file)) == 1, "conversations are erased one by one"
    asyncio.run(keeper.forget(found))
    asyncio.run(keeper.forget(found))
    assert records(file) == []
    assert not any(ADA.encode() in left.read_bytes() for left in file.parent.iterdir())


def test_a_database_that_cannot_be_used_says_what_to_do() -> None:
    for url in ("no url", "sqlite:////proc/nowhere/feedback.db"):
        with pytest.raises(ParlanceError, match="database") as raised:
            FeedbackStore(url).check()
        assert raised.value.remedy
