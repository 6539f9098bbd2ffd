"""What a server forgets, on real stores: what was erased stands in none of its files, and what is old goes."""

import asyncio
import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from rasa.core.tracker_store import InMemoryTrackerStore, SQLTrackerStore, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.engine import URL

from parlance.channels.core.picture_retention import PictureKeeper
from parlance.channels.retention import RetentionInput
from parlance.channels.web.store import ConversationStore
from parlance.rasa import retention, tracker_retention
from parlance.rasa.errors import ChannelError
from parlance.rasa.retention import Erased
from parlance.rasa.tracker_retention import Busy, TrackerKeeper, names
from parlance.rasa.tracker_store import SQLiteTrackerStore
from tests.web_assistant import WebAssistant, thumbs_in
from tests.web_visitor import IDENTITY_SECRET, Visitor, identity, photo, texts

ADA = "ada.byrne@example.com"
DAY = 86_400.0
DOMAIN = Domain.from_yaml("{version: '3.1', intents: [greet]}")


@dataclass
class Request:
    """An erasure as a shop asks for it."""

    id: int
    conversations: list[str] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)


REQUESTS: dict[int, Request] = {}
FAULTS: list[Exception] = []


def waiting() -> list[Request]:
    if FAULTS:
        raise FAULTS.pop()
    return list(REQUESTS.values())


def done(number: int) -> None:
    del REQUESTS[number]


@pytest.fixture(scope="module")
def assistant(small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebAssistant]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retention, "ERASURES_SECONDS", 0.1)
        patch.setenv("IDENTITY_SECRET", IDENTITY_SECRET)
        running = WebAssistant(small_model, tmp_path_factory.mktemp("retention"))
        options = {"erasures": f"{__name__}.waiting", "erased": f"{__name__}.done"}
        running.more_channels = [RetentionInput.from_credentials(options)]
        running.start()
        yield running
        running.stop()
        running.actions.stop()


def erase(request: Request) -> None:
    """Ask for it, and wait until the server says that it is done."""
    REQUESTS[request.id] = request
    deadline = time.monotonic() + 60
    while request.id in REQUESTS:
        assert time.monotonic() < deadline, "it was not done"
        time.sleep(0.05)


def rate(visitor: Visitor) -> None:
    """A thumb on what was last said."""
    answer = next(entry for entry in reversed(visitor.settled()) if entry["kind"] == "bot")
    assert visitor.post("feedback", id="a-thumb-of-theirs", answer=answer["id"], rating="up").status_code == 202
    visitor.settled()


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_what_was_erased_stands_in_no_file_and_others_stay(assistant: WebAssistant) -> None:
    other = Visitor(assistant.chat)
    other.send("echo a heron by the lake")
    other.read(2)
    known, signed_in, naming = Visitor(assistant.chat), Visitor(assistant.chat, identity(ADA)), Visitor(assistant.chat)
    known.send("echo a kingfisher by the lake")
    signed_in.send("echo a bittern by the lake")
    naming.send(f"echo a coot by the lake, {ADA}")
    pictures = []
    for visitor in (known, signed_in, other):
        headers = {**visitor.headers, "x-file-name": "ada.jpg"}
        stored = requests.post(f"{assistant.chat}/uploads", data=photo(), headers=headers, timeout=20).json()
        pictures.append(assistant.folder / "uploads" / stored["id"])
        visitor.send("", upload=stored["id"])
        visitor.settled()
    naming.settled()
    for visitor in (known, signed_in, naming, other):
        rate(visitor)
    feedback = assistant.folder / "feedback.db"
    assert all(thumbs_in(feedback, visitor.conversation) for visitor in (known, signed_in, naming, other))
    for bird in (b"kingfisher", b"bittern", b"coot"):
        assert bird in everything_in(assistant.folder)

    erase(Request(1, conversations=[known.conversation], emails=[ADA]))

    left = everything_in(assistant.folder)
    for trace in (b"kingfisher", b"bittern", b"coot", ADA.encode(), signed_in.conversation.encode()):
        assert trace not in left
    assert [picture.exists() for picture in pictures] == [False, False, True]
    thumbs = [len(thumbs_in(feedback, visitor.conversation)) for visitor in (known, signed_in, naming, other)]
    assert thumbs == [0, 0, 0, 1]
    # Who names the id of another's picture does not take it along.
    thief = Visitor(assistant.chat)
    thief.send(f"echo {pictures[2].name}")
    thief.settled()
    erase(Request(4, conversations=[thief.conversation], pictures=[pictures[2].name]))
    assert pictures[2].exists()
    assert "echo a heron by the lake" in texts(other.settled()) and b"heron" in left
    assert known.get("events").status_code == 403
    assert Visitor(assistant.chat, token=known.token).opened["fresh"]


