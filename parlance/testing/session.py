"""A whole run of conversation tests: read, start or reach the assistant, run, stop."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from parlance.testing.assistant import Assistant
from parlance.testing.cases import Case
from parlance.testing.database import SqliteDatabase
from parlance.testing.process import LogReader, started
from parlance.testing.reader import read_cases, split_name
from parlance.testing.results import Session
from parlance.testing.runner import Runner
from parlance.testing.settings import find_settings, queries_for

Progress = Callable[[int, int], None]
"""Called with how many cases are done, of how many."""

# What started the assistant needs a moment to see that it has ended, and to say why.
_LAST_WORDS_SECONDS = 1.5


@dataclass(frozen=True)
class Options:
    """Which assistant to test, and how.

    Args:
        url: The address of one that runs; None starts one as ``conftest.yml`` says.
        token: Its ``--auth-token``.
        database: Its SQLite file; None takes the one that ``conftest.yml`` names, for an assistant that is started.
        logs: A folder for the logs of one that is started.
        start_timeout: Seconds that it may take to be up.
        jobs: How many conversations at once.
        timeout: Seconds that it has for one answer.
        fail_fast: Begin no more cases after one has failed.
    """

    url: str | None = None
    token: str = ""
    database: Path | None = None
    logs: Path = Path("results/conversations")
    start_timeout: float = 600.0
    jobs: int = 4
    timeout: float = 30.0
    fail_fast: bool = False


def run_session(path: str | Path, options: Options, progress: Progress = lambda done, total: None) -> Session:
    """Run the cases at ``path``: a file, a folder, or ``file.yml::case name``.

    Raises:
        BadTestFile: A test file or the settings are wrong; no case was run.
        AssistantUnreachable: The assistant does not start or answer; no case was run.
    """
    cases = read_cases(path)
    if options.url is not None:
        return asyncio.run(
            _run(cases, options.url, options.database, queries_for(split_name(path)[0]), None, options, progress)
        )
    settings = find_settings(split_name(path)[0])
    with _ended_by_signals(), started(settings, options.logs, options.start_timeout) as assistant:
        database = options.database or assistant.database
        session = asyncio.run(_run(cases, assistant.url, database, settings.queries, assistant.log, options, progress))
        if session.lost:
            time.sleep(_LAST_WORDS_SECONDS)
            session = replace(session, lost=f"{session.lost}\n\n{assistant.log.since({})}")
        return session


async def _run(
    cases: list[Case],
    url: str,
    database_file: Path | None,
    queries: Mapping[str, str],
    log: LogReader | None,
    options: Options,
    progress: Progress,
) -> Session:
    async with Assistant(url, options.token, options.timeout) as assistant:
        domain = await assistant.domain()
        domain.check(cases)
        with SqliteDatabase(database_file) if database_file else nullcontext() as database:
            runner = Runner(assistant, domain.responses, options.jobs, database, queries, log)
            began = time.monotonic()
            results = await runner.run(cases, options.fail_fast, lambda done: progress(done, len(cases)))
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
