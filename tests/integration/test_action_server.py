"""The action server as a process of its own: who may call it, and what it says when an action fails."""

import asyncio
import json
import os
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from rasa.core.actions.action import RemoteAction
from rasa.core.channels.channel import CollectingOutputChannel
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import RasaException
from rasa.utils.endpoints import EndpointConfig

import parlance.rasa  # noqa: F401  (makes Rasa show the secret)
from parlance.action_secret import SECRET_VARIABLE
from parlance.actions.server import BODY_BYTES
from tests.integration.test_http_heads import status_of
from tests.processes import free_port

SECRET = "a-secret-of-the-tests-0123456789"
ACTIONS = """\
from rasa_sdk import Action

class Act(Action):
    def name(self):
        return "action_act"

    def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(text="done")
        return []

class Fail(Action):
    def name(self):
        return "action_fail"

    def run(self, dispatcher, tracker, domain):
        raise RuntimeError("the shop is closed")
"""
CUSTOMER = "ada.byrne@example.com"


@dataclass(frozen=True)
class Server:
    """A running action server."""

    address: str
    log: Path


@contextmanager
def running(folder: Path, secret: str) -> Iterator[Server]:
    (folder / "made_actions.py").write_text(ACTIONS)
    port, log = free_port(), folder / "log"
    command = [sys.executable, "-m", "parlance.actions.server", "--actions", "made_actions", "--port", str(port)]
    environment = {**os.environ, SECRET_VARIABLE: secret}
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)
    server = Server(f"http://127.0.0.1:{port}", log)
    try:
        while True:
            assert process.poll() is None, log.read_text()
            try:
                assert requests.get(f"{server.address}/health", timeout=30).json() == {"status": "ok"}
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("actions"), SECRET) as started:
        yield started


def call(name: str) -> dict[str, Any]:
    tracker = {"sender_id": "x", "slots": {}, "latest_message": {"text": CUSTOMER}, "events": []}
    return {"next_action": name, "sender_id": "x", "tracker": tracker, "domain": {}, "version": "3.6.21"}


def post(server: Server, body: bytes, **headers: str) -> requests.Response:
    kept = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.post(f"{server.address}/webhook", data=body, headers=kept, timeout=60)


@pytest.mark.parametrize(
    "shown",
    ["", "Bearer ", f"Bearer {SECRET[:-1]}", f"Bearer {SECRET}x", SECRET, "Bearer \u00e9".encode().decode("latin-1")],
)
def test_without_the_secret_nothing_is_done_or_listed(server: Server, shown: str) -> None:
    headers = {"Authorization": shown.encode("latin-1")} if shown else {}
    calls = [
        requests.post(f"{server.address}/webhook", json=call("action_act"), headers=headers, timeout=60),
        requests.get(f"{server.address}/actions", headers=headers, timeout=60),
    ]
    assert [answer.status_code for answer in calls] == [401, 401]
    assert SECRET_VARIABLE in calls[0].text and "done" not in calls[0].text


def test_with_the_secret_an_action_runs(server: Server) -> None:
    body = json.dumps(call("action_act")).encode()
    packed = zlib.compress(body)
    for sent, headers in ((body, {}), (packed, {"Content_Encoding": "deflate"})):
        answer = post(server, sent, Authorization=f"Bearer {SECRET}", **headers)
        assert answer.status_code == 200, answer.text
        assert answer.json()["responses"][0]["text"] == "done"


def test_a_page_in_a_browser_calls_nothing(server: Server) -> None:
    answer = post(
        server, json.dumps(call("action_act")).encode(), Authorization=f"Bearer {SECRET}", Origin="http://a.b"
    )
    assert answer.status_code == 403


def test_a_call_may_not_be_huge_not_even_packed(server: Server) -> None:
    packed = zlib.compress(b" " * (BODY_BYTES + 1))
    assert post(server, packed, Authorization=f"Bearer {SECRET}", Content_Encoding="deflate").status_code == 413
    assert post(server, b"{", Authorization=f"Bearer {SECRET}", Content_Encoding="deflate").status_code == 415
    try:
        status = post(server, b" " * (BODY_BYTES + 1), Authorization=f"Bearer {SECRET}").status_code
    except requests.ConnectionError:
        status = 413  # it hung up in the midst of the body
    assert status == 413
    assert requests.get(f"{server.address}/health", timeout=60).ok


def test_the_conversation_of_an_action_that_fails_is_in_no_log(server: Server) -> None:
    answer = post(server, json.dumps(call("action_fail")).encode(), Authorization=f"Bearer {SECRET}")
    assert answer.status_code == 500
    assert answer.json() == {"error": "RuntimeError in action_fail", "action_name": "action_fail"}
    log = server.log.read_text()
    assert "The action action_fail failed." in log and "the shop is closed" in log
    assert CUSTOMER not in log


def run_remote(server: Server, name: str) -> list[str | None]:
    endpoint = EndpointConfig(f"{server.address}/webhook")
    tracker = DialogueStateTracker.from_events("x", [UserUttered(CUSTOMER)])
    action = RemoteAction(name, endpoint)
    events = asyncio.run(
        action.run(CollectingOutputChannel(), TemplatedNaturalLanguageGenerator({}), tracker, Domain.empty())
    )
    # The endpoint is the project's, and may be shared with what is no action server.
    assert not endpoint.headers
    return [getattr(event, "text", None) for event in events]


def test_rasa_shows_the_secret(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, SECRET)
    assert run_remote(server, "action_act") == ["done"]
    monkeypatch.setenv(SECRET_VARIABLE, SECRET[::-1])
    with pytest.raises(RasaException):
        run_remote(server, "action_act")


def test_what_rasa_hears_of_a_failure_is_no_conversation(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, SECRET)
    with pytest.raises(RasaException) as caught:
        run_remote(server, "action_fail")
    assert CUSTOMER not in f"{caught.value} {caught.value.__cause__}"


def test_without_a_secret_this_machine_may_call_and_pages_may_not(tmp_path: Path) -> None:
    with running(tmp_path, "") as open_server:
        body = json.dumps(call("action_act")).encode()
        assert post(open_server, body).status_code == 200
        assert post(open_server, body, Content_Type="text/plain", Origin="https://evil.example").status_code == 403


@pytest.mark.parametrize(
    ("secret", "interface", "says"),
    [
        ("", "0.0.0.0", f"since {SECRET_VARIABLE} is not set"),
        ("", "::", f"since {SECRET_VARIABLE} is not set"),
        ("", "actions.internal", f"since {SECRET_VARIABLE} is not set"),
        ("short", "127.0.0.1", "shorter than 16 characters"),
        ("sixteen characters, and \u00e9", "127.0.0.1", "others than plain ones"),
    ],
)
def test_it_does_not_start_open_to_others(secret: str, interface: str, says: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "parlance.actions.server", "--interface", interface, "--port", str(free_port())]
    environment = {**os.environ, SECRET_VARIABLE: secret}
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ended.returncode == 1
    assert says in ended.stderr and "Traceback" not in ended.stderr


def test_an_odd_length_does_not_stop_it(server: Server) -> None:
    assert status_of(server.address, b"POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\nhello") == 400
    assert requests.get(f"{server.address}/health", timeout=20).status_code == 200