def test_whoever_waits_for_an_answer_gets_it_first_and_nothing_of_it_is_left(assistant: WebAssistant) -> None:
    visitor = Visitor(assistant.chat)
    assistant.actions.hold()
    try:
        visitor.send("act, said the wagtail")
        visitor.send("echo the wagtail again")
        REQUESTS[2] = Request(2, conversations=[visitor.conversation])
        time.sleep(0.5)
        assert 2 in REQUESTS, "the turn is not over"
    finally:
        assistant.actions.go_on.set()
    erase(REQUESTS.get(2, Request(2)))
    deadline = time.monotonic() + 20
    while b"wagtail" in everything_in(assistant.folder) and time.monotonic() < deadline:
        # The second message may have had its turn before the erasure had its own.
        time.sleep(0.2)
    assert b"wagtail" not in everything_in(assistant.folder)


def test_a_shop_that_is_away_is_asked_again(assistant: WebAssistant) -> None:
    visitor = Visitor(assistant.chat)
    visitor.send("echo a plover")
    visitor.settled()
    FAULTS.extend([OSError("the database is away")] * 3)
    erase(Request(3, conversations=[visitor.conversation]))
    assert b"plover" not in everything_in(assistant.folder)


def test_thumbs_are_kept_as_long_as_conversations(assistant: WebAssistant) -> None:
    feedback = assistant.folder / "feedback.db"
    visitor, later = Visitor(assistant.chat), Visitor(assistant.chat)
    for each in (visitor, later):
        each.send("echo a heron")
        rate(each)
    with closing(sqlite3.connect(feedback)) as database, database:
        days_ago = "UPDATE channel_feedback SET at = at - ? WHERE conversation = ?"
        database.execute(days_ago, (91 * DAY, visitor.conversation))
        database.execute(days_ago, (89 * DAY, later.conversation))
    # What is old is looked for at the start.
    assistant.stop()
    assistant.start()
    deadline = time.monotonic() + 20
    while thumbs_in(feedback, visitor.conversation) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not thumbs_in(feedback, visitor.conversation) and thumbs_in(feedback, later.conversation)


# The tracker store ------------------------------------------------------------------------------------------------


@pytest.fixture(params=["our sqlite", "rasa's sqlite", "postgresql", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TrackerStore]:
    if request.param == "memory":
        yield InMemoryTrackerStore(DOMAIN)
    elif request.param == "our sqlite":
        yield SQLiteTrackerStore(DOMAIN, db=str(tmp_path / "conversations.db"))
    elif request.param == "rasa's sqlite":
        yield SQLTrackerStore(DOMAIN, dialect="sqlite", db=str(tmp_path / "conversations.db"))
    else:
        server: URL = request.getfixturevalue("postgresql")
        made = SQLTrackerStore(DOMAIN, host=server.render_as_string(hide_password=False))
        yield made
        made.engine.execute("DROP TABLE events")
        made.engine.dispose()


def save(store: TrackerStore, sender: str, *events: Event) -> None:
    tracker = DialogueStateTracker.from_events(sender, list(events), DOMAIN.slots)
    asyncio.run(store.save(tracker))


def said(store: TrackerStore, sender: str) -> list[str | None]:
    tracker = asyncio.run(store.retrieve_full_tracker(sender))
    return [event.text for event in tracker.events if isinstance(event, UserUttered)] if tracker else []


def test_conversations_are_found_by_an_address_and_forgotten(store: TrackerStore) -> None:
    keeper = TrackerKeeper(lambda: store, days=90)
    picture = "0123456789abcdef" * 2
    save(store, "known", UserUttered(f"a photo {picture}"))
    save(store, "naming", UserUttered("I am ADA.Byrne@example.com, hello"))
    cut = [{"entity": "email", "value": ADA, "start": 5, "end": 5 + len(ADA)}]
    save(store, "longer", UserUttered("I am not.ada.byrne@example.com, nor ada.byrne@example.com.au", entities=cut))

    found = asyncio.run(keeper.find(Erased(frozenset({"known"}), frozenset({ADA}))))
    assert found == Erased(frozenset({"naming"}), pictures=frozenset({picture}))
    asyncio.run(keeper.forget(found | Erased(frozenset({"known", "nobody's"}))))
    asyncio.run(keeper.forget(found))
    assert [said(store, sender) for sender in ("known", "naming")] == [[], []]
    assert said(store, "longer")


def test_what_is_old_goes_but_for_the_session_that_is_open(store: TrackerStore) -> None:
    if isinstance(store, InMemoryTrackerStore):
        pytest.skip("it is gone with the process")
    now = time.time()

    def session(text: str, days: float) -> list[Event]:
        at = now - days * DAY
        start = [ActionExecuted("action_session_start", timestamp=at), SessionStarted(timestamp=at)]
        return [*start, UserUttered(text, timestamp=at)]

    save(store, "regular", *session("last year", 300), *session("in spring", 200), *session("lately", 89))
    save(store, "open for long", *session("begun", 95), UserUttered("and on", timestamp=now - DAY))
    save(store, "gone", *session("once", 91))
    asyncio.run(TrackerKeeper(lambda: store, days=90).forget_old())

    assert said(store, "regular") == ["lately"]
    assert said(store, "open for long") == ["begun", "and on"]
    assert said(store, "gone") == []


def test_many_events_go_a_part_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker_retention, "AT_ONCE", 7)
    store = SQLiteTrackerStore(DOMAIN, db=str(tmp_path / "conversations.db"))
    save(store, "ada", *(UserUttered(f"message {number}") for number in range(50)))
    asyncio.run(TrackerKeeper(lambda: store, days=90).forget(Erased(frozenset({"ada"}))))
    assert said(store, "ada") == []


