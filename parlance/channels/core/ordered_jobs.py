"""Work that has to be done in order for each of many keys: conversations, and Slack channels that are written to."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable

Job = Callable[[], Awaitable[None]]

CANCEL_SECONDS = 0.4
"""How long what is cancelled may take to end."""

logger = logging.getLogger(__name__)


class OrderedJobs:
    """Runs the jobs of one key one after the other, in the order they were put; the keys run side by side.

    Belongs to one event loop. A job that raises is logged, and the next one runs.

    Args:
        when_done: Called with a key once it has no more jobs.
    """

    def __init__(self, when_done: Callable[[str], None] | None = None) -> None:
        self._when_done = when_done
        self._waiting: dict[str, deque[Job]] = {}
        self._workers: set[asyncio.Task[None]] = set()

    def put(self, key: str, job: Job) -> None:
        """Queue a job behind those of the same key. Never waits, so calls keep their order."""
        if key in self._waiting:
            self._waiting[key].append(job)
            return
        self._waiting[key] = deque([job])
        worker = asyncio.get_running_loop().create_task(self._work(key))
        # The loop keeps only a weak reference to a task.
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

    async def _work(self, key: str) -> None:
        jobs = self._waiting[key]
        try:
            while jobs:
                try:
                    await jobs.popleft()()
                except Exception:
                    logger.exception("A job for '%s' failed.", key)
        finally:
            del self._waiting[key]
            if self._when_done:
                self._when_done(key)

    def waiting(self, key: str) -> int:
        """How many jobs wait for their turn."""
        return len(self._waiting.get(key, ()))

    def is_busy(self, key: str) -> bool:
        """Whether a job is under way, or about to be."""
        return key in self._waiting

    async def finish(self, seconds: float) -> int:
        """Wait for what is queued, at most so long; the rest is cancelled. How many keys had work left."""
        deadline = time.monotonic() + seconds
        # Again, because a job may have put another one under a key of its own.
        while self._workers and (left := deadline - time.monotonic()) > 0:
            await asyncio.wait(self._workers, timeout=left)
        unfinished = set(self._workers)
        for worker in unfinished:
            worker.cancel()
        if unfinished:
            await asyncio.wait(unfinished, timeout=CANCEL_SECONDS)
        return len(unfinished)
