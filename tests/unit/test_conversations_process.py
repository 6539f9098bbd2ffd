"""Starting what ``conftest.yml`` says, with real processes."""

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from parlance.testing.errors import AssistantUnreachable, BadTestFile
from parlance.testing.process import LogReader, started
from parlance.testing.settings import Settings
from tests.processes import ends, is_running

SERVER = """\
import http.server, os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("child", child.pid, os.environ["DB"], flush=True)
http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind="127.0.0.1")
"""


def settings(tmp_path: Path, **values: Any) -> Settings:
    (tmp_path / "my server.py").write_text(SERVER)
    options: dict[str, Any] = {
        "environment": {"DB": "sqlite:///{database}"},
        "database": "{temporary}/shop.db",
        **values,
    }
    return Settings(tmp_path / "conftest.yml", f"{{python}} '{tmp_path}/my server.py' {{port}}", **options)


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks processes up in /proc")
def test_an_assistant_is_started_on_free_ports_and_stopped_with_its_children(tmp_path: Path) -> None:
    with started(settings(tmp_path), tmp_path / "logs", 20) as assistant:
        port = int(assistant.url.rsplit(":", 1)[1])
        _, child, database = (tmp_path / "logs" / "assistant.log").read_text().split()[:3]
        assert is_running(int(child))
        assert database == f"sqlite:///{assistant.database}"
        assert assistant.database is not None and assistant.database.parent.is_dir()
    assert ends(int(child))
    assert not assistant.database.parent.exists()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port))


def test_one_that_is_never_up_is_named_with_its_address(tmp_path: Path) -> None:
    slow = settings(tmp_path, health=("http://127.0.0.1:{other_port}/",))
    with pytest.raises(AssistantUnreachable, match=r"Nothing answers at http://127.0.0.1:\d+/ after 2 s"):
        with started(slow, tmp_path / "logs", 2):
            pass


def test_wrong_settings_are_said(tmp_path: Path) -> None:
    with pytest.raises(BadTestFile, match=r"conftest.yml: .* no placeholder {temporay}. Did you mean 'temporary'"):
        with started(settings(tmp_path, database="{temporay}/x.db"), tmp_path / "logs", 5):
            pass
    missing = Settings(tmp_path / "conftest.yml", "no-such-command {port}")
    with pytest.raises(AssistantUnreachable, match="'no-such-command' cannot be started: No such file"):
        with started(missing, tmp_path / "logs", 5):
            pass


def test_the_log_of_a_fault_begins_where_the_case_began(tmp_path: Path) -> None:
    (tmp_path / "rasa.log").write_text("before\n")
    reader = LogReader(tmp_path)
    position = reader.position()
    assert reader.since(position) == ""
    with (tmp_path / "rasa.log").open("a") as log:
        log.write("".join(f"line {number}\n" for number in range(30)))
    (tmp_path / "actions.log").write_text("new\n")

    shown = reader.since(position)
    assert shown.startswith(f"{tmp_path / 'actions.log'}:\nnew\n\n{tmp_path / 'rasa.log'}:\nline 10\n")
    assert "before" not in shown
