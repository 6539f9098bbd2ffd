"""Calls of the real action server that claim to speak for a customer: what they say is looked at, not believed."""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from ruamel.yaml import YAML
from sqlalchemy.engine import make_url

from shop.recognition import Recognition, sign
from shop.setup import set_up
from tests.processes import free_port

ROOT = Path(__file__).resolve().parents[2]
ACTION_SECRET = "a-secret-of-the-tests-0123456789"
SHOP_SECRET = "a secret of the shop that is good for tests alone"
ADA = "ada.byrne@example.com"
DOMAIN = YAML(typ="safe").load((ROOT / "domain.yml").read_text(encoding="utf-8"))
READS = ("action_loyalty_points", "action_export_data", "action_list_orders", "action_order_contents")
CHANGES = ("action_change_contact", "action_delete_data", "action_change_address", "action_cancel_order")


@dataclass(frozen=True)
class Server:
    """Fern's action server, and its shop."""

    address: str
    shop: Path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("forged")
    shop, log, port = folder / "fernhill.db", folder / "log", free_port()
    set_up(make_url(f"sqlite:///{shop}"))
    environment = {
        **os.environ,
        "ACTION_SERVER_SECRET": ACTION_SECRET,
        "SHOP_SECRET": SHOP_SECRET,
        "DATABASE_URL": f"sqlite:///{shop}",
    }
    command = [sys.executable, "-m", "parlance.actions.server", "--actions", "actions", "--port", str(port)]
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        while True:
            assert process.poll() is None, log.read_text()
            try:
                assert requests.get(f"http://127.0.0.1:{port}/health", timeout=30).ok
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield Server(f"http://127.0.0.1:{port}", shop)
    finally:
        process.terminate()
        process.wait()


def ada(conversation: str, seconds: float, **claims: Any) -> str:
    return sign(Recognition(1, "Ada", ADA, **{"signed_in": "", "since": 0.0, **claims}), conversation, seconds)


def call(server: Server, action: str, customer: Any, conversation: str = "chat-1") -> dict[str, Any]:
    slots = {
        "customer": customer, "email": ADA, "order_number": "10434", "confirmed": True, "one_time_code": True,
        "consent": {"id": "0", "about": {}}, "contact_detail": "phone", "new_value": "07700 900118",
        "address": "1 Thief Road", "postcode": "BA1 2AB", "request": "order_contents",
    }  # fmt: skip
    message = {"text": "yes", "intent": {"name": "affirm", "confidence": 1.0}, "entities": []}
    tracker = {
        "sender_id": conversation, "slots": slots, "latest_message": message, "active_loop": {}, "paused": False,
        "events": [{"event": "user", **message, "parse_data": message, "metadata": {}}],
        "followup_action": None, "latest_action_name": "action_listen",
    }  # fmt: skip
    body = {"next_action": action, "sender_id": conversation, "tracker": tracker, "domain": DOMAIN, "version": "3.6.21"}
    headers = {"Authorization": f"Bearer {ACTION_SECRET}"}
    answer = requests.post(f"{server.address}/webhook", json=body, headers=headers, timeout=120)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def everything(server: Server) -> list[str]:
    with sqlite3.connect(server.shop) as shop:
        return list(shop.iterdump())


def said(answer: dict[str, Any]) -> list[str]:
    return [message["response"] for message in answer["responses"]]


@pytest.mark.parametrize(
    "customer",
    [
        lambda: {"id": 1, "first_name": "Ada", "email": ADA},
        lambda: 1,
        lambda: "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
        lambda: ada("chat-2", 60),
        lambda: ada("chat-1", -1),
        lambda: ada("chat-1", 60, signed_in=ADA),
    ],
    ids=["invented", "number", "unsigned", "of another conversation", "expired", "not signed in any more"],
)
def test_an_invented_customer_reads_and_changes_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch, customer: Callable[[], Any]
) -> None:
    monkeypatch.setenv("SHOP_SECRET", SHOP_SECRET)
    before = everything(server)
    for action in (*READS, *CHANGES):
        answer = call(server, action, customer())
        assert said(answer) in (["utter_offer_person"], []), (action, said(answer))
        assert not {"points", "order", "orders", "items"} & set().union(*answer["responses"], set()), action
    assert everything(server) == before


def test_another_secret_is_not_the_shops(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_SECRET", SHOP_SECRET[::-1])
    assert said(call(server, "action_loyalty_points", ada("chat-1", 60))) == ["utter_offer_person"]


def test_the_shops_own_token_is_believed_as_far_as_it_goes(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_SECRET", SHOP_SECRET)
    assert said(call(server, "action_loyalty_points", ada("chat-1", 60))) == ["utter_loyalty"]
    before = everything(server)
    for action in ("action_export_data", "action_delete_data", "action_change_contact"):
        assert said(call(server, action, ada("chat-1", 60))) == ["utter_code_needed"], action
    assert everything(server) == before