def test_while_somebody_reads_it_is_not_done(tmp_path: Path) -> None:
    file = tmp_path / "conversations.db"
    store = SQLiteTrackerStore(DOMAIN, db=str(file))
    keeper = TrackerKeeper(lambda: store, days=90)
    save(store, "ada", UserUttered("a secret of the heron's"))
    reader = sqlite3.connect(file, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM events").fetchone()
    with pytest.raises(Busy):
        asyncio.run(keeper.forget(Erased(frozenset({"ada"}))))
    reader.execute("COMMIT")
    asyncio.run(keeper.forget(Erased(frozenset({"ada"}))))
    assert b"heron" not in everything_in(tmp_path)
    reader.close()


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        (ADA, True), (f"<{ADA}>", True), (f"{ADA}.", True), (f'"{ADA.upper()}"', True), (f"to:{ADA},x", True),
        (f"x{ADA}", False), (f"x-{ADA}", False), (f"x+{ADA}", False), (f"{ADA}.au", False), (f"{ADA}s", False),
        ("ada_byrne@example.com", False), ("adaxbyrne@example.com", False),
    ],
)  # fmt: skip
def test_an_address_is_not_taken_for_a_part_of_another(text: str, is_named: bool) -> None:
    assert names(json.dumps({"text": text}), ADA) is is_named


# The web chat and pictures ----------------------------------------------------------------------------------------


def test_web_conversations_that_nobody_uses_go_and_nothing_is_added_to_them(tmp_path: Path) -> None:
    store = ConversationStore(tmp_path / "chat.db")
    for conversation in ("old", "new"):
        store.start(conversation, None)
        assert store.append(conversation, "1", "user", {"text": "hi"}, pending=True)
    store._db.execute("UPDATE conversations SET used_at = 1000 WHERE id = 'old'")
    (entry,) = (entry for entry in store.pending() if entry.conversation == "old")
    store.forget_unused(2000)
    assert store.begin(entry) == 0
    assert store.append("old", "2", "bot", {"text": "hello"}) is None
    assert [entry.conversation for entry in store.pending()] == ["new"]
    store.close()


def test_pictures_are_kept_for_their_time_and_nothing_else_is_touched(tmp_path: Path) -> None:
    old, new, other = (tmp_path / name for name in ("a" * 32, "b" * 32, "notes.txt"))
    for file, days in ((old, 366), (new, 364), (other, 1000)):
        file.write_text("x")
        os.utime(file, (time.time() - days * DAY,) * 2)
    keeper = PictureKeeper(tmp_path, 365)
    asyncio.run(keeper.forget_old())
    assert sorted(tmp_path.iterdir()) == [new, other]
    asyncio.run(keeper.forget(Erased(pictures=frozenset({"../notes.txt", "notes.txt", "b" * 32, "c" * 32}))))
    assert sorted(tmp_path.iterdir()) == [other]
    asyncio.run(PictureKeeper(tmp_path / "not there", 365).forget_old())


@pytest.mark.parametrize(
    "options",
    [
        {"conversation_days": 0},
        {"conversation_days": "90"},
        {"days": 3},
        {"erasures": f"{__name__}.waiting"},
        {"tidy": "shop.retention.nothing"},
    ],
)
def test_options_that_do_not_work_out_are_named(options: dict[str, object]) -> None:
    with pytest.raises(ChannelError, match="retention channel"):
        RetentionInput.from_credentials(options)
