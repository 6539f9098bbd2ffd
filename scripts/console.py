"""What the scripts print: numbered steps with their time, and problems as a sentence that says what to do."""

from __future__ import annotations

import functools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


class Problem(Exception):
    """Something the person at the keyboard can put right: what is wrong, and the remedy."""

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(f"{problem} {remedy}".strip())


def report_problems(main: Callable[[list[str]], int]) -> Callable[[list[str]], int]:
    """Makes a script end with a sentence, not a traceback, where the fault is one that a person can put right."""

    @functools.wraps(main)
    def wrapped(arguments: list[str]) -> int:
        try:
            return main(arguments)
        except Problem as problem:
            print(f"\n{problem}", file=sys.stderr, flush=True)
            return 1
        except KeyboardInterrupt:
            print("\nStopped.", file=sys.stderr, flush=True)
            return 130

    return wrapped


def duration(seconds: float) -> str:
    """``4.2 s`` or ``3 min 05 s``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


class Steps:
    """Prints ``[2/5] installing the packages`` and, when it is done, how long it took."""

    def __init__(self, total: int, first: int = 1) -> None:
        self._total = total
        self._next = first

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """One step; an exception inside passes through without the closing line."""
        label = f"[{self._next}/{self._total}]"
        self._next += 1
        print(f"{label} {title} ...", flush=True)
        began = time.monotonic()
        yield
        print(f"{label} done in {duration(time.monotonic() - began)}", flush=True)

    def skip(self, why: str) -> None:
        """A step with nothing to do."""
        print(f"[{self._next}/{self._total}] {why}", flush=True)
        self._next += 1


def tail(log: str, lines: int = 30) -> str:
    """The last lines of a text, for showing why a process ended."""
    return "\n".join(log.rstrip().splitlines()[-lines:])


def quiet(
    command: Sequence[str], problem: str, remedy: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> str:
    """Runs a command and returns what it printed; where it fails, shows the end of that.

    Raises:
        Problem: the command failed or cannot be started.
    """
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    except OSError as error:
        raise Problem(f"{problem} ({error})", remedy) from error
    if done.returncode:
        print(tail(done.stdout), file=sys.stderr)
        raise Problem(problem, remedy)
    return done.stdout
