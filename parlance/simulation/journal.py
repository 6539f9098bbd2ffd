"""A line of JSON for each conversation that came to its end, so that a run that is stopped loses none and can go on."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parlance.simulation.profile import Profile
from parlance.testing.errors import BadTestFile

FILE = "conversations.jsonl"


class Journal:
    """The file of a run in its folder. Use it as a context manager."""

    def __init__(self, folder: Path, profile: Profile, seed: int, resume: bool) -> None:
        """Begin a journal, or go on with the one that is there.

        Raises:
            BadTestFile: The one that is there is of another seed or profile.
        """
        self.file = folder / FILE
        self.records: dict[int, dict[str, Any]] = {}
        digest = hashlib.sha256(profile.file.read_bytes()).hexdigest()[:16]
        head = {"seed": seed, "profile": digest}
        folder.mkdir(parents=True, exist_ok=True)
        if resume and self.file.is_file():
            self._read(head)
        # Written anew, since the last line of a run that was killed may be cut.
        lines = [head, *self.records.values()]
        self.file.write_text("".join(f"{_line(entry)}\n" for entry in lines), encoding="utf-8")
        self._open = self.file.open("a", encoding="utf-8")

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(self, record: dict[str, Any]) -> None:
        """Keep a conversation at once."""
        self.records[record["conversation"]] = record
        self._open.write(f"{_line(record)}\n")
        self._open.flush()

    def _read(self, head: Mapping[str, Any]) -> None:
        lines = self.file.read_text(encoding="utf-8").split("\n")
        if not lines[0] or json.loads(lines[0]) != head:
            raise BadTestFile(
                f"{self.file} is of a run with another seed or profile.",
                "Give that seed, or another --out, or leave out --resume.",
            )
        for line in lines[1:]:
            try:
                record = json.loads(line)
            except ValueError:
                continue  # cut off, or the end
            self.records[record["conversation"]] = record


def _line(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=False, default=str)
