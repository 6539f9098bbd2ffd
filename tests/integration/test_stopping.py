"""Ctrl-C and signals in a training, in real processes: a sentence in place of a traceback, and a resumption."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Project

ROOT = Path(__file__).resolve().parents[2]
# A checkpoint and a line after each epoch, of which a small training has many a second.
EAGER = (
    "import parlance.finetuning.checkpoint as checkpoint; checkpoint.SECONDS_BETWEEN = 0.0; "
    "import parlance.finetuning.progress as progress; progress.SECONDS_BETWEEN_LINES = 0.0; "
)
RASA = [sys.executable, "-W", "ignore", "-c", EAGER + "from rasa.__main__ import main; main()"]
PARLANCE = [sys.executable, "-W", "ignore", "-c", EAGER + "from parlance.cli import app; app()"]
WRAPPER = [sys.executable, str(ROOT / "scripts" / "rasa_cli.py")]


def ignore_interrupts() -> None:
    """What a shell does to a process that a script puts in the background."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def stop_when(line: str, command: list[str], folder: Path, number: signal.Signals) -> tuple[int, str]:
    """Start a command in the background, send it a signal when ``line`` is in its output; status and the output."""
    environment = os.environ | {
        "RASA_TELEMETRY_ENABLED": "false",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
    }
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=ignore_interrupts,
    )
    assert process.stdout
    seen: list[str] = []
    for output in process.stdout:
        seen.append(output)
        if line in output:
            process.send_signal(number)
            break
    rest, _ = process.communicate(timeout=300)
    return process.returncode, "".join([*seen, rest])


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_rasa_train_in_the_background_stops_with_a_sentence_and_goes_on_next_time(
    project: Project, number: signal.Signals
) -> None:
    project.options["epochs"] = 1000
    project.write()
    command = [*RASA, "train", "nlu", "--nlu", "data"]
    status, output = stop_when("epoch 3/", command, project.folder, number)

    assert status == 128 + number, output
    assert "it goes on after epoch" in output and "Traceback" not in output
    _, output = stop_when("Resuming after epoch", command, project.folder, number)
    assert "Resuming after epoch" in output
    assert not list(project.folder.glob("models/*"))


@pytest.mark.slow
def test_parlance_finetune_stops_with_a_sentence(project: Project) -> None:
    project.options["epochs"] = 1000
    project.write()
    command = [*PARLANCE, "finetune", "--train", "data", "--out", "model", "--config", "config.yml"]
    status, output = stop_when("epoch 3/", command, project.folder, signal.SIGINT)

    assert status == 130 and "it goes on after epoch" in output and "Traceback" not in output, output
    assert not (project.folder / "model").exists()


@pytest.mark.slow
def test_rasa_train_by_the_projects_own_command_stops_before_the_component_begins(project: Project) -> None:
    project.write()
    status, output = stop_when("Started validating", [*WRAPPER, "train", "--debug"], project.folder, signal.SIGINT)

    assert status == 130 and "Rasa keeps what is finished" in output and "Traceback" not in output, output
