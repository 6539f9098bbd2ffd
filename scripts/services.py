"""Processes that run side by side: started, waited for until they answer, and stopped together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from console import Problem, tail

STOP_SECONDS = 10.0
PRIVATE = 0o077
"""The umask of servers: what they write is customers' own, and this user's alone."""

# A proxy in the environment must not stand between this machine and itself.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def answers(url: str) -> bool:
    """Whether a GET of the address succeeds."""
    try:
        with _opener.open(url, timeout=2) as response:
            return bool(200 <= response.status < 300)
    except (OSError, urllib.error.URLError, ValueError):
        return False


def check_port(host: str, port: int, variable: str) -> None:
    """Refuses a port that something listens on.

    Raises:
        Problem: naming the variable to set.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do, so that a port whose last connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Problem(
                f"Port {port} on {host} cannot be used: {error.strerror}.",
                f"Stop what listens there, or choose another port: make run {variable}={port + 10}.",
            ) from error


@dataclass
class Service:
    """One server process with its own log and process group."""

    name: str
    command: Sequence[str]
    health: str
    log: Path
    env: Mapping[str, str]
    cwd: Path
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Starts it in a process group of its own: Ctrl-C reaches it through ``stop`` and its children end with it."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            os.fchmod(log.fileno(), 0o600)  # an older log keeps its mode otherwise
            self.process = subprocess.Popen(
                self.command,
                cwd=self.cwd,
                env=dict(self.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=PRIVATE,
            )

    def check_alive(self) -> None:
        """Raises ``Problem`` with the end of the log where the process is gone."""
        code = self.process.poll() if self.process else None
        if code is not None:
            end = tail(self.log.read_text(errors="replace"))
            raise Problem(f"{end}\n\nThe {self.name} ended by itself (exit code {code}).", f"Its whole log: {self.log}")

    def stop(self) -> None:
        """Asks the process group to end, and ends what is left of it after ten seconds."""
        if self.process is None:
            return
        group = self.process.pid
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(group, number)
            except ProcessLookupError:
                break
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        self.process.wait()


def wait_until_healthy(services: Sequence[Service], seconds: float) -> None:
    """Returns when every service answers.

    Raises:
        Problem: one ended, or does not answer in time.
    """
    deadline = time.monotonic() + seconds
    waiting = list(services)
    while waiting:
        for service in services:
            service.check_alive()
        waiting = [service for service in waiting if not answers(service.health)]
        if waiting and time.monotonic() > deadline:
            slow = waiting[0]
            raise Problem(f"The {slow.name} did not answer within {seconds:.0f} s.", f"Look into its log: {slow.log}")
        time.sleep(0.2)


def watch(services: Sequence[Service]) -> None:
    """Returns never: raises ``Problem`` as soon as one service ends."""
    while True:
        for service in services:
            service.check_alive()
        time.sleep(0.5)


def stop_all(services: Sequence[Service]) -> None:
    """Stops the services, the last started first."""
    for service in reversed(services):
        service.stop()
