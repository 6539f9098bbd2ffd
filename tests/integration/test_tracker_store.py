"""The tracker store on a SQLite file: what is kept in memory is never other than what is in the file."""

import asyncio
import itertools
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from rasa.core.tracker_store import FailSafeTrackerStore, InMemoryTrackerStore, SQLTrackerStore, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.engine import URL

from parlance.rasa.tracker_store import DamagedFile, NotStorable, SQLiteTrackerStore, check_file, check_writable

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
    monkeypatch.setattr("parlance.rasa.tracker_store.KEPT_TRACKERS", 2)
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


HOUR = 3600.0
numbers = itertools.count()


def at(event: Event, seconds: float) -> Event:
    event.timestamp = seconds
    return event


def session(started: float) -> list[Event]:
    """As Rasa stores it: the action comes first, and is dated later."""
    return [at(ActionExecuted("action_session_start"), started + 0.1), at(SessionStarted(), started)]


@pytest.fixture(params=["our own", "Rasa's"])
def any_store(
    request: pytest.FixtureRequest, tmp_path: Path, make_database: Callable[..., URL]
) -> Callable[[], SQLTrackerStore]:
    """Makes the store of a process."""
    if request.param == "our own":
        return lambda: SQLiteTrackerStore(DOMAIN, db=str(tmp_path / "conversations.db"))
    url = make_database(f"conversations-{next(numbers)}")
    return lambda: SQLTrackerStore(DOMAIN, host=url.render_as_string(hide_password=False))


@pytest.mark.parametrize("shift", [-2 * HOUR, -1.0, 2 * HOUR])
def test_a_form_keeps_its_place_when_the_clock_is_set(any_store: Callable[[], SQLTrackerStore], shift: float) -> None:
    now = 1_700_000_000.0
    store = any_store()
    yesterday = [*session(now - 24 * HOUR), at(UserUttered("yesterday"), now - 24 * HOUR + 1)]
    opened = [at(UserUttered("return it"), now + 1), at(ActiveLoop("return_form"), now + 2)]
    later = [at(UserUttered("the blue one"), now + shift), at(SlotSet("name", "blue"), now + shift + 1)]
    for events in (yesterday, [*session(now), *opened], later, [at(UserUttered("yes"), now + shift + 2)]):
        tracker = asyncio.run(store.retrieve("ada")) or DialogueStateTracker("ada", DOMAIN.slots)
        for event in events:
            tracker.update(event)
        asyncio.run(store.save(tracker))

    for reader in (store, any_store()):
        kept = asyncio.run(reader.retrieve("ada"))
        assert kept and kept.active_loop_name == "return_form" and kept.get_slot("name") == "blue"
        said = [event.text for event in kept.events if isinstance(event, UserUttered)]
        assert said == ["return it", "the blue one", "yes"]
        assert isinstance(kept.events[0], ActionExecuted)
    whole = asyncio.run(store.retrieve_full_tracker("ada"))
    assert whole and len([event for event in whole.events if isinstance(event, UserUttered)]) == 4


def test_a_file_that_is_removed_is_noticed_and_the_turn_is_kept(
    store_of_a_process: Callable[[], SQLiteTrackerStore], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = store_of_a_process()
    add(store, SessionStarted(), UserUttered("hi"))
    tracker = tracker_in(store)
    for name in ("conversations.db", "conversations.db-wal"):
        (tmp_path / name).unlink(missing_ok=True)
    assert tracker
    tracker.update(UserUttered("in the midst of a turn"))
    asyncio.run(store.save(tracker))

    assert "conversations.db were removed" in caplog.text
    assert texts(store) == texts(store_of_a_process()) == ["hi", "in the midst of a turn"]


def test_a_file_that_was_replaced_is_read(
    store_of_a_process: Callable[[], SQLiteTrackerStore], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    backup = SQLiteTrackerStore(DOMAIN, db=str(tmp_path / "backup.db"))
    add(backup, UserUttered("from the back-up"))
    backup.engine.dispose()
    store = store_of_a_process()
    add(store, UserUttered("hi"))
    (tmp_path / "backup.db").replace(tmp_path / "conversations.db")

    assert texts(store) == ["from the back-up"]
    assert "conversations.db were replaced" in caplog.text


def test_a_file_that_is_no_database_is_refused_with_what_to_do_and_kept(
    store_of_a_process: Callable[[], SQLiteTrackerStore], tmp_path: Path
) -> None:
    file = tmp_path / "conversations.db"
    file.write_bytes(b"not a database at all" * 500)
    content = file.read_bytes()
    with pytest.raises(DamagedFile, match=r"cannot be read: .*not a database.* left as it is.*\(mv .*\.recover"):
        store_of_a_process()
    assert file.read_bytes() == content


def test_damage_in_the_midst_of_a_file_is_found(
    store_of_a_process: Callable[[], SQLiteTrackerStore], tmp_path: Path
) -> None:
    store = store_of_a_process()
    add(store, *(UserUttered(f"message {number} " * 50) for number in range(300)))
    store.engine.dispose()
    file = tmp_path / "conversations.db"
    check_file(file, thoroughly=True)
    content = file.read_bytes()
    for damaged in (content[: len(content) // 2], content[:8192] + b"\xff" * 40_000 + content[48_192:]):
        file.write_bytes(damaged)
        with pytest.raises(DamagedFile, match="left as it is"):
            check_file(file, thoroughly=True)
        assert file.read_bytes() == damaged


def test_readiness_writes_and_leaves_nothing(any_store: Callable[[], SQLTrackerStore]) -> None:
    store = any_store()
    asyncio.run(check_writable(FailSafeTrackerStore(store)))
    assert list(asyncio.run(store.keys())) == []


def test_readiness_notices_what_cannot_be_written(
    store_of_a_process: Callable[[], SQLiteTrackerStore], tmp_path: Path
) -> None:
    store = store_of_a_process()
    other = sqlite3.connect(tmp_path / "conversations.db")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="database is locked"):
        asyncio.run(check_writable(FailSafeTrackerStore(store)))
    other.execute("DROP TABLE events")
    other.commit()
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        asyncio.run(check_writable(store))


def test_readiness_asks_a_store_of_another_kind() -> None:
    class Away(InMemoryTrackerStore):
        async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
            raise ConnectionError

    store: TrackerStore = FailSafeTrackerStore(InMemoryTrackerStore(DOMAIN))
    asyncio.run(check_writable(store))
    with pytest.raises(ConnectionError):
        asyncio.run(check_writable(FailSafeTrackerStore(Away(DOMAIN))))
