"""``make test`` after the set-up: lint, types, pytest, Vitest, Rasa's own validation and tests, and conversation tests.

Every check runs even where an earlier one failed; the summary at the end says which did.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence

from scripts.console import Problem, Steps, duration, report_problems
from scripts.environment import ROOT, VENV_PYTHON
from scripts.model import ensure_model, rasa, rasa_settings
from scripts.web import ensure_widget

PYTHON = str(VENV_PYTHON)
CHECKED = ("actions", "benchmarks", "parlance", "scripts", "shop", "tests")

MOST_PROCESSES = 6
"""Each holds TensorFlow, torch and a model or two: up to 2.5 GB."""

Outcome = tuple[str, bool, float]


def run_check(steps: Steps, title: str, commands: Sequence[Sequence[str]]) -> Outcome:
    """Runs the commands of one check, their output passed through; the check fails where one of them fails."""
    began = time.monotonic()
    passed = True
    with steps.step(title):
        for command in commands:
            passed &= subprocess.run(command, cwd=ROOT, env=rasa_settings(), stdin=subprocess.DEVNULL).returncode == 0
    return title, passed, time.monotonic() - began


def train_check(steps: Steps) -> tuple[Outcome, str]:
    """Makes sure of a model; its path, or nothing where it could not be trained."""
    began = time.monotonic()
    try:
        model = str(ensure_model(steps))
    except Problem as problem:
        print(problem, flush=True)
        model = ""
    return ("training", bool(model), time.monotonic() - began), model


def widget_check(steps: Steps) -> Outcome:
    """Makes sure of the web chat's script."""
    began = time.monotonic()
    try:
        ensure_widget(steps)
    except Problem as problem:
        print(problem, flush=True)
        return "web chat's build", False, time.monotonic() - began
    return "web chat's build", True, time.monotonic() - began


def unread_stories() -> list[str]:
    """Test stories that Rasa would pass over without a word, because of their names."""
    files = (ROOT / "tests" / "stories").rglob("*.yml")
    return sorted(str(file.relative_to(ROOT)) for file in files if not file.name.startswith("test_"))


def summary(outcomes: Sequence[Outcome]) -> str:
    """One line for each check."""
    return "\n".join(
        f"  {'ok    ' if passed else 'FAILED'}  {duration(s):>12}  {title}" for title, passed, s in outcomes
    )


@report_problems
def main(arguments: list[str]) -> int:
    """The checks; non-zero where one failed."""
    first, total = (int(number) for number in arguments) if arguments else (1, 9)
    steps = Steps(total, first)
    folders = [folder for folder in CHECKED if (ROOT / folder).is_dir()]
    outcomes = [
        run_check(
            steps,
            "lint and format (ruff), imports (import-linter)",
            [
                [PYTHON, "-m", "ruff", "check", *folders],
                [PYTHON, "-m", "ruff", "format", "--check", *folders],
                [str(VENV_PYTHON.with_name("lint-imports")), "--no-cache"],
            ],
        ),
        run_check(steps, "types (mypy)", [[PYTHON, "-m", "mypy"]]),
        run_check(steps, "training data (rasa data validate)", [rasa("data", "validate", "--fail-on-warnings")]),
        # Before the build, which needs fewer packages and would install them first.
        run_check(
            steps,
            "web chat's lint and format (Biome), types (tsc) and unit tests (Vitest)",
            [[PYTHON, "-m", "scripts.web", "lint", "types", "test"]],
        ),
    ]
    outcomes.append(widget_check(steps))
    trained, model = train_check(steps)  # before pytest, whose end-to-end tests talk to this model
    outcomes.append(trained)
    # A file's tests stay in one process: they share servers and models.
    pytest = [PYTHON, "-m", "pytest", "-n", str(min(os.cpu_count() or 1, MOST_PROCESSES)), "--dist", "loadfile"]
    outcomes.append(run_check(steps, "unit, integration and end-to-end tests (pytest)", [pytest]))
    unread = unread_stories()
    if unread:
        print(f"Rasa reads test stories only from files called test_*.yml. Rename: {', '.join(unread)}", flush=True)
        outcomes.append(("names of test stories", False, 0.0))
    if model:
        # One process for both tests: loading TensorFlow and the model takes longer than they do.
        tests = rasa("test", "--model", model, "--stories", "tests/stories", "--nlu", "tests/nlu")
        tests += ["--out", "results", "--no-plot", "--fail-on-prediction-errors"]
        outcomes.append(run_check(steps, "stories and understanding (rasa test)", [tests]))
        # Starts the assistant with this model, once for all cases.
        conversations = [PYTHON, "-m", "parlance.cli", "test", "conversations", "tests/conversations"]
        conversations += ["--junit", "results/conversations.xml"]
        outcomes.append(run_check(steps, "conversations (parlance test conversations)", [conversations]))
    print(f"\n{summary(outcomes)}\n")
    failed = [title for title, passed, _ in outcomes if not passed]
    if failed:
        print(f"Failed: {', '.join(failed)}. Their output is above; `make help` shows how to run one alone.")
        return 1
    print("All checks passed. `make run` starts the assistant.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
