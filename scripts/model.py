"""Trains the assistant when its data, configuration or training code have changed since the last model.

A model's name says what it was trained from: ``models/fern-<data>-<code>.tar.gz``, the hashes of the Rasa project's
own files and of the code behind the components in ``config.yml``. A model by the right name is up to date.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.console import Problem, Steps, report_problems
from scripts.encoder import ENCODER, GRAPH
from scripts.environment import ROOT, VENV_PYTHON
from scripts.model_archive import check_model
from scripts.training_code import training_code

MODELS = ROOT / "models"
DATA = ("config.yml", "domain.yml", "domain", "data")


@dataclass(frozen=True)
class Fingerprint:
    """What a model is trained from."""

    data: str
    code: str

    @property
    def model(self) -> Path:
        """Where the model trained from this is kept."""
        return MODELS / f"fern-{self.data}-{self.code}.tar.gz"

    @property
    def code_has_trained(self) -> bool:
        """Whether this code has trained a model here, so that what Rasa's cache holds came from it."""
        return any(MODELS.glob(f"fern-*-{self.code}.tar.gz"))


def files_below(names: Iterable[str], suffixes: tuple[str, ...]) -> list[Path]:
    """The files named, and those with a suffix in the folders named, in a fixed order."""
    found: set[Path] = set()
    for name in names:
        path = ROOT / name
        found.update([path] if path.is_file() else (file for file in path.rglob("*") if file.suffix in suffixes))
    return sorted(found)


def digest(files: Iterable[Path]) -> str:
    """A short hash over names and contents."""
    total = hashlib.sha256()
    for file in files:
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        total.update(f"{file.relative_to(ROOT)} {content}\n".encode())
    return total.hexdigest()[:10]


def current_fingerprint() -> Fingerprint:
    """The fingerprint of the project as it stands."""
    data = digest(files_below(DATA, (".yml", ".yaml", ".txt", ".csv", ".json")))
    return Fingerprint(data=data, code=digest(training_code(ROOT, ROOT / "config.yml")))


def rasa_settings() -> dict[str, str]:
    """The environment for Rasa: no telemetry, no chatter from TensorFlow, and GPU memory left for the encoder."""
    settings = dict(os.environ)
    settings["RASA_TELEMETRY_ENABLED"] = "false"
    settings.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    settings.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    settings.setdefault("MALLOC_ARENA_MAX", "2")  # or many threads hold a heap each
    settings.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    return settings


def rasa(*arguments: str) -> list[str]:
    """The command line of a Rasa command in the project's environment."""
    return [str(VENV_PYTHON), str(ROOT / "scripts" / "rasa_cli.py"), *arguments]


def train(fingerprint: Fingerprint) -> None:
    """Trains into a folder of its own and moves the finished archive in place, so that a model is whole or not there.

    Raises:
        Problem: training failed; Rasa's output above says why.
    """
    unfinished = MODELS / ".training"
    command = rasa("train", "--out", str(unfinished), "--fixed-model-name", "model")
    if not fingerprint.code_has_trained:
        # Rasa's cache knows a component by its own source alone, not by the library behind it.
        command.append("--force")
    settings = rasa_settings()
    # The encoder that is written beside would have the training take one core for itself, and another number of threads
    # gives another model.
    settings.setdefault("OMP_NUM_THREADS", str(os.cpu_count() or 1))
    if subprocess.run(command, cwd=ROOT, env=settings, stdin=subprocess.DEVNULL).returncode:
        raise Problem("Training failed; the message above says why.", "Put it right and run the command again.")
    trained = unfinished / "model.tar.gz"
    if not trained.is_file():
        raise Problem("Rasa ended without a model.", "Look for the reason in its output above.")
    trained.replace(fingerprint.model)
    print(f"      kept as {fingerprint.model.relative_to(ROOT)}", flush=True)


@contextmanager
def encoder_beside() -> Iterator[None]:
    """Writes the encoder of the shop's recommendations, if it is not there, while the block runs.

    Before Rasa fine-tunes it reads stories for half a minute, on one core.

    Raises:
        Problem: the encoder could not be written; the message above says why.
    """
    if (ENCODER / GRAPH).is_file():
        yield
        return
    print("      writing the encoder of the shop's recommendations", flush=True)
    command = [str(VENV_PYTHON), "-m", "scripts.encoder"]
    writing = subprocess.Popen(command, cwd=ROOT, env=rasa_settings(), stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        failed = writing.wait()
    if failed:
        raise Problem("The encoder could not be written.", "Put right what the message above says and run it again.")


def ensure_model(steps: Steps) -> Path:
    """The model for the project as it stands, trained now if need be, and the encoder of the shop's recommendations."""
    fingerprint = current_fingerprint()
    with encoder_beside():
        if fingerprint.model.is_file():
            check_model(fingerprint.model)
            steps.skip(f"model {fingerprint.model.name} is up to date")
        else:
            with steps.step("fine-tuning the assistant on data/ (a few minutes)"):
                train(fingerprint)
    return fingerprint.model


@report_problems
def main(arguments: list[str]) -> int:
    """``make train``."""
    first, total = (int(number) for number in arguments) if arguments else (1, 1)
    ensure_model(Steps(total, first))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
