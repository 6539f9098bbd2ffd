"""Processes that run side by side: started, waited for until they answer, and stopped together."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from parlance import processes
from scripts.console import Problem, tail

STOP_SECONDS = 10.0
GRACE_SECONDS = 20.0
"""How long a server that answers may say that it is not ready: what it needs may be starting beside it."""
READY_SECONDS = 10.0
NO_READINESS = "; add parlance.channels.readiness.ReadinessInput to the credentials, with nothing behind it"


def why_not_ready(url: str) -> str | None:
    """What a server says at its address of readiness: empty where it is ready, None where it says nothing yet."""
    answer = processes.ask(url, READY_SECONDS)
    if answer is None:
        return None
    if answer.is_success:
        return ""
    return _reasons(answer.text) or f"{url} answers {answer.status}{NO_READINESS if answer.status == 404 else ''}"


def _reasons(said: str) -> str:
    try:
        return "; ".join(f"{check}: {reason}" for check, reason in json.loads(said).items())
    except (ValueError, AttributeError):
        return ""


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
    """One server process with its own log and process group.

    ``health`` is the address where it says whether it is ready, empty for what listens on nothing.
    """

    name: str
    command: Sequence[str]
    health: str
    log: Path
    env: Mapping[str, str]
    cwd: Path
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self, again: bool = False) -> None:
        """Starts it in a process group of its own: Ctrl-C reaches it through ``stop`` and its children end with it.

        Args:
            again: The log goes on.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.process = processes.start(self.command, self.log, self.env, self.cwd, append=again, private=True)

    def ended(self) -> str:
        """How the process ended; empty while it runs."""
        return processes.how_ended(self.process) if self.process else ""

    def report(self, what: str) -> Problem:
        """The problem of a server that cannot go on, with the end of its log."""
        end = tail(self.log.read_text(errors="replace"))
        return Problem(f"{end}\n\nThe {self.name} {what}.", f"Its whole log: {self.log}")

    def check_alive(self) -> None:
        """Raises ``Problem`` with the end of the log where the process is gone."""
        how = self.ended()
        if how:
            raise self.report(f"ended by itself ({how})")

    def stop(self) -> None:
        """Asks the process group to end, and ends what is left of it after ten seconds."""
        if self.process:
            processes.stop(self.process, STOP_SECONDS)


def wait_until_healthy(services: Sequence[Service], seconds: float, grace: float = GRACE_SECONDS) -> None:
    """Returns when every service is ready.

    Args:
        services: What was started.
        seconds: How long they may say nothing, neither there nor in their logs.
        grace: How long one that answers may say that it is not ready.

    Raises:
        Problem: one ended, does not answer in time, or answers and does not become ready.
    """
    deadline, logged = time.monotonic() + seconds, -1
    waiting = list(services)
    answered: dict[str, float] = {}
    while True:
        for service in services:
            service.check_alive()
        said = {service.name: why_not_ready(service.health) for service in waiting}
        waiting = [service for service in waiting if said[service.name] != ""]
        if not waiting:
            return
        now = time.monotonic()
        if (log := sum(service.log.stat().st_size for service in waiting)) != logged:
            # A sign of life: on a busy machine a start takes many times as long as on a quiet one.
            deadline, logged = now + seconds, log
        for service in waiting:
            reason = said[service.name]
            if reason and now > min(answered.setdefault(service.name, now) + grace, deadline):
                raise service.report(f"is not ready: {reason}")
        if now > deadline:
            slow = waiting[0]
            raise Problem(
                f"The {slow.name} did not answer, and its log has no new line since {seconds:.0f} s.",
                f"Look into it: {slow.log}. Where the machine is slow, give it longer: "
                f"make run START_SECONDS={max(2 * seconds, 60):.0f}",
            )
        time.sleep(0.2)


def stop_all(services: Sequence[Service]) -> None:
    """Stops the services, the last started first."""
    for service in reversed(services):
        service.stop()
