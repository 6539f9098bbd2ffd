"""Starting servers, waiting for them and stopping them, as `make run` does."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts import services
from scripts.console import Problem
from scripts.services import Service, check_port, stop_all, wait_until_healthy, why_not_ready
from scripts.supervision import Patience, supervise
from tests.processes import ends, free_port


@dataclass
class Watched(Service):
    """A service that can call something whenever its supervisor looks at it."""

    looked: Callable[[], None] = lambda: None

    def ended(self) -> str:
        self.looked()
        return super().ended()


def service(tmp_path: Path, *command: str, port: int = 1) -> Watched:
    """A service that runs this Python."""
    return Watched(
        name="shop server",
        command=[sys.executable, *command],
        health=f"http://127.0.0.1:{port}/",
        log=tmp_path / "logs" / "server.log",
        env=os.environ,
        cwd=tmp_path,
    )


def test_a_server_is_waited_for_and_stopped(tmp_path: Path) -> None:
    port = free_port()
    server = service(tmp_path, "-m", "http.server", str(port), "--bind", "127.0.0.1", port=port)
    try:
        server.start()
        wait_until_healthy([server], seconds=20)
        with pytest.raises(Problem, match=f"Port {port} .* make run PORT={port + 10}"):
            check_port("127.0.0.1", port, "PORT")
    finally:
        stop_all([server])
    check_port("127.0.0.1", port, "PORT")


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks processes up in /proc")
def test_stopping_ends_the_children_too(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import signal, time; "
        'signal.signal(signal.SIGTERM, signal.SIG_IGN); print("up", flush=True); time.sleep(60)\'])\n'
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = service(tmp_path, "-c", script)
    parent.start()
    deadline = time.monotonic() + 20
    while "up" not in (log := parent.log.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    child = next(int(word) for word in log.split() if word.isdigit())
    parent.stop()
    assert ends(child), "a child that ignores SIGTERM outlived its server"


def test_a_server_that_ends_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    server = service(tmp_path, "-c", "print('no model found'); raise SystemExit(3)")
    server.start()
    with pytest.raises(Problem, match=r"no model found\s+The shop server ended by itself \(exit code 3\)"):
        wait_until_healthy([server], seconds=20)
    stop_all([server])


def test_a_server_that_says_that_it_is_not_ready_is_reported_with_its_reasons(tmp_path: Path) -> None:
    port = free_port()
    script = (
        "import http.server\n"
        "class Unready(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_response(503); self.end_headers()\n"
        '        self.wfile.write(b\'{"model": "no model is loaded"}\')\n'
        f"http.server.HTTPServer(('127.0.0.1', {port}), Unready).serve_forever()\n"
    )
    server = service(tmp_path, "-c", script, port=port)
    server.start()
    try:
        with pytest.raises(Problem, match="The shop server is not ready: model: no model is loaded"):
            wait_until_healthy([server], seconds=60, grace=0)
    finally:
        stop_all([server])


def test_a_killed_server_is_started_again_and_its_log_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    server = service(tmp_path, "-m", "http.server", str(port), "--bind", "127.0.0.1", port=port)
    server.start()
    wait_until_healthy([server], seconds=60)
    first = server.process

    class Enough(Exception):
        """Ends what never returns."""

    assert first

    def kill_and_see() -> Iterator[None]:
        os.kill(first.pid, signal.SIGKILL)
        said = ""
        while "is ready again" not in said:
            said += capsys.readouterr().out
            yield
        raise Enough(said)

    steps = kill_and_see()
    server.looked = lambda: next(steps)
    try:
        with pytest.raises(Enough) as caught:
            supervise([server], Patience(pause_seconds=0.01))
        assert "The shop server ended by itself (signal SIGKILL). It starts again in 0.01 s" in str(caught.value)
        assert server.process is not first and why_not_ready(server.health) == ""
        assert server.log.read_text().count("GET / HTTP") >= 2
    finally:
        stop_all([server])


def test_a_server_that_ends_again_and_again_is_given_up_with_the_end_of_its_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = service(tmp_path, "-c", "print('no model found', flush=True); raise SystemExit(3)")
    server.start()
    with pytest.raises(
        Problem, match=r"no model found\s+The shop server ended 3 times in a row.*exit code 3"
    ) as caught:
        supervise([server], Patience(ends=3, steady_seconds=600, pause_seconds=0.01))
    assert str(server.log) in str(caught.value)
    assert [line.split("again in ")[1] for line in capsys.readouterr().out.splitlines()] == ["0.01 s ...", "0.02 s ..."]
    assert server.log.read_text().count("no model found") == 3
    stop_all([server])


def test_a_server_that_never_answers_is_reported_with_its_log(tmp_path: Path) -> None:
    server = service(tmp_path, "-c", "import time; time.sleep(60)", port=free_port())
    server.start()
    try:
        with pytest.raises(
            Problem, match=r"did not answer, and its log has no new line since 0 s\.\n?.*START_SECONDS=60"
        ):
            wait_until_healthy([server], seconds=0.3)
    finally:
        stop_all([server])


def test_a_server_without_an_address_of_readiness_is_reported_with_what_to_add(tmp_path: Path) -> None:
    port = free_port()
    server = service(tmp_path, "-m", "http.server", str(port), "--bind", "127.0.0.1", port=port)
    server.health += "ready"
    server.start()
    try:
        with pytest.raises(Problem, match=r"/ready answers 404; add parlance\..*\.ReadinessInput to the credentials"):
            wait_until_healthy([server], seconds=60, grace=0)
    finally:
        stop_all([server])


def test_a_server_that_goes_on_logging_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    script = (
        "import http.server\n"
        "for number in range(20):\n"
        "    print(number, flush=True)\n"
        f"http.server.test(http.server.SimpleHTTPRequestHandler, port={port}, bind='127.0.0.1')\n"
    )
    server = service(tmp_path, "-c", script, port=port)
    server.start()
    # A clock of the log's own: ten seconds pass with each line, two hundred in all.
    clock = SimpleNamespace(monotonic=lambda: 10.0 * server.log.read_text().count("\n"), sleep=time.sleep)
    monkeypatch.setattr(services, "time", clock)
    try:
        wait_until_healthy([server], seconds=1)
    finally:
        stop_all([server])


def test_a_server_that_was_not_started_can_be_stopped(tmp_path: Path) -> None:
    server = service(tmp_path, "-c", "pass")
    stop_all([server])
    assert server.process is None and not server.log.exists()


def test_what_a_server_writes_is_for_its_owner_alone_also_where_an_older_log_was_not(tmp_path: Path) -> None:
    server = service(tmp_path, "-c", "import pathlib; pathlib.Path('kept').mkdir(); pathlib.Path('kept/db').touch()")
    server.log.parent.mkdir()
    server.log.touch(0o644)
    server.start()
    assert server.process
    assert server.process.wait() == 0
    stop_all([server])
    modes = [path.stat().st_mode & 0o777 for path in (server.log, tmp_path / "kept", tmp_path / "kept" / "db")]
    assert modes == [0o600, 0o700, 0o600]
