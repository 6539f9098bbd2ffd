"""Starting the assistant under test, and reading its logs."""

import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from parlance import processes
from parlance.testing.errors import AssistantUnreachable, BadTestFile, nearest
from parlance.testing.settings import Settings

_STOP_SECONDS = 30.0
_ANSWER_SECONDS = 2.0
_LINES_SHOWN = 20
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
OUTPUT_NAME = "assistant.log"


class LogReader:
    """The ``*.log`` files of a folder, of which the end is shown when the assistant is at fault."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def position(self) -> dict[Path, int]:
        """Where the files end now."""
        return {file: file.stat().st_size for file in self.folder.glob("*.log")}

    def since(self, position: Mapping[Path, int]) -> str:
        """The last lines that each file has got since a position, under the file's name."""
        parts = []
        for file in sorted(self.folder.glob("*.log")):
            with file.open("rb") as log:
                log.seek(position.get(file, 0))
                lines = log.read().decode("utf-8", "replace").splitlines()
            if lines:
                parts.append("\n".join([f"{file}:", *lines[-_LINES_SHOWN:]]))
        return "\n\n".join(parts)


@dataclass
class StartedAssistant:
    """An assistant that runs for the tests. ``database`` is where the settings say it keeps its SQLite file."""

    url: str
    database: Path | None
    log: LogReader
    process: subprocess.Popen[bytes]


@contextmanager
def started(settings: Settings, logs: Path, seconds: float) -> Iterator[StartedAssistant]:
    """An assistant on free ports, started as the settings say and stopped at the end of the block.

    Args:
        logs: A folder for what it prints; old logs there are removed.
        seconds: How long it may take to be up.

    Raises:
        AssistantUnreachable: It ended, or was not up in time; with the end of its log.
    """
    logs.mkdir(parents=True, exist_ok=True)
    for old in logs.glob("*.log"):
        old.unlink()
    with tempfile.TemporaryDirectory(prefix="conversation-tests-") as temporary:
        fill = _Placeholders(settings, logs=str(logs.resolve()), temporary=temporary)
        assistant = StartedAssistant(
            url=fill(settings.url),
            database=Path(fill("{database}")) if settings.database else None,
            log=LogReader(logs),
            process=_start(settings, fill, logs / OUTPUT_NAME),
        )
        try:
            _wait(assistant, [assistant.url, *map(fill, settings.health)], seconds)
            yield assistant
        finally:
            processes.stop(assistant.process, _STOP_SECONDS)


class _Placeholders:
    """Puts values in the ``{...}`` of settings: a free port for every name that ends in ``port``."""

    def __init__(self, settings: Settings, **known: str) -> None:
        self._file = settings.file
        self._known = {"python": sys.executable, **known}
        if settings.database:
            self._known["database"] = self(settings.database)

    def __call__(self, text: str) -> str:
        return _PLACEHOLDER.sub(lambda match: self._value(match[1]), text)

    def _value(self, name: str) -> str:
        if name not in self._known:
            if not name.endswith("port"):
                known = [*self._known, "port"]
                raise BadTestFile(
                    f"{self._file}: there is no placeholder {{{name}}}.",
                    nearest(name, known) or f"There are {', '.join(known)} and others that end in port.",
                )
            self._known[name] = str(_free_port(taken=self._known.values()))
        return self._known[name]


def _free_port(taken: Collection[str]) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if str(port) not in taken:
            return port


def _start(settings: Settings, fill: _Placeholders, output: Path) -> subprocess.Popen[bytes]:
    # Split before filling, so that a path with a space stays one argument.
    command = [fill(part) for part in shlex.split(settings.start)]
    environment = {**os.environ, **{name: fill(value) for name, value in settings.environment.items()}}
    try:
        return processes.start(command, output, environment)
    except OSError as error:
        raise AssistantUnreachable(
            f"{settings.file}: '{command[0]}' cannot be started: {error.strerror}.", "Correct 'start:' there."
        ) from error


def _wait(assistant: StartedAssistant, addresses: list[str], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while silent := [address for address in addresses if not _answers(address)]:
        how = processes.how_ended(assistant.process)
        if how or time.monotonic() > deadline:
            problem, remedy = (
                (f"The assistant ended before it was up ({how}).", "Its log above says why.")
                if how
                else (f"Nothing answers at {silent[0]} after {seconds:g} s.", "--start-timeout gives it more time.")
            )
            raise AssistantUnreachable(f"{assistant.log.since({})}\n\n{problem}", remedy)
        time.sleep(0.2)


def _answers(address: str) -> bool:
    answer = processes.ask(address, _ANSWER_SECONDS)
    return answer is not None and answer.is_success
