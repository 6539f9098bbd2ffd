"""The tracker store on a SQLite file: what is kept in memory is never other than what is in the file."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.engine import URL

from parlance.components.tracker_store import NotStorable, SQLiteTrackerStore

DOMAIN = Domain.from_yaml("{version: '3.1', intents: [greet], slots: {name: {type: text, mappings: [{type: custom}]}}}")


@pytest.fixture
def store_of_a_process(tmp_path: Path) -> Callable[[], SQLiteTrackerStore]:
    return lambda: SQLiteTrackerStore(DOMAIN, db=str(tmp_path / "conversations.db"))


def add(store: SQLiteTrackerStore, *events: Event, save: bool = True) -> DialogueStateTracker:
    """What a turn does: reads the tracker, changes it, and saves it."""
    tracker = tracker_in(store) or DialogueStateTracker("ada", DOMAIN.slots)
    for event in events:
        tracker.update(event)
    if save:
        asyncio.run(store.save(tracker))
    return tracker


def tracker_in(store: SQLiteTrackerStore) -> DialogueStateTracker | None:
    return asyncio.run(store.retrieve("ada"))


def texts(store: SQLiteTrackerStore) -> list[str | None]:
    tracker = tracker_in(store)
    assert tracker
    return [event.text for event in tracker.events if isinstance(event, UserUttered)]


def test_a_tracker_is_read_from_the_file_once(store_of_a_process: Callable[[], SQLiteTrackerStore]) -> None:
    store = store_of_a_process()
    add(store, ActionExecuted("action_session_start"), SessionStarted(), UserUttered("hi"))
    first = tracker_in(store)
    add(store, UserUttered("where is my order"), SlotSet("name", "Ada"))

    assert tracker_in(store) is first
    assert texts(store) == texts(store_of_a_process()) == ["hi", "where is my order"]
    assert first and first.get_slot("name") == "Ada"


def test_what_another_process_saved_is_seen(store_of_a_process: Callable[[], SQLiteTrackerStore]) -> None:
    store, other = store_of_a_process(), store_of_a_process()
    add(store, UserUttered("hi"))
    assert texts(store) == ["hi"]
    add(other, UserUttered("hello from elsewhere"))

    assert texts(store) == ["hi", "hello from elsewhere"]


def test_what_was_never_saved_is_forgotten(store_of_a_process: Callable[[], SQLiteTrackerStore]) -> None:
    store = store_of_a_process()
    add(store, UserUttered("hi"))
    add(store, UserUttered("a turn that failed"), save=False)

    assert texts(store) == ["hi"]


def test_a_new_session_begins_with_its_own_events(store_of_a_process: Callable[[], SQLiteTrackerStore]) -> None:
    store = store_of_a_process()
    add(store, SessionStarted(), UserUttered("yesterday"))
    add(store, ActionExecuted("action_session_start"), SessionStarted(), UserUttered("today"))

    assert texts(store) == ["today"]


def test_as_many_trackers_are_kept_as_are_allowed(
    store_of_a_process: Callable[[], SQLiteTrackerStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parlance.components.tracker_store.KEPT_TRACKERS", 2)
    store = store_of_a_process()
    for name in ("ada", "bob", "cleo"):
        tracker = DialogueStateTracker(name, DOMAIN.slots)
        tracker.update(UserUttered("hi"))
        asyncio.run(store.save(tracker))
        asyncio.run(store.retrieve(name))

    assert list(store._kept) == ["bob", "cleo"]


def test_what_the_database_cannot_hold_is_an_error_and_not_the_end_of_the_process(
    make_database: Callable[..., URL],
) -> None:
    url = make_database("unstorable")
    store = SQLTrackerStore(DOMAIN, host=url.render_as_string(hide_password=False))
    refused = ["\ud800"] if url.get_backend_name() == "sqlite" else ["\ud800", "a\x00b"]
    for name in refused:
        tracker = DialogueStateTracker("ada", DOMAIN.slots)
        tracker.update(UserUttered("hi", {"name": name}))
        with pytest.raises(NotStorable):
            asyncio.run(store.save(tracker))
    tracker = DialogueStateTracker("ada", DOMAIN.slots)
    tracker.update(UserUttered("hi", {"name": "greet"}))
    asyncio.run(store.save(tracker))

    kept = asyncio.run(store.retrieve("ada"))
    assert kept and [event.text for event in kept.events if isinstance(event, UserUttered)] == ["hi"]
