"""The assistant as ``make run`` starts it, for the end-to-end tests."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from ruamel.yaml import YAML

from tests.processes import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 600  # with a training in it, where the model is not there yet
WEB_CHAT = "parlance.channels.web.WebInput"
IDENTITY_SECRET = "the-secret-of-the-tests-is-long-enough"


class Fern:
    """The running assistant; each customer is a conversation of their own."""

    def __init__(self, folder: Path, address: str, other_origin: str) -> None:
        self.folder = folder  # of all that it keeps
        self.address = address
        self.chat = f"{address}/chat"
        self.other_origin = other_origin  # a page that may embed the chat

    def answers(self, customer: str, text: str) -> str:
        """What Fern says to a message, its messages joined."""
        body = {"sender": customer, "message": text}
        response = requests.post(f"{self.address}/webhooks/rest/webhook", json=body, timeout=30)
        response.raise_for_status()
        messages: list[dict[str, Any]] = response.json()
        return "\n".join(message.get("text", "") for message in messages)


def write_settings(folder: Path, action_port: str, other_origin: str) -> str:
    """Credentials and endpoints that keep everything in a folder; the arguments of ``rasa run`` that name them."""
    yaml = YAML()
    credentials = yaml.load(ROOT / "credentials.yml")
    credentials[WEB_CHAT].update(
        {
            "allowed_origins": [other_origin],
            "database": str(folder / "web_chat.db"),
            "feedback_database": f"sqlite:///{folder / 'feedback.db'}",
            "secret_file": str(folder / "secret"),
            "uploads": str(folder / "uploads"),
        }
    )
    endpoints = yaml.load(ROOT / "endpoints.yml")
    endpoints["action_endpoint"]["url"] = f"http://localhost:{action_port}/webhook"
    endpoints["tracker_store"]["db"] = str(folder / "conversations.db")
    for name, content in (("credentials.yml", credentials), ("endpoints.yml", endpoints)):
        yaml.dump(content, folder / name)
    return f"--enable-api --credentials {folder / 'credentials.yml'} --endpoints {folder / 'endpoints.yml'}"


@contextmanager
def running_fern(folder: Path) -> Iterator[Fern]:
    """Fern on ports, a database and conversations of its own, stopped as Ctrl-C stops it."""
    ports = {"PORT": str(free_port()), "ACTION_PORT": str(free_port())}
    other_origin = f"http://127.0.0.1:{free_port()}"
    settings = {
        **os.environ,
        **ports,
        "DATABASE_URL": f"sqlite:///{folder / 'shop.db'}",
        "LOGS": str(folder / "logs"),
        "IDENTITY_SECRET": IDENTITY_SECRET,
        "RASA_ARGS": write_settings(folder, ports["ACTION_PORT"], other_origin),
    }
    output = folder / "output"
    with output.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.run"],
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=settings,
            cwd=ROOT,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while "Fern answers at" not in output.read_text():
            assert process.poll() is None, f"it ended:\n{output.read_text()}"
            assert time.monotonic() < deadline, f"it did not start:\n{output.read_text()}"
            time.sleep(0.5)
        assert f"http://localhost:{ports['PORT']}/chat/" in output.read_text()
        yield Fern(folder, f"http://localhost:{ports['PORT']}", other_origin)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
    assert "Both servers are stopped." in output.read_text()
    for port in ports.values():
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(port))), f"something still listens on {port}"
