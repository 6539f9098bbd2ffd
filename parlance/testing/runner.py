"""Running conversation tests side by side, each as if it were alone with the assistant and its database."""

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

from parlance.testing.assistant import Assistant
from parlance.testing.cases import Case, Turn
from parlance.testing.database import SqliteDatabase
from parlance.testing.errors import AssistantFault, AssistantUnreachable
from parlance.testing.matching import Variations, judge
from parlance.testing.process import LogReader
from parlance.testing.results import CaseResult, Status, TurnResult
from parlance.testing.turns import BotMessage, turn_events

UNAVAILABLE = ("database", "unavailable")
"""The metadata of a message, or of a whole case, that takes the database away meanwhile."""


@dataclass
class Runner:
    """Runs cases against one assistant.

    Args:
        assistant: Where to say things.
        variations: The texts of the assistant's responses.
        jobs: How many conversations at once, at most.
        database: What to put back after cases that change it; None leaves changes where they are.
        queries: What ``{name}`` in a message is, as queries of the database.
        log: The assistant's log files; None where it was not started here.
        lost: Set when the assistant has gone in the middle of a run: why no more cases were run.
    """

    assistant: Assistant
    variations: Variations
    jobs: int = 4
    database: SqliteDatabase | None = None
    queries: Mapping[str, str] = field(default_factory=dict)
    log: LogReader | None = None
    lost: str = field(default="", init=False)

    async def run(
        self, cases: Sequence[Case], fail_fast: bool = False, progress: Callable[[int], None] = lambda done: None
    ) -> list[CaseResult]:
        """Run all cases and say how many are done; the results come in the order of the cases.

        Cases run in batches. Where the database has not changed at the end of a batch, no case can have noticed
        another. Where it has, it is put back, and each case of the batch is run again alone, so that what one case
        writes is never what another reads. After a case that wrote, the next one runs alone too, and from then on
        batches double again: files whose cases all write cost no second run.
        """
        waiting = deque(cases)
        results: dict[tuple[str, str], CaseResult] = {}
        alone = {_key(case) for case in cases if _takes_database_away(case)}
        size = self.jobs
        while waiting and not self.lost and not (fail_fast and _any_failed(results.values())):
            batch = _next_batch(waiting, size, alone)
            outcomes = await asyncio.gather(*(self._run_case(case) for case in batch))
            wrote = self._put_back()
            size = 1 if wrote else min(2 * size, self.jobs)
            if wrote and len(batch) > 1:
                waiting.extendleft(reversed(batch))
                alone |= {_key(case) for case in batch}
                continue
            results |= {_key(outcome.case): outcome for outcome in outcomes}
            progress(len(results))
            if any(outcome.status is Status.FAULT for outcome in outcomes):
                await self._check_reachable()
        return [results.get(_key(case)) or CaseResult(case, Status.NOT_RUN) for case in cases]

    async def _check_reachable(self) -> None:
        try:
            await self.assistant.domain()
        except AssistantUnreachable as error:
            self.lost = str(error)

    def _put_back(self) -> bool:
        """Undo what has changed in the database; whether anything had."""
        if self.database is None or not self.database.changed():
            return False
        self.database.restore()
        return True

    async def _run_case(self, case: Case) -> CaseResult:
        began = time.monotonic()
        # Said to be a test in whatever the assistant keeps, such as tickets.
        conversation = f"conversation-test-{uuid.uuid4().hex[:12]}"
        result = CaseResult(case, Status.PASSED)
        position = self.log.position() if self.log else None
        heard = 0
        for turn in case.turns:
            slots = case.slots if turn is case.turns[0] else {}
            played, heard = await self._play(turn, conversation, slots, heard)
            result = replace(result, turns=(*result.turns, played))
            if not played.passed:
                silent = not any(isinstance(event, BotMessage) for event in played.events)
                log = self.log.since(position) if self.log and position is not None and silent else ""
                status = Status.FAULT if played.fault else Status.FAILED
                result = replace(result, status=status, log=log)
                break
        return replace(result, seconds=time.monotonic() - began)

    async def _play(
        self, turn: Turn, conversation: str, slots: Mapping[str, object], heard: int
    ) -> tuple[TurnResult, int]:
        """One turn, and how many messages of the user the conversation has after it, where it had ``heard`` before.

        Messages are counted and not events: of those, Rasa lists more or fewer from one request to the next. A turn
        begins at its first new message, since an action may add copies of it.
        """
        try:
            if slots:
                await self.assistant.set_slots(conversation, slots)
            text = self._filled(turn.user)
            with self._database_for(turn):
                await self.assistant.say(conversation, text, turn.metadata)
            events = await self.assistant.events(conversation)
        except AssistantFault as fault:
            return TurnResult(turn, fault=str(fault)), heard
        messages = [position for position, event in enumerate(events) if event.get("event") == "user"]
        if len(messages) <= heard:
            return TurnResult(
                turn, fault="The assistant met an error before it took the message in. See its log."
            ), heard
        did = tuple(turn_events(events[messages[heard] :]))
        return TurnResult(turn, did, tuple(judge(turn.expectations, did, self.variations))), len(messages)

    def _filled(self, text: str) -> str:
        """A message with what the database holds for it, such as a code that a mail has."""
        for name, query in self.queries.items():
            if f"{{{name}}}" not in text:
                continue
            if self.database is None:
                raise AssistantFault(
                    f"{{{name}}} is to be looked up, and no database is known.", "Give it with --database."
                )
            text = text.replace(f"{{{name}}}", self.database.value(query))
        return text

    def _database_for(self, turn: Turn) -> AbstractContextManager[None]:
        if not _is_unavailable(turn):
            return nullcontext()
        if self.database is None:
            raise AssistantFault(
                "This message is to find the database unavailable, and no database is known.",
                "Give it with --database.",
            )
        return self.database.unavailable()


def _key(case: Case) -> tuple[str, str]:
    return str(case.file), case.name


def _next_batch(waiting: deque[Case], size: int, alone: set[tuple[str, str]]) -> list[Case]:
    """The next cases that may run side by side, taken from those that wait."""
    batch = [waiting.popleft()]
    while waiting and len(batch) < size and not alone & {_key(batch[0]), _key(waiting[0])}:
        batch.append(waiting.popleft())
    return batch


def _any_failed(results: Iterable[CaseResult]) -> bool:
    return any(result.status is not Status.PASSED for result in results)


def _is_unavailable(turn: Turn) -> bool:
    key, value = UNAVAILABLE
    return turn.metadata.get(key) == value


def _takes_database_away(case: Case) -> bool:
    return any(_is_unavailable(turn) for turn in case.turns)
