"""A trained model's graph gives the same with and without Dask."""

from pathlib import Path
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage
from rasa.engine import loader
from rasa.engine.exceptions import GraphRunError
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from parlance.rasa import patches
from tests.integration.slack_assistant import DOMAIN, train

patches.apply()
WITH_DASK = DaskGraphRunner.run.__wrapped__


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(tmp_path_factory.mktemp("small"))


@pytest.fixture
def loaded(model: Path, tmp_path: Path) -> tuple[Any, DaskGraphRunner]:
    metadata, runner = loader.load_predict_graph_runner(tmp_path, model, LocalModelStorage, DaskGraphRunner)
    assert isinstance(runner, DaskGraphRunner)
    return metadata, runner


def tracker_after(intent: str) -> DialogueStateTracker:
    domain = Domain.from_dict(DOMAIN)
    heard = UserUttered(f"/{intent}", {"name": intent, "confidence": 1.0})
    return DialogueStateTracker.from_events(
        "ada", [ActionExecuted("action_listen"), heard], domain.slots, domain=domain
    )


def test_it_gives_what_dask_gives(loaded: tuple[Any, DaskGraphRunner]) -> None:
    metadata, runner = loaded
    understood, decided = [], []
    for run in (WITH_DASK, DaskGraphRunner.run):
        texts = {"__message__": [UserMessage(text) for text in ("hello", "what")]}
        messages = run(runner, {**texts, "__tracker__": None}, [metadata.nlu_target])[metadata.nlu_target]
        understood.append([message.get("intent") for message in messages])
        for intent in ("greet", "crash"):
            target = metadata.core_target
            decided.append(run(runner, {"__tracker__": tracker_after(intent)}, [target])[target].probabilities)

    assert understood[0] == understood[1]
    assert [intent["name"] for intent in understood[1]] == ["greet", "nlu_fallback"]
    assert decided[:2] == decided[2:]
    assert decided[0] != decided[1]


def test_a_missing_input_is_named(loaded: tuple[Any, DaskGraphRunner]) -> None:
    metadata, runner = loaded

    with pytest.raises(GraphRunError, match="__message__"):
        runner.run({"__tracker__": None}, [metadata.nlu_target])


def test_a_message_is_answered_without_dask(
    loaded: tuple[Any, DaskGraphRunner], monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata, runner = loaded
    monkeypatch.setattr("dask.get", lambda *_: pytest.fail("asked Dask"))

    assert runner.run({"__message__": [UserMessage("hello")], "__tracker__": None}, [metadata.nlu_target])
