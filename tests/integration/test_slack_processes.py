"""Two servers started by ``rasa run`` take the same deliveries, and one that was killed comes back."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.integration.conftest import write_yaml
from tests.integration.slack_assistant import ActionServer
from tests.integration.slack_workspace import wait_until
from tests.processes import free_port
from tests.slack_server import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, SlackServer

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 240.0  # importing Rasa, on a busy machine


@contextmanager
def rasa_run(folder: Path, model: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, str(ROOT / "scripts" / "rasa_cli.py"), "run", "--model", str(model), "--port", str(port)]
    command += ["--credentials", "credentials.yml", "--endpoints", f"endpoints-{port}.yml", "--interface", "127.0.0.1"]
    with (folder / f"rasa-{port}.log").open("ab") as log:
        settings = {**os.environ, "SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_SIGNING_SECRET": SIGNING_SECRET}
        settings["PYTHONPATH"] = str(ROOT)  # for shop.identity
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT, env=settings)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(60)


def wait_for(port: int, folder: Path, mode: str = "http") -> str:
    """The webhook's address, once the server answers with a model loaded."""

    def ready() -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{port}/webhooks/slack/", timeout=2).json()["mode"] == mode
        except requests.RequestException:
            return False

    wait_until(ready, f"a server on {port}; its log is in {folder}", START_SECONDS)
    return f"http://127.0.0.1:{port}/webhooks/slack/webhook"


def waiting_in(folder: Path) -> int:
    """How many deliveries are not noted as answered."""
    with closing(sqlite3.connect(folder / ".rasa" / "slack-deliveries.db", timeout=10)) as deliveries:
        return int(deliveries.execute("SELECT count(*) FROM channel_inbox").fetchone()[0])


@pytest.mark.slow
def test_processes_share_what_was_delivered_and_remember_it_after_one_was_killed(
    slack_model: Path, slack_actions: ActionServer, tmp_path: Path
) -> None:
    slack = SlackServer().start()
    ada = slack.user("Ada", "ada@example.com")
    channel = slack.direct(ada)
    options = {"mode": "http", "api_url": f"{slack.address}/api/", "identity": "shop.identity.mint"}
    write_yaml(tmp_path / "credentials.yml", {"parlance.channels.slack.SlackChannel": options})
    ports = [free_port(), free_port()]
    for port in ports:
        # Without a shared lock store each needs conversations of its own.
        store = {"type": "SQL", "dialect": "sqlite", "db": str(tmp_path / f"conversations-{port}.db")}
        endpoints = {"action_endpoint": {"url": slack_actions.url}, "tracker_store": store}
        write_yaml(tmp_path / f"endpoints-{port}.yml", endpoints)
    with rasa_run(tmp_path, slack_model, ports[0]):
        with rasa_run(tmp_path, slack_model, ports[1]) as second:
            urls = [wait_for(port, tmp_path) for port in ports]
            events = [slack.message_event(ada, channel, f"number {number}") for number in range(10)]
            for event in events:
                # At the same moment to both.
                statuses = [delivery.status for delivery in slack.deliver_to_all(urls, event)]
                assert statuses == [200, 200]
            wait_until(lambda: len(slack.posted(channel)) >= len(events), "ten answers")
            # A process that is killed between an answer and its note gives it again (docs/slack.md).
            wait_until(lambda: waiting_in(tmp_path) == 0, "a note of each answer")
            second.kill()

        with rasa_run(tmp_path, slack_model, ports[1]):
            urls[1] = wait_for(ports[1], tmp_path)
            for event in events:
                assert slack.deliver(urls[1], event, retry=1).status == 200
            slack.deliver(urls[1], slack.message_event(ada, channel, "do who_am_i"))
            wait_until(lambda: len(slack.posted(channel)) > len(events), "an answer after the restart")

    answers = [post["text"] for post in slack.posted(channel)]
    assert sorted(answers[:-1]) == sorted(f"You said: number {number}" for number in range(10))
    assert answers[-1] == "Ada, ada@example.com"
    slack.stop()


def configure(folder: Path, slack: SlackServer, actions: str, mode: str) -> None:
    options = {"mode": mode, "api_url": f"{slack.address}/api/", "app_token": APP_TOKEN}
    options["deliveries"] = f"sqlite:///{folder / 'deliveries.db'}"
    write_yaml(folder / "credentials.yml", {"parlance.channels.slack.SlackChannel": options})
    store = {"type": "SQL", "dialect": "sqlite", "db": str(folder / "conversations.db")}
    write_yaml(folder / "endpoints.yml", {"action_endpoint": {"url": actions}, "tracker_store": store})


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["http", "socket"])
def test_what_was_acknowledged_before_a_kill_is_answered_once_and_in_order(
    slack_model: Path, slack_actions: ActionServer, tmp_path: Path, mode: str
) -> None:
    slack = SlackServer().start()
    ada = slack.user("Ada", "ada@example.com")
    channel, port = slack.direct(ada), free_port()
    configure(tmp_path, slack, slack_actions.url, mode)
    # The first one takes so long that none is answered when the server is killed.
    texts = ["do slow", "number 1", "number 2", "number 3"]
    events = [slack.message_event(ada, channel, text) for text in texts]

    def deliver(event: dict[str, Any], retry: int = 0) -> None:
        if mode == "http":
            url = f"http://127.0.0.1:{port}/webhooks/slack/webhook"
            assert slack.deliver(url, event, retry=retry).status == 200
            return
        envelope = slack.send_envelope("events_api", event, retry=retry)
        wait_until(lambda: envelope in slack.acknowledged, "an acknowledgement")

    with rasa_run(tmp_path, slack_model, port) as first:
        wait_for(port, tmp_path, mode)
        wait_until(lambda: mode == "http" or slack.is_connected, "a connection")
        for event in events:
            deliver(event)
        first.kill()
        first.wait(60)
    assert slack.posted(channel) == []
    assert (tmp_path / "deliveries.db").stat().st_mode & 0o777 == 0o600

    with rasa_run(tmp_path, slack_model, port):
        wait_for(port, tmp_path, mode)
        wait_until(lambda: mode == "http" or slack.is_connected, "a connection")
        for event in events:
            deliver(event, retry=1)
        wait_until(lambda: len(slack.posted(channel)) >= len(texts), "the answers", 90)
        deliver(slack.message_event(ada, channel, "last"))
        wait_until(lambda: len(slack.posted(channel)) > len(texts), "the last answer")
    answers = [post["text"] for post in slack.posted(channel)]
    assert answers == ["slow is done", *(f"You said: number {n}" for n in (1, 2, 3)), "You said: last"]
    with sqlite3.connect(tmp_path / "deliveries.db") as database:
        assert database.execute("SELECT count(*) FROM channel_inbox").fetchone() == (0,)
    slack.stop()
