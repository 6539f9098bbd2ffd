"""A small Rasa project whose pipeline is TransformerNLU with the small encoder; a Slack with an assistant in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from parlance.data.examples import Example

from .databases import filled as filled
from .databases import make_database as make_database
from .databases import postgresql as postgresql
from .databases import shop as shop

if TYPE_CHECKING:
    from tests.integration.slack_assistant import ActionServer
    from tests.integration.slack_workspace import Workspace
    from tests.slack_people import User
    from tests.slack_server import SlackServer


def write_yaml(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(content, file)
    return path


def nlu_of(examples: list[Example]) -> dict[str, Any]:
    """Rasa's training data format, with entities annotated as JSON."""
    by_intent: dict[str, list[str]] = {}
    for example in examples:
        text = example.text
        for entity in reversed(example.entities):
            role = f', "role": "{entity.role}"' if entity.role else ""
            mark = f'[{text[entity.start : entity.end]}]{{"entity": "{entity.type}"{role}}}'
            text = text[: entity.start] + mark + text[entity.end :]
        by_intent.setdefault(example.intent or "", []).append(f"- {text}\n")
    return {
        "version": "3.1",
        "nlu": [{"intent": intent, "examples": "".join(lines)} for intent, lines in by_intent.items()],
    }


class Project:
    """A folder with config.yml, domain.yml and nlu.yml, trained through Rasa's own functions."""

    def __init__(self, folder: Path, encoder: Path, examples: list[Example]) -> None:
        self.folder = folder
        self.options: dict[str, Any] = {
            "encoder": str(encoder),
            "epochs": 60,
            "learning_rate": 0.003,
            "batch_size": 8,
            "device": "cpu",
        }
        self.before: list[dict[str, Any]] = [{"name": "WhitespaceTokenizer"}]
        self.after: list[dict[str, Any]] = []
        self.examples = list(examples)
        self.extra_nlu: list[dict[str, Any]] = []
        self.policies: list[dict[str, Any]] = [{"name": "MemoizationPolicy"}, {"name": "RulePolicy"}]
        self.responses: dict[str, Any] = {"utter_greet": [{"text": "hi"}]}

    def write(self) -> None:
        component = {"name": "parlance.rasa.TransformerNLU", **self.options}
        write_yaml(
            self.folder / "config.yml",
            {
                "recipe": "default.v1",
                "language": "en",
                "assistant_id": "test",
                "pipeline": [*self.before, component, *self.after],
                "policies": self.policies,
            },
        )
        nlu = nlu_of(self.examples)
        nlu["nlu"] += self.extra_nlu
        write_yaml(self.folder / "data" / "nlu.yml", nlu)
        rule = {"rule": "greet", "steps": [{"intent": "greet"}, {"action": "utter_greet"}]}
        write_yaml(self.folder / "data" / "rules.yml", {"version": "3.1", "rules": [rule]})
        intents = sorted({(example.intent or "").split("/")[0] for example in self.examples})
        domain = {
            "version": "3.1",
            "intents": intents,
            "entities": ["order_number", {"place": {"roles": ["old", "new"]}}],
            "responses": self.responses,
        }
        write_yaml(self.folder / "domain.yml", domain)

    def train_nlu(self, **arguments: Any) -> Path:
        """``rasa train nlu``; the model."""
        from rasa.model_training import train_nlu

        self.write()
        model = train_nlu(
            str(self.folder / "config.yml"),
            str(self.folder / "data" / "nlu.yml"),
            str(self.folder / "models"),
            **arguments,
        )
        assert model
        return Path(model)

    def train(self, **arguments: Any) -> Path:
        """``rasa train``; the model."""
        from rasa.model_training import train

        self.write()
        result = train(
            str(self.folder / "domain.yml"),
            str(self.folder / "config.yml"),
            [str(self.folder / "data")],
            str(self.folder / "models"),
            **arguments,
        )
        assert result.model
        return Path(result.model)


@pytest.fixture
def project(tmp_path: Path, tiny_encoder: Path, examples: list[Example], monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project of its own; the working folder is its, so Rasa's cache and checkpoints are too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RASA_TELEMETRY_ENABLED", "false")
    return Project(tmp_path, tiny_encoder, examples)


@pytest.fixture(scope="session")
def slack_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model of ``slack_assistant``."""
    from tests.integration.slack_assistant import train

    folder = tmp_path_factory.mktemp("slack_assistant")
    with pytest.MonkeyPatch.context() as patch:
        # Rasa's cache goes to the working folder.
        patch.chdir(folder)
        return train(folder)


@pytest.fixture(scope="module")
def slack_actions(monkeypatch_module: pytest.MonkeyPatch) -> "Iterator[ActionServer]":
    """The action server of ``slack_assistant``, and a secret by which it recognises customers."""
    from tests.integration.slack_assistant import ActionServer

    monkeypatch_module.setenv("IDENTITY_SECRET", "a secret of the tests, long enough to sign with")
    server = ActionServer()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def monkeypatch_module() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def slack() -> "Iterator[SlackServer]":
    from tests.slack_server import SlackServer

    server = SlackServer().start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def workspace(
    slack: "SlackServer", slack_model: Path, slack_actions: "ActionServer", tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[Workspace]":
    """The assistant of ``slack_assistant`` in a Slack that delivers over HTTP."""
    from tests.integration.slack_workspace import Workspace

    workspace = Workspace(slack, slack_model, slack_actions.url, tmp_path_factory.mktemp("slack"))
    yield workspace
    workspace.stop()


@pytest.fixture
def ada(slack: "SlackServer") -> "User":
    return slack.user("Ada", "ada@example.com")


@pytest.fixture
def bob(slack: "SlackServer") -> "User":
    return slack.user("Bob", "bob@example.com")
