"""Servers that end by themselves are started again, with a line for the person, until it is of no use."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from scripts.services import Service, why_not_ready

LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Patience:
    """When a server is given up: after so many ends, each sooner than ``steady_seconds`` after its start.

    ``pause_seconds`` is how long the first restart waits; each further one waits twice as long as the one before.
    """

    ends: int = 5
    steady_seconds: float = 60.0
    pause_seconds: float = 1.0


class Supervised:
    """A service that was started, and how often it ended."""

    def __init__(self, service: Service, patience: Patience) -> None:
        self._service = service
        self._patience = patience
        self._started_at = time.monotonic()
        self._ends = 0
        self._restart_at: float | None = None
        self._returning = False

    def look(self) -> None:
        """Starts it again where it ended and the pause is over.

        Raises:
            Problem: it ended too often; with the end of its log.
        """
        now = time.monotonic()
        if self._restart_at is not None:
            if now >= self._restart_at:
                self._start_again(now)
        elif how := self._service.ended():
            self._plan(how, now)
        elif self._returning and why_not_ready(self._service.health) == "":
            self._returning = False
            print(f"The {self._service.name} is ready again.", flush=True)

    def _plan(self, how: str, now: float) -> None:
        steady = now - self._started_at >= self._patience.steady_seconds
        self._ends = 1 if steady else self._ends + 1
        if self._ends >= self._patience.ends:
            raise self._service.report(f"ended {self._ends} times in a row, the last time by {how}")
        pause = self._patience.pause_seconds * 2 ** (self._ends - 1)
        print(f"The {self._service.name} ended by itself ({how}). It starts again in {pause:g} s ...", flush=True)
        self._restart_at = now + pause

    def _start_again(self, now: float) -> None:
        self._service.stop()  # what is left of its process group, and holds its port
        self._service.start(again=True)
        self._started_at, self._restart_at = now, None
        self._returning = bool(self._service.health)


def supervise(services: Sequence[Service], patience: Patience | None = None) -> None:
    """Returns never: keeps services running that were started.

    Raises:
        Problem: one ends again and again.
    """
    watched = [Supervised(service, patience or Patience()) for service in services]
    while True:
        for service in watched:
            service.look()
        time.sleep(LOOK_SECONDS)
