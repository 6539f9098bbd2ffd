"""`parlance test conversations` against a Rasa server and an action server that it starts, with a real database."""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from parlance.cli import app
from parlance.testing.process import started
from parlance.testing.settings import find_settings

pytestmark = pytest.mark.slow
START_SECONDS = 200

DOMAIN = """\
version: "3.1"
intents: [hello, look, add, crash, sleep, die]
slots:
  name:
    type: text
    influence_conversation: false
    mappings:
      - type: custom
actions: [action_look, action_add, action_crash, action_sleep, action_die]
responses:
  utter_hello:
    - text: "Hello {name}, how are you?"
      buttons: [{title: Look, payload: /look}]
    - text: "How do you do, {name}?"
      buttons: [{title: Look, payload: /look}]
  utter_count:
    - text: "There are {count} notes."
"""
CONFIG = """\
recipe: default.v1
language: en
assistant_id: notes
pipeline: [{name: KeywordIntentClassifier}]
policies: [{name: RulePolicy}]
"""
# The SQL store, unlike that in memory, forgets what is dated before the latest session.
ENDPOINTS = """\
action_endpoint:
  url: ${ACTIONS}
tracker_store: {type: SQL, dialect: sqlite, db: conversations.db}
"""
ACTIONS = '''\
"""Notes in a SQLite database, and ways to go wrong."""
import os, signal, sqlite3, time
from rasa_sdk import Action
from rasa_sdk.events import SlotSet

class Notes(Action):
    def name(self): return "action_look"
    def notes(self, tracker, connection): pass
    def run(self, dispatcher, tracker, domain):
        if not os.path.exists(os.environ["NOTES"]):
            dispatcher.utter_message(text="The notes are away.")
            return []
        with sqlite3.connect(os.environ["NOTES"], timeout=10) as connection:
            self.notes(tracker, connection)
            time.sleep(0.05)  # long enough for other conversations to come between
            count = connection.execute("SELECT count(*) FROM notes").fetchone()[0]
        dispatcher.utter_message(response="utter_count", count=count)
        return [SlotSet("name", f"note {count}")]

class Add(Notes):
    def name(self): return "action_add"
    def notes(self, tracker, connection):
        connection.execute("INSERT INTO notes VALUES (?)", (tracker.sender_id,))

class Crash(Action):
    def name(self): return "action_crash"
    def run(self, dispatcher, tracker, domain): raise RuntimeError("the ink is dry")

class Sleep(Action):
    def name(self): return "action_sleep"
    def run(self, dispatcher, tracker, domain):
        time.sleep(4)
        return []

class Die(Action):
    def name(self): return "action_die"
    def run(self, dispatcher, tracker, domain):
        os.kill(os.getppid(), signal.SIGKILL)  # Rasa, which start.sh has become
'''
# One process group; the action server's parent is Rasa.
START = """\
#!/bin/sh
"$1" -m rasa_sdk --actions notes_actions --port "$3" > "$4/actions.log" 2>&1 &
exec "$1" -m rasa run --enable-api --model model.tar.gz --interface 127.0.0.1 --port "$2" --endpoints endpoints.yml
"""
CONFTEST = """\
assistant:
  start: sh start.sh {python} {port} {action_port} {logs}
  environment:
    ACTIONS: "http://127.0.0.1:{action_port}/webhook"
    SANIC_HOST: 127.0.0.1
    NOTES: "{database}"
  health: ["http://127.0.0.1:{action_port}/health"]
  database: notes.db
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small assistant that keeps notes, trained."""
    from rasa.model_training import train

    folder = tmp_path_factory.mktemp("notes")
    intents = ("hello", "look", "add", "crash", "sleep", "die")
    actions = {"hello": "utter_hello", **{name: f"action_{name}" for name in intents[1:]}}
    nlu = "".join(f"- intent: {name}\n  examples: |\n    - {name}\n    - please {name}\n" for name in intents)
    rules = "".join(
        f"- rule: {name}\n  steps:\n  - intent: {name}\n  - action: {action}\n" for name, action in actions.items()
    )
    for name, text in {
        "domain.yml": DOMAIN,
        "config.yml": CONFIG,
        "data.yml": f'version: "3.1"\nnlu:\n{nlu}rules:\n{rules}',
        "notes_actions.py": ACTIONS,
        "start.sh": START,
        "endpoints.yml": ENDPOINTS,
        "credentials.yml": "rest:\n",
        "conftest.yml": CONFTEST,
    }.items():
        (folder / name).write_text(text)
    result = train(str(folder / "domain.yml"), str(folder / "config.yml"), [str(folder / "data.yml")], str(folder))
    assert result.model
    Path(result.model).rename(folder / "model.tar.gz")
    return folder


