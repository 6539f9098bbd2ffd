"""Whether a server can do its work: named checks, each with little time, for whoever decides to send it requests."""

import asyncio
import inspect
import logging
import sqlite3
import time
from collections.abc import Callable
from typing import Any

from parlance.dotted_names import named_function

Check = Callable[[], Any]
"""Raises where something does not work. A coroutine function is awaited, another one runs in a thread."""

SECONDS = 3.0
KEPT_SECONDS = 1.0
"""Anybody may ask, and shall not be able to keep databases busy with it."""

logger = logging.getLogger(__name__)


class NotReady(Exception):
    """Why a check fails, in words that anyone may read."""


class Readiness:
    """Checks by name.

    Args:
        seconds: How long one may take.
        kept_seconds: How long a result holds.
    """

    def __init__(self, seconds: float = SECONDS, kept_seconds: float = KEPT_SECONDS) -> None:
        self._seconds = seconds
        self._kept_seconds = kept_seconds
        self._checks: dict[str, Check] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._faults: dict[str, str] = {}
        self._looked_at = -float("inf")
        self._looking: asyncio.Task[dict[str, str]] | None = None

    def add(self, name: str, check: Check) -> None:
        """Adds a check, or replaces the one of that name."""
        self._checks[name] = check

    async def faults(self) -> dict[str, str]:
        """The checks that fail, each with the reason; empty where all is well.

        A reason is that of ``NotReady`` or of SQLite, which names no file; of any other exception it names the kind
        alone, and the log has the rest.
        """
        if self._looking is None or (self._looking.done() and self._is_old()):
            self._looking = asyncio.create_task(self._look())
        # Several wait for one look, and one of them that hangs up does not end it.
        return await asyncio.shield(self._looking)

    def _is_old(self) -> bool:
        return time.monotonic() - self._looked_at > self._kept_seconds

    async def _look(self) -> dict[str, str]:
        reasons = await asyncio.gather(*(self._reason(name) for name in self._checks))
        faults = {name: reason for name, reason in zip(self._checks, reasons, strict=True) if reason}
        for name, reason in faults.items():
            if self._faults.get(name) != reason:
                logger.error("Not ready: %s: %s", name, reason)
        for name in self._faults.keys() - faults.keys():
            logger.warning("Ready again: %s", name)
        self._faults, self._looked_at = faults, time.monotonic()
        return faults

    async def _reason(self, name: str) -> str:
        # One that hung is waited for and not begun again, so that it holds one thread and no more.
        task = self._running.get(name) or asyncio.create_task(_run(self._checks[name]))
        self._running[name] = task
        done, _ = await asyncio.wait({task}, timeout=self._seconds)
        if not done:
            return f"no answer within {self._seconds:g} s"
        del self._running[name]
        error = task.exception()
        if error is None:
            return ""
        if isinstance(error, NotReady | sqlite3.Error):
            return str(error)
        if name not in self._faults:
            logger.error("The check of %s failed.", name, exc_info=error)
        return f"it failed ({type(error).__name__}); the server's log says why"


async def _run(check: Check) -> None:
    if inspect.iscoroutinefunction(check):
        await check()
    else:
        await asyncio.to_thread(check)


def load_check(path: str) -> Check:
    """The function that a dotted path such as ``shop.database.check`` names.

    Raises:
        ParlanceError: There is none.
    """
    return named_function(path, "The check of readiness")
