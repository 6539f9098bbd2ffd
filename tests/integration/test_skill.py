"""``make skill`` in a copy of the project: what it writes holds up against the project's own checks."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
CHECKS = ("test_responses.py", "test_language_data.py", "test_actions_consent.py", "test_actions_left_overs.py")
"""The unit tests that go over every skill."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with a skill that was just written."""
    folder = tmp_path_factory.mktemp("project")
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file() and not name.startswith(("web/", "benchmarks/", "docs/images/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    done = run(folder, "-m", "scripts.skill", "gift_wrap", "--wish", "have my order gift wrapped")
    assert done.returncode == 0 and "docs/skills.md" in done.stdout, done.stdout + done.stderr
    return folder


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True)


def test_its_lines_are_where_they_belong(project: Path) -> None:
    domain = YAML(typ="safe").load((project / "domain.yml").read_text(encoding="utf-8"))
    assert domain["intents"][-1] == "gift_wrap" and "gift_wrap" in domain["slots"]["request"]["values"]
    assert domain["forms"]["gift_wrap_form"] == {"required_slots": ["order_number", "email", "confirmed"]}
    assert {"validate_gift_wrap_form", "action_gift_wrap"} <= set(domain["actions"])
    assert "utter_gift_wrap_already" in domain["responses"]
    assert "| gift wrap | have my order gift wrapped |" in (project / "docs/assistant.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_checks_of_every_skill_pass(project: Path) -> None:
    tests = [f"tests/unit/{name}" for name in CHECKS]
    checked = run(project, "-m", "pytest", "-q", *tests, "-k", "gift_wrap or responses or language or every or all")
    assert checked.returncode == 0, checked.stdout[-3000:]
    lint = run(project, "-m", "ruff", "check", "actions", "shop")
    assert lint.returncode == 0, lint.stdout
    valid = run(project, "scripts/rasa_cli.py", "data", "validate", "--fail-on-warnings")
    assert valid.returncode == 0, valid.stdout[-3000:] + valid.stderr[-3000:]


def test_a_name_that_is_taken_or_none_is_refused_and_nothing_is_written(project: Path) -> None:
    before = (project / "domain.yml").read_text(encoding="utf-8")
    for name, told in (
        ("gift_wrap", "There is a gift_wrap already"),
        ("Gift-Wrap", "small letters"),
        ("class", "NAME"),
    ):
        refused = run(project, "-m", "scripts.skill", name)
        assert refused.returncode != 0 and told in refused.stderr + refused.stdout
        assert "Traceback" not in refused.stderr
    assert (project / "domain.yml").read_text(encoding="utf-8") == before