@pytest.fixture
def notes(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the assistant's project as the working folder, with an empty database."""
    folder = tmp_path / "notes"
    shutil.copytree(trained, folder)
    make_database(folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="module")
def running(trained: Path) -> Iterator[tuple[Path, str]]:
    """The assistant, running in its project as the working folder; the folder, and its address."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(trained)
        make_database(trained)
        with started(find_settings(trained), trained / "logs", START_SECONDS) as assistant:
            yield trained, assistant.url


def make_database(folder: Path) -> None:
    (folder / "notes.db").unlink(missing_ok=True)
    with sqlite3.connect(folder / "notes.db") as connection:
        connection.execute("CREATE TABLE notes (conversation TEXT)")


def run(folder: Path, tests: str, *arguments: str) -> Result:
    (folder / "tests.yml").write_text(dedent(tests))
    return CliRunner(env={"COLUMNS": "200"}).invoke(
        app, ["test", "conversations", "tests.yml", "--start-timeout", str(START_SECONDS), *arguments]
    )


def dump(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "notes.db") as connection:
        return list(connection.iterdump())


def cases(name: str, message: str, expected: str, times: int) -> str:
    return "".join(
        f"  - test_case: {name} {number}\n    steps:\n      - user: {message}\n      - bot: {expected}\n"
        for number in range(times)
    )


def test_cases_side_by_side_neither_notice_each_other_nor_change_the_database(running: tuple[Path, str]) -> None:
    notes, url = running
    before = dump(notes)
    tests = "test_cases:\n" + "".join(
        cases(f"look {part}", "look", "There are 0 notes.", 5) + cases(f"add {part}", "add", "There are 1 notes.", 3)
        for part in range(3)
    )
    tests += """\
  - test_case: two turns that write
    steps:
      - user: add
      - bot: There are 1 notes.
      - user: please add
      - bot: There are 2 notes.
      - slot_was_set:
          - name: note 2
  - test_case: the database away for a turn
    steps:
      - user: look
        metadata: away
      - bot: The notes are away.
      - user: look
      - bot: There are 0 notes.
  - test_case: a slot filled beforehand, and another variation of the answer
    fixtures: [ada]
    steps:
      - user: hello
        assertions:
          - bot_uttered:
              buttons: [{title: Look, payload: /look}]
      - bot: Hello Ada, how are you?
  - test_case: a failure
    steps:
      - user: please look
      - bot: There are 7 notes.
      - slot_was_set: [name: Ada]
      - user: look
fixtures:
  - ada: [name: Ada]
metadata:
  - away: [database: unavailable]
"""
    result = run(notes, tests, "--url", url, "--database", "notes.db", "--junit", "junit.xml")

    assert result.exit_code == 1, result.output
    assert "27 passed, 1 failed of 28" in result.stdout
    assert "FAILED tests.yml" in result.stdout
    assert '- bot: "There are 7 notes."' in result.stdout
    assert '+ bot utter_count: "There are 0 notes."' in result.stdout
    assert 'it was set to "note 0"' in result.stdout
    assert "(1 more turn not played)" in result.stdout
    assert dump(notes) == before
    suites = ElementTree.parse(notes / "junit.xml").getroot()
    assert (suites.get("tests"), suites.get("failures"), suites.get("errors")) == ("28", "1", "0")


def test_without_putting_the_database_back_cases_do_notice_each_other(running: tuple[Path, str]) -> None:
    """What the test above shows would otherwise be chance."""
    notes, url = running
    result = run(notes, "test_cases:\n" + cases("add", "add", "There are 1 notes.", 3), "--url", url)

    assert result.exit_code == 1, result.output
    assert "1 passed, 2 failed of 3" in result.stdout
    with sqlite3.connect(notes / "notes.db") as connection:
        connection.execute("DELETE FROM notes")


def test_after_a_failure_no_more_cases_begin_where_that_is_asked_for(running: tuple[Path, str]) -> None:
    notes, url = running
    tests = "test_cases:\n" + cases("wrong", "look", "x", 1) + cases("right", "look", "There are 0 notes.", 3)
    result = run(notes, tests, "--url", url, "--fail-fast", "--jobs", "2")

    assert result.exit_code == 1, result.output
    assert "1 passed, 1 failed, 2 not run of 4" in result.stdout


def test_an_assistant_at_fault_is_shown_with_its_log(notes: Path) -> None:
    tests = """\
        test_cases:
          - test_case: an action that crashes
            steps:
              - user: crash
              - utter: utter_count
          - test_case: an action that hangs
            steps:
              - user: sleep
              - utter: utter_count
          - test_case: the assistant ends
            steps:
              - user: die
          - test_case: nobody there any more
            steps:
              - user: look
        """
    began = time.monotonic()
    result = run(notes, tests, "--timeout", "3", "--jobs", "1", "--junit", "junit.xml")

    assert result.exit_code == 3, result.output
    assert "the ink is dry" in result.stdout
    assert "+ (the assistant said nothing)" in result.stdout
    assert "took longer than 3 s" in result.stdout
    assert "The connection to the assistant broke" in result.stdout
    assert "The run ended early: No assistant answers at" in result.stdout
    assert "1 failed, 2 at fault, 1 not run of 4" in result.stdout
    assert "Traceback" not in result.stderr
    assert time.monotonic() - began < 120
    suites = ElementTree.parse(notes / "junit.xml").getroot()
    assert [suites.get(key) for key in ("failures", "errors", "skipped")] == ["1", "2", "1"]


def test_names_that_the_assistant_does_not_have_are_refused_before_anything_is_said(running: tuple[Path, str]) -> None:
    notes, url = running
    tests = """\
        fixtures:
          - ada: [nam: Ada]
        test_cases:
          - test_case: typing errors
            fixtures: [ada]
            steps:
              - user: look
              - utter: utter_cuont
              - slot_was_set: [names]
        """
    result = run(notes, tests, "--url", url)

    assert result.exit_code == 2, result.output
    assert (
        "tests.yml:8: the assistant's domain has no response 'utter_cuont'. Did you mean 'utter_count'?"
        in result.stderr
    )
    assert "tests.yml:9: the assistant's domain has no slot 'names'. Did you mean 'name'?" in result.stderr
    assert "tests.yml:4: the assistant's domain has no slot 'nam'. Did you mean 'name'?" in result.stderr


def test_an_assistant_that_does_not_start_is_shown_with_its_log(notes: Path) -> None:
    (notes / "start.sh").write_text("echo no model found\nexit 4\n")
    result = run(notes, "test_cases:\n" + cases("look", "look", "x", 1))

    assert result.exit_code == 3, result.output
    assert "no model found" in result.stderr
    assert "ended before it was up (exit code 4)" in result.stderr
