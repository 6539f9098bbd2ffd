"""Server processes: started with a log of their own, asked whether they answer, and stopped with all their children."""

import http.client
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

PRIVATE = 0o077
"""The umask of servers whose files are customers' own, and this user's alone."""

READ_BYTES = 100_000

# A proxy in the environment must not stand between this machine and itself.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Answer(NamedTuple):
    """What a server says at an address."""

    status: int
    text: str

    @property
    def is_success(self) -> bool:
        """Whether the status says that all is well."""
        return 200 <= self.status < 300


def ask(url: str, seconds: float) -> Answer | None:
    """What a server answers to a GET; None where nothing does in that time."""
    try:
        try:
            with _opener.open(url, timeout=seconds) as answer:
                return Answer(answer.status, "")
        except urllib.error.HTTPError as refusal:
            with refusal:
                return Answer(refusal.code, refusal.read(READ_BYTES).decode(errors="replace"))
    except (OSError, http.client.HTTPException, ValueError):
        return None


def start(
    command: Sequence[str],
    log: Path,
    env: Mapping[str, str],
    cwd: Path | None = None,
    append: bool = False,
    private: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a process in a group of its own: Ctrl-C reaches it through ``stop`` alone, when others are done with it.

    Args:
        command: What to run.
        log: Where its output goes.
        env: All of its environment.
        cwd: Where it runs; here unless told.
        append: Whether the log goes on.
        private: Whether what it writes, the log too, is for this user alone.

    Raises:
        OSError: There is no such program, or the log cannot be written.
    """
    with log.open("ab" if append else "wb") as output:
        if private:
            os.fchmod(output.fileno(), 0o600)  # an older log keeps its mode otherwise
        return subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=PRIVATE if private else -1,
        )


def how_ended(process: subprocess.Popen[bytes]) -> str:
    """``exit code 3`` or ``signal SIGKILL``; empty while it runs."""
    code = process.poll()
    if code is None:
        return ""
    return f"exit code {code}" if code >= 0 else f"signal {_signal_name(-code)}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def stop(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Ask a process group to end, and end what is left of it after so many seconds."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(seconds)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait()
