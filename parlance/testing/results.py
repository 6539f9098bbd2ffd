"""What came of running conversation tests."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from parlance.testing.cases import Case, Turn
from parlance.testing.errors import AssistantUnreachable
from parlance.testing.matching import Verdict
from parlance.testing.turns import TurnEvent


class Status(Enum):
    """How a case ended."""

    PASSED = "passed"
    FAILED = "failed"  # the assistant did something else than expected
    FAULT = "fault"  # the assistant did not answer as an assistant should
    NOT_RUN = "not run"


@dataclass(frozen=True)
class TurnResult:
    """A turn that was played. ``fault`` says why the assistant did not get through it, empty where it did."""

    turn: Turn
    events: tuple[TurnEvent, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    fault: str = ""

    @property
    def passed(self) -> bool:
        """Whether everything that was expected came."""
        return not self.fault and all(verdict.passed for verdict in self.verdicts)


@dataclass(frozen=True)
class CaseResult:
    """A case with the turns that were played: all of them, or those up to the first that did not pass.

    Args:
        seconds: How long it took.
        log: The end of what the assistant logged meanwhile; only where the assistant is at fault.
    """

    case: Case
    status: Status
    turns: tuple[TurnResult, ...] = ()
    seconds: float = 0.0
    log: str = ""


def count(results: Iterable[CaseResult]) -> Counter[Status]:
    """How many cases ended in which way."""
    return Counter(result.status for result in results)


@dataclass(frozen=True)
class Session:
    """A whole run. ``lost`` says why the assistant could not be talked to any more, empty where it could."""

    results: tuple[CaseResult, ...]
    seconds: float
    lost: str = ""

    @property
    def exit_status(self) -> int:
        """What the command ends with: 0 where every case passed, 1 where one did not, 3 where the assistant went."""
        if self.lost:
            return AssistantUnreachable.exit_status
        return 0 if all(result.status is Status.PASSED for result in self.results) else 1
