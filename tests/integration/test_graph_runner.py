"""A trained model's graph gives the same with and without Dask."""

from pathlib import Path
from typing import Any

import pytest
from rasa.core import processor
from rasa.core.channels.channel import UserMessage
from rasa.engine import loader
from rasa.engine.exceptions import GraphRunError
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from parlance.components.graph_runner import SerialGraphRunner

from .small_assistant import DOMAIN, train


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(tmp_path_factory.mktemp("small"))


def load(model: Path, folder: Path, kind: type[DaskGraphRunner]) -> tuple[Any, DaskGraphRunner]:
    folder.mkdir()
    metadata, runner = loader.load_predict_graph_runner(folder, model, LocalModelStorage, kind)
    assert isinstance(runner, kind)
    return metadata, runner


def tracker_after(intent: str) -> DialogueStateTracker:
    domain = Domain.from_dict(DOMAIN)
    heard = UserUttered(f"/{intent}", {"name": intent, "confidence": 1.0})
    return DialogueStateTracker.from_events(
        "ada", [ActionExecuted("action_listen"), heard], domain.slots, domain=domain
    )


def test_it_gives_what_dask_gives(model: Path, tmp_path: Path) -> None:
    metadata, dask = load(model, tmp_path / "dask", DaskGraphRunner)
    _, serial = load(model, tmp_path / "serial", SerialGraphRunner)
    understood, decided = [], []
    for runner in (dask, serial):
        texts = {"__message__": [UserMessage(text) for text in ("hello", "what")]}
        messages = runner.run({**texts, "__tracker__": None}, [metadata.nlu_target])[metadata.nlu_target]
        understood.append([message.get("intent") for message in messages])
        for intent in ("greet", "crash"):
            target = metadata.core_target
            decided.append(runner.run({"__tracker__": tracker_after(intent)}, [target])[target].probabilities)

    assert understood[0] == understood[1]
    assert [intent["name"] for intent in understood[1]] == ["greet", "nlu_fallback"]
    assert decided[:2] == decided[2:]
    assert decided[0] != decided[1]


def test_a_missing_input_is_named(model: Path, tmp_path: Path) -> None:
    metadata, serial = load(model, tmp_path / "serial", SerialGraphRunner)

    with pytest.raises(GraphRunError, match="__message__"):
        serial.run({}, [metadata.nlu_target])


def test_rasa_answers_with_it() -> None:
    assert processor.DaskGraphRunner is SerialGraphRunner
