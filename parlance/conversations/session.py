"""A whole run of conversation tests: read, start or reach the assistant, run, stop."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from parlance.conversations.assistant import Assistant
from parlance.conversations.cases import Case
from parlance.conversations.database import SqliteDatabase
from parlance.conversations.process import LogReader, started
from parlance.conversations.reader import read_cases, split_name
from parlance.conversations.results import CaseResult, Session
from parlance.conversations.runner import Runner
from parlance.conversations.settings import find_settings

Progress = Callable[[int, int], None]
"""Called with how many cases are done, of how many."""


@dataclass(frozen=True)
class Target:
    """The assistant to test.

    Args:
        url: The address of one that runs; None starts one as ``conftest.yml`` says.
        token: Its ``--auth-token``.
        database: Its SQLite file; None takes the one that ``conftest.yml`` names, for an assistant that is started.
        logs: A folder for the logs of one that is started.
        start_timeout: Seconds that it may take to be up.
    """

    url: str | None = None
    token: str = ""
    database: Path | None = None
    logs: Path = Path("results/conversations")
    start_timeout: float = 900.0


def run_session(
    path: str | Path,
    target: Target,
    jobs: int = 4,
    timeout: float = 30.0,
    fail_fast: bool = False,
    progress: Progress = lambda done, total: None,
) -> Session:
    """Run the cases at ``path``, ``jobs`` at a time, each answer within ``timeout`` seconds.

    Raises:
        BadTestFile: A test file or the settings are wrong; no case was run.
        AssistantUnreachable: The assistant does not start or answer; no case was run.
    """
    cases = read_cases(path)
    if target.url is not None:
        return asyncio.run(_run(cases, target.url, target, target.database, None, jobs, timeout, fail_fast, progress))
    settings = find_settings(split_name(path)[0])
    with _ended_by_signals(), started(settings, target.logs, target.start_timeout) as assistant:
        database = target.database or assistant.database
        return asyncio.run(
            _run(cases, assistant.url, target, database, assistant.log, jobs, timeout, fail_fast, progress)
        )


async def _run(
    cases: list[Case],
    url: str,
    target: Target,
    database_file: Path | None,
    log: LogReader | None,
    jobs: int,
    timeout: float,
    fail_fast: bool,
    progress: Progress,
) -> Session:
    async with Assistant(url, target.token, timeout) as assistant:
        domain = await assistant.domain()
        domain.check(cases)
        with closing(SqliteDatabase(database_file)) if database_file else nullcontext() as database:
            runner = Runner(assistant, domain.responses, jobs, database, log)
            done = 0

            def count(_: CaseResult) -> None:
                nonlocal done
                done += 1
                progress(done, len(cases))

            progress(0, len(cases))
            began = time.monotonic()
            results = await runner.run(cases, fail_fast, count)
            return Session(tuple(results), time.monotonic() - began, runner.lost)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the block as Ctrl-C does, so that the assistant is stopped whoever asks."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt(signal.Signals(number).name)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
