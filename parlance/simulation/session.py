"""A whole simulation: start or reach the assistant, let the customers talk, shrink what failed, report."""

import asyncio
import json
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parlance.data.files import write_text_atomically
from parlance.simulation.database import Reader
from parlance.simulation.finding import tests_of
from parlance.simulation.journal import Journal
from parlance.simulation.personas import Casting, Persona, Utterances
from parlance.simulation.playing import Stage, play
from parlance.simulation.profile import Profile
from parlance.simulation.profile_reader import read_profile
from parlance.simulation.report import figures
from parlance.stopping import Stopped, stopped_by_signals
from parlance.testing.assistant import Assistant
from parlance.testing.database import SqliteDatabase
from parlance.testing.errors import AssistantUnreachable
from parlance.testing.process import started
from parlance.testing.settings import find_settings

Progress = Callable[[int, int], None]
"""Called with how many conversations are done or shrunk, of how many."""
_FAULTS_IN_A_ROW = 20
"""So many conversations that end in an error are a server that is gone."""


@dataclass(frozen=True)
class Options:
    """Which assistant to talk to, and how.

    Args:
        conversations: How many customers come.
        seed: Of who they are and what they say.
        url: The address of an assistant that runs; None starts one as its ``conftest.yml`` says.
        token: Its ``--auth-token``.
        database: Its SQLite file; None takes the one that ``conftest.yml`` names, for an assistant that is started.
        profile: What there is to know of the project.
        jobs: How many conversations at once.
        timeout: Seconds that it has for one answer.
        start_timeout: Seconds that it may take to be up.
        out: The folder for the journal, the logs and the conversation tests.
        json_file: Where the figures go, None for nowhere.
        resume: Go on with what is in ``out``.
        tests: How many failing conversations are shrunk, at most.
    """

    conversations: int = 500
    seed: int = 1
    url: str | None = None
    token: str = ""
    database: Path | None = None
    profile: Path = Path("simulation.yml")
    jobs: int = 4
    timeout: float = 30.0
    start_timeout: float = 600.0
    out: Path = Path("results/simulation")
    json_file: Path | None = None
    resume: bool = False
    tests: int = 20


@dataclass(frozen=True)
class Simulated:
    """What came of it. ``stopped`` is the signal that ended it early, ``lost`` why the assistant was gone."""

    report: dict[str, Any]
    stopped: Stopped | None = None
    lost: str = ""
    left_out: tuple[str, ...] = ()


def run_simulation(options: Options, progress: Progress = lambda done, total: None) -> Simulated:
    """Let customers talk to the assistant; what is done when somebody stops it is reported.

    Raises:
        BadTestFile: The profile or a query is wrong; nothing was said.
        AssistantUnreachable: The assistant does not start or answer; nothing was said.
    """
    profile = read_profile(options.profile)
    utterances = Utterances(profile)
    utterances.check(profile)
    with Journal(options.out, profile, options.seed, options.resume) as journal:
        with _assistant(profile, options) as (url, file):
            simulation = _Simulation(profile, utterances, options, journal, progress)
            return simulation.run(url, file)


@contextmanager
def _assistant(profile: Profile, options: Options) -> Iterator[tuple[str, Path | None]]:
    if options.url is not None:
        yield options.url, options.database
        return
    settings = find_settings(profile.file.parent / profile.assistant)
    with _sigterm_as_ctrl_c(), started(settings, options.out, options.start_timeout) as assistant:
        yield assistant.url, options.database or assistant.database


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    """So that an assistant that is still starting is stopped too."""
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Simulation:
    def __init__(
        self, profile: Profile, utterances: Utterances, options: Options, journal: Journal, progress: Progress
    ) -> None:
        self._profile = profile
        self._utterances = utterances
        self._options = options
        self._journal = journal
        self._progress = progress
        self._lost = ""
        self._tests: dict[tuple[int, int, str], str] = {}
        self._began = time.monotonic()

    def run(self, url: str, file: Path | None) -> Simulated:
        stopped: Stopped | None = None
        left_out: tuple[str, ...] = ()
        with SqliteDatabase(file) if file else nullcontext() as kept, Reader(file) as database:
            casting = Casting(self._profile, database, self._options.seed)
            left_out = tuple(casting.without_anybody)
            try:
                with stopped_by_signals():
                    asyncio.run(self._talk(url, casting, database, kept))
            except Stopped as stop:
                stopped = stop
        return Simulated(self._report(), stopped, self._lost, left_out)

    def _report(self) -> dict[str, Any]:
        records = [self._journal.records[number] for number in sorted(self._journal.records)]
        report = {
            "seed": self._options.seed,
            **figures(records, self._tests, time.monotonic() - self._began),
        }
        if self._options.json_file:
            text = json.dumps(report, indent=2, ensure_ascii=False)
            write_text_atomically(self._options.json_file, f"{text}\n")
        return report

    async def _talk(self, url: str, casting: Casting, database: Reader, kept: SqliteDatabase | None) -> None:
        async with Assistant(url, self._options.token, self._options.timeout) as assistant:
            await assistant.domain()
            stage = Stage(self._profile, assistant, database, self._utterances, self._options.seed)
            personas: dict[int, Persona] = {}
            total, together = self._options.conversations, self._profile.together
            for start in range(0, total, together):
                batch = casting.personas(range(start, min(start + together, total)))
                personas |= {persona.number: persona for persona in batch}
                await self._play_all(stage, [one for one in batch if one.number not in self._journal.records])
                if kept is not None and kept.changed():
                    kept.restore()
                if self._lost or await self._is_lost(assistant):
                    return
            await self._shrink_all(stage, personas, kept)

    async def _play_all(self, stage: Stage, personas: Sequence[Persona]) -> None:
        """Some at once, the next as soon as one has ended."""
        waiting = iter(personas)

        async def work() -> None:
            for persona in waiting:
                self._journal.add((await play(stage, persona)).as_dict())
                self._progress(len(self._journal.records), self._options.conversations)

        await asyncio.gather(*(work() for _ in range(self._options.jobs)))

    async def _is_lost(self, assistant: Assistant) -> bool:
        latest = list(self._journal.records.values())[-_FAULTS_IN_A_ROW:]
        if len(latest) == _FAULTS_IN_A_ROW and all(record["turns"][-1]["fault"] for record in latest):
            try:
                await assistant.domain()
            except AssistantUnreachable as error:
                self._lost = str(error)
        return bool(self._lost)

    async def _shrink_all(self, stage: Stage, personas: dict[int, Persona], kept: SqliteDatabase | None) -> None:
        records = [record for number, record in sorted(self._journal.records.items()) if number in personas]
        folder = self._options.out

        def restore() -> None:
            if kept is not None and kept.changed():
                kept.restore()

        async for key, file, done, total in tests_of(stage, personas, records, folder, restore, self._options.tests):
            self._tests[key] = file
            self._progress(done, total)
