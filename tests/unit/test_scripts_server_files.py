"""The files that Rasa starts with, and where an assistant that is started for tests keeps what it hears."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from parlance.testing.process import started
from parlance.testing.settings import find_settings
from scripts import server_files

ROOT = Path(__file__).resolve().parents[2]

# Stands in for scripts/run.py: reads its environment as it does, prints what Rasa would get, and answers.
PROBE = """\
import http.server, json, os, sys, threading
sys.path.insert(0, sys.argv[1])
from scripts import run
from scripts.model import rasa_settings
from ruamel.yaml import YAML
files = run.server_files(run.port_from_environment("ACTION_PORT", 0), run.DATA or run.LOGS, run.DATA)
read = [YAML(typ="safe").load(file) for file in (files.endpoints, files.credentials)]
print(json.dumps([*read, rasa_settings()["SLACK_BOT_TOKEN"]]), flush=True)
class Well(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
for name in ("PORT", "ACTION_PORT"):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ[name])), Well)
    threading.Thread(target=server.serve_forever).start()
"""


def project(folder: Path, monkeypatch: pytest.MonkeyPatch, **endpoints: Any) -> Path:
    """A project with files of its own, and a folder for copies."""
    monkeypatch.setattr(server_files, "ROOT", folder)
    channels = {
        "rest": None,
        server_files.WEB_CHAT: {"page": "shop.page", "database": "web_chat.db"},
        server_files.SLACK: None,
    }
    YAML().dump(endpoints, folder / "endpoints.yml")
    YAML().dump(channels, folder / "credentials.yml")
    copies = folder / "copies"
    copies.mkdir()
    return copies


def read(file: Path) -> dict[str, Any]:
    return dict(YAML(typ="safe").load(file))


def test_rasa_is_pointed_at_another_action_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copies = project(tmp_path, monkeypatch, tracker_store={"type": "InMemory"})
    assert server_files.server_files(5055, copies).endpoints == tmp_path / "endpoints.yml"

    files = server_files.server_files(6055, copies)
    assert read(files.endpoints) == {
        "tracker_store": {"type": "InMemory"},
        "action_endpoint": {"url": "http://localhost:6055/webhook"},
    }
    assert files.credentials == tmp_path / "credentials.yml"


def test_with_a_folder_for_its_data_a_server_shares_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = {
        "tracker_store": {"type": "SQL", "dialect": "postgresql", "url": "db"},
        "event_broker": {"type": "pika", "url": "broker"},
        "lock_store": {"type": "redis", "url": "locks"},
        "nlg": {"url": "http://localhost:5056/nlg"},
    }
    copies = project(tmp_path, monkeypatch, **shared)
    data = tmp_path / "data"
    files = server_files.server_files(5055, copies, data)
    endpoints, credentials = read(files.endpoints), read(files.credentials)

    assert endpoints["tracker_store"] == {"type": server_files.TRACKER_STORE, "db": str(data / "conversations.db")}
    assert endpoints.keys() == {"tracker_store", "nlg", "action_endpoint"}
    web, slack = credentials[server_files.WEB_CHAT], credentials[server_files.SLACK]
    assert (web["page"], web["database"]) == ("shop.page", str(data / "web_chat.db"))
    assert slack["deliveries"] == f"sqlite:///{data}/slack-deliveries.db"
    assert web["uploads"] == slack["uploads"] == str(data / "uploads")
    assert web["feedback_database"] == slack["feedback_database"] == f"sqlite:///{data}/feedback.db"
    assert credentials["rest"] is None
    assert read(tmp_path / "endpoints.yml") == shared


def test_conversation_tests_keep_everything_in_a_folder_that_goes_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-of-the-shop")
    (tmp_path / "probe.py").write_text(PROBE)
    settings = find_settings(ROOT / "tests" / "conversations")
    probed = replace(settings, start=f"{{python}} '{tmp_path / 'probe.py'}' '{ROOT}'")
    with started(probed, tmp_path / "logs", 60) as assistant:
        endpoints, credentials, token = json.loads((tmp_path / "logs" / "assistant.log").read_text().splitlines()[0])
        assert assistant.database is not None
        folder = assistant.database.parent

    assert endpoints["tracker_store"]["db"] == str(folder / "conversations.db")
    assert credentials[server_files.WEB_CHAT]["database"] == str(folder / "web_chat.db")
    assert credentials[server_files.SLACK]["deliveries"] == f"sqlite:///{folder}/slack-deliveries.db"
    assert not token
    assert not folder.exists()


@pytest.mark.parametrize("given", ["--credentials own.yml --debug", "--debug --credentials=own.yml"])
def test_own_credentials_get_the_channel_that_is_asked_for_readiness(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = project(tmp_path, monkeypatch)
    own = tmp_path / "own.yml"
    YAML().dump({"rest": {"x": "${SECRET}"}}, own)
    before = own.read_bytes()
    debug, option, file = server_files.with_readiness(given.split(), copies)
    assert (debug, option) == ("--debug", "--credentials")
    assert read(Path(file)) == {"rest": {"x": "${SECRET}"}, server_files.READINESS: None}
    assert Path(file).stat().st_mode & 0o777 == 0o600 and own.read_bytes() == before


@pytest.mark.parametrize("given", ["", "--debug", "--credentials missing.yml", "--credentials ready.yml"])
def test_other_arguments_stay_as_they_are(given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copies = project(tmp_path, monkeypatch)
    YAML().dump({server_files.READINESS: None}, tmp_path / "ready.yml")
    assert server_files.with_readiness(given.split(), copies) == given.split()
    assert not list(copies.iterdir())
