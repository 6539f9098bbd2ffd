"""The endpoints and credentials that Rasa starts with: the project's files, or copies that name other places.

Rasa's files know no default values, so what differs from run to run cannot stand in them as a variable.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.environment import ROOT

DEFAULT_ACTION_PORT = 5055
TRACKER_STORE = "parlance.rasa.tracker_store.SQLiteTrackerStore"
WEB_CHAT = "parlance.channels.web.WebInput"
READINESS = "parlance.channels.readiness.ReadinessInput"
SLACK = "parlance.channels.slack.SlackChannel"


@dataclass(frozen=True)
class ServerFiles:
    """Two files of Rasa's."""

    endpoints: Path
    credentials: Path


def server_files(action_port: int, copies: Path, data: Path | None = None) -> ServerFiles:
    """The files for a server.

    Args:
        action_port: Where the action server listens.
        copies: Where changed copies are written.
        data: A folder for everything that the server keeps, apart from any other server; None keeps it where the
            project's files say.
    """
    endpoints, credentials = ROOT / "endpoints.yml", ROOT / "credentials.yml"
    if action_port != DEFAULT_ACTION_PORT or data:
        settings = _read(endpoints)
        settings["action_endpoint"] = {"url": f"http://localhost:{action_port}/webhook"}
        if data:
            _keep_conversations(settings, data)
        endpoints = _write(settings, copies / "endpoints.yml")
    if data:
        settings = _read(credentials)
        _keep_channels(settings, data)
        credentials = _write(settings, copies / "credentials.yml")
    return ServerFiles(endpoints, credentials)


def with_readiness(arguments: list[str], copies: Path) -> list[str]:
    """Arguments of ``rasa run`` whose own credentials, if they name any, have the channel that is asked for readiness.

    Args:
        arguments: As a person gave them.
        copies: Where a changed copy is written.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--credentials", type=Path)
    own, others = parser.parse_known_args(arguments)
    if own.credentials is None or not (ROOT / own.credentials).is_file():  # then Rasa says so
        return arguments
    settings = _read(ROOT / own.credentials)
    if READINESS in settings:
        return arguments
    copy = _write({**settings, READINESS: None}, copies / "own-credentials.yml")
    return [*others, "--credentials", str(copy)]


def _keep_conversations(endpoints: dict[str, Any], data: Path) -> None:
    endpoints["tracker_store"] = {"type": TRACKER_STORE, "db": str(data / "conversations.db")}
    # Those that other servers share: they would hear of these conversations, too.
    for name in ("event_broker", "lock_store"):
        endpoints.pop(name, None)


def _keep_channels(credentials: dict[str, Any], data: Path) -> None:
    kept = {
        WEB_CHAT: {"database": str(data / "web_chat.db"), "secret_file": str(data / "web_chat_secret")},
        SLACK: {"deliveries": f"sqlite:///{data / 'slack-deliveries.db'}"},
    }
    for channel, places in kept.items():
        if channel in credentials:
            options = credentials[channel] or {}
            shared = {"uploads": str(data / "uploads"), "feedback_database": f"sqlite:///{data / 'feedback.db'}"}
            credentials[channel] = {**options, **places, **shared}


def _read(file: Path) -> dict[str, Any]:
    from ruamel.yaml import YAML

    return YAML().load(file) or {}


def _write(settings: dict[str, Any], file: Path) -> Path:
    from ruamel.yaml import YAML

    file.touch()
    os.chmod(file, 0o600)  # credentials may hold secrets
    YAML().dump(settings, file)
    return file
