"""Two Rasa servers on one store of conversations: only where they share their locks."""

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from ruamel.yaml import YAML
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from parlance.rasa.single_server import SecondServer, ServerClaim
from parlance.readiness import NotReady
from tests.processes import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 1800  # importing Rasa, on a busy machine
numbers = itertools.count()


@pytest.fixture
def url(make_database: Callable[..., URL]) -> URL:
    return make_database(f"claimed-{next(numbers)}")


@pytest.fixture
def claim(url: URL) -> Iterator[Callable[[bool], ServerClaim]]:
    """Makes the claim of a server, with or without shared locks."""
    made: list[ServerClaim] = []

    def make(shared: bool) -> ServerClaim:
        made.append(ServerClaim(url, shared))
        return made[-1]

    yield make
    for each in made:
        each.release()


@pytest.mark.parametrize(("first", "second"), [(False, False), (False, True), (True, False)])
def test_a_second_server_is_refused_until_the_first_is_gone(
    claim: Callable[[bool], ServerClaim], first: bool, second: bool
) -> None:
    holds, wants = claim(first), claim(second)
    holds.take()
    with pytest.raises(SecondServer, match="Another Rasa server uses .* lock_store of the type redis"):
        wants.take(seconds=0)
    holds.check()
    holds.release()
    wants.take(seconds=0)
    with pytest.raises(NotReady, match="another server"):
        holds.check()


def test_servers_that_share_their_locks_share_the_conversations(claim: Callable[[bool], ServerClaim]) -> None:
    for _ in range(3):
        claim(True).take(seconds=0)


def test_a_claim_that_the_database_lost_is_taken_again(claim: Callable[[bool], ServerClaim], url: URL) -> None:
    if url.get_backend_name() != "postgresql":
        pytest.skip("a file has no sessions")
    holds, wants = claim(False), claim(False)
    holds.take()
    ended = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.execute(text(ended))
    holds.check()
    with pytest.raises(SecondServer):
        wants.take(seconds=0)
    with engine.connect() as connection:
        connection.execute(text(ended))
    wants.take()
    with pytest.raises(NotReady, match="another server"):
        holds.check()


class Process:
    """``rasa run`` without a model, which is all that this needs."""

    def __init__(self, folder: Path, name: str) -> None:
        self.port = free_port()
        self.log = folder / f"{name}.log"
        command = [sys.executable, "-m", "rasa", "run", "--enable-api", "--port", str(self.port)]
        environment = {**os.environ, "RASA_TELEMETRY_ENABLED": "false", "PYTHONPATH": str(ROOT)}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)

    def readiness(self) -> dict[str, str]:
        """What it says at ``/ready``, once it listens."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            try:
                answer = requests.get(f"http://127.0.0.1:{self.port}/ready", timeout=30)
            except requests.ConnectionError:
                time.sleep(0.2)
                continue
            assert answer.status_code == (503 if answer.json() else 200)
            faults: dict[str, str] = answer.json()
            return faults

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.mark.slow
def test_a_second_process_is_refused_with_what_to_do_and_starts_when_the_first_was_killed(
    url: URL, tmp_path: Path
) -> None:
    store = {"type": "SQL", "dialect": url.get_backend_name(), "url": url.render_as_string(hide_password=False)}
    actions = f"http://127.0.0.1:{free_port()}/webhook"
    YAML().dump({"tracker_store": store, "action_endpoint": {"url": actions}}, tmp_path / "endpoints.yml")
    YAML().dump({"parlance.channels.readiness.ReadinessInput": None}, tmp_path / "credentials.yml")
    started = [Process(tmp_path, "first")]
    try:
        assert started[0].readiness() == {
            "model": "no model is loaded; the server's log says why",
            "action server": "it does not answer (ClientConnectorError)",
        }
        started.append(Process(tmp_path, "second"))
        assert started[1].process.wait(START_SECONDS) == 1
        said = started[1].log.read_text()
        assert "Another Rasa server uses the conversations in" in said and "lock_store" in said
        assert "Traceback" not in said
        started[0].kill()
        started.append(Process(tmp_path, "third"))
        assert "conversations" not in started[2].readiness()
    finally:
        for each in started:
            each.kill()
