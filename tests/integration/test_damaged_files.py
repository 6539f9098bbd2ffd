"""Damaged databases: the server or the command ends with a sentence, and the file stays for whoever can save it."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from parlance.channels.core.deliveries import DeliveryLog
from parlance.channels.core.feedback import FeedbackStore
from parlance.channels.web.store import ConversationStore
from parlance.errors import ParlanceError
from parlance.sqlite_files import damage_of
from shop.database import engine_for, open_session
from shop.errors import ShopUnavailable
from shop.setup import main as set_up_shop
from shop.setup import set_up
from tests.damage import DAMAGES
from tests.integration.conftest import write_yaml
from tests.processes import free_port
from tests.slack_server import BOT_TOKEN, SIGNING_SECRET

ROOT = Path(__file__).resolve().parents[2]


def make_chat(file: Path) -> None:
    store = ConversationStore(file)
    store.start("web-1", None)
    for number in range(200):
        store.append("web-1", str(number), "user", {"text": "hello " * 20})
    store.close()


def open_chat(file: Path) -> None:
    ConversationStore(file).close()


def open_inbox(file: Path) -> None:
    log = DeliveryLog(f"sqlite:///{file}")
    log.open()
    log.close()


def open_feedback(file: Path) -> None:
    FeedbackStore(f"sqlite:///{file}").check()


def make_shop(file: Path) -> None:
    url = make_url(f"sqlite:///{file}")
    set_up(url)
    engine_for(url, patient=True).dispose()


def open_shop(file: Path) -> None:
    set_up(make_url(f"sqlite:///{file}"))


STORES: dict[str, tuple[Callable[[Path], None], Callable[[Path], None]]] = {
    "web chat": (make_chat, open_chat),
    "inbox": (open_inbox, open_inbox),
    "feedback": (open_feedback, open_feedback),
    "shop": (make_shop, open_shop),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("store", STORES)
def test_a_damaged_file_is_refused_with_what_to_do_and_stays(store: str, damage: str, tmp_path: Path) -> None:
    make, use = STORES[store]
    file = tmp_path / "store.db"
    make(file)
    use(file)  # whole, it can be used again
    DAMAGES[damage](file)
    before = file.read_bytes()
    with pytest.raises((ParlanceError, ShopUnavailable), match=f"{file} cannot be read: .*left as it is") as raised:
        use(file)
    assert isinstance(raised.value, (ParlanceError, ShopUnavailable))
    assert f"mv {file} {file}.damaged" in raised.value.remedy
    assert file.read_bytes() == before


def test_a_file_that_is_not_there_empty_or_locked_is_not_damaged(tmp_path: Path) -> None:
    file = tmp_path / "chat.db"
    assert damage_of(file, thoroughly=True) == ""
    file.touch()
    assert damage_of(file, thoroughly=True) == ""
    make_chat(file)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("BEGIN EXCLUSIVE")
        assert damage_of(file) == ""


def test_the_shop_that_is_damaged_while_it_is_used_says_how_to_save_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "shop.db"
    make_shop(file)
    DAMAGES["pages"](file)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{file}")
    with pytest.raises(ShopUnavailable, match="malformed") as raised, open_session() as session:
        session.execute(text("SELECT * FROM orders")).all()
    assert f"{file}.damaged" in raised.value.remedy


def test_the_shops_set_up_says_it_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "shop.db"
    DAMAGES["text"](file)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{file}")
    assert set_up_shop([]) == 1
    assert "left as it is" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("channel", ["web.WebInput", "slack.SlackChannel"])
def test_the_server_ends_with_the_sentence_and_without_a_traceback(
    small_model: Path, tmp_path: Path, channel: str
) -> None:
    file = tmp_path / "store.db"
    open_inbox(file) if channel.startswith("slack") else make_chat(file)
    DAMAGES["header"](file)
    before = file.read_bytes()
    slack = {"mode": "http", "deliveries": f"sqlite:///{file}", "identity": "shop.identity.mint"}
    options = slack if channel.startswith("slack") else {"database": str(file), "secret_file": "secret"}
    write_yaml(tmp_path / "credentials.yml", {f"parlance.channels.{channel}": options})
    write_yaml(tmp_path / "endpoints.yml", {"tracker_store": {"type": "SQL", "dialect": "sqlite", "db": "talk.db"}})
    command = [sys.executable, str(ROOT / "scripts" / "rasa_cli.py"), "run", "--model", str(small_model)]
    command += ["--port", str(free_port()), "--interface", "127.0.0.1"]
    settings = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_SIGNING_SECRET": SIGNING_SECRET, "PYTHONPATH": str(ROOT)}
    settings["IDENTITY_SECRET"] = "a secret of the tests, long enough to sign with"
    ended = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, **settings}, capture_output=True, text=True, timeout=500
    )
    said = ended.stdout + ended.stderr
    assert ended.returncode == 1, said
    assert f"{file} cannot be read" in said and "left as it is" in said and f"mv {file}" in said
    assert "Traceback" not in said
    assert file.read_bytes() == before
