"""Checkpoints: an interrupted training goes on, and a broken checkpoint is not used."""

import os
import resource
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from parlance.data.examples import Example
from parlance.finetuning import FinetuneOptions, checkpoint, trainer
from parlance.finetuning.checkpoint import Checkpoint, Position
from parlance.finetuning.progress import TrainingProgress
from tests.unit.small_training import same_weights, train


@pytest.fixture
def options(tiny_encoder: Path) -> FinetuneOptions:
    return FinetuneOptions(encoder=str(tiny_encoder), batch_size=8, precision="fp32", device="cpu")


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16], ids=str)
def test_an_interrupted_training_goes_on_to_the_same_weights(
    options: FinetuneOptions,
    examples: list[Example],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    precision: torch.dtype,
) -> None:
    in_precision: dict[str, Any] = {"precision": lambda _: precision}
    monkeypatch.setattr(checkpoint, "SECONDS_BETWEEN", 0.0)
    expected = train(options, examples, epochs=4, **in_precision)

    with monkeypatch.context() as power_cut:

        def fail_in_the_third_epoch(self: TrainingProgress, number: int, total: int, figures: dict[str, float]) -> None:
            if number == 3:
                raise Interrupted

        power_cut.setattr(TrainingProgress, "epoch", fail_in_the_third_epoch)
        with pytest.raises(Interrupted):
            train(options, examples, epochs=4, folder=tmp_path, **in_precision)
    assert (tmp_path / "test" / "state.safetensors").exists()
    seen: list[int] = []
    monkeypatch.setattr(TrainingProgress, "epoch", lambda self, number, total, figures: seen.append(number))
    resumed = train(options, examples, epochs=4, folder=tmp_path, **in_precision)

    assert seen == [3, 4], "it did not resume after the second epoch"
    assert same_weights(resumed, expected)


def test_a_broken_checkpoint_is_not_used(
    options: FinetuneOptions, examples: list[Example], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "state.safetensors").write_bytes(b"\x10\x00\x00\x00\x00\x00\x00\x00 half a file")

    assert same_weights(train(options, examples, epochs=1, folder=tmp_path), train(options, examples, epochs=1))
    assert "training starts afresh" in caplog.text


def test_a_checkpoint_that_lacks_something_leaves_nothing_behind(
    options: FinetuneOptions,
    examples: list[Example],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(checkpoint, "SECONDS_BETWEEN", 0.0)
    train(options, examples, epochs=1, folder=tmp_path)
    path = tmp_path / "test" / "state.safetensors"
    with safe_open(path, "pt") as file:  # type: ignore[attr-defined]  # made in Rust
        metadata = file.metadata()
    tensors = load_file(path)
    del tensors["random.cpu"]
    save_file(tensors, path, metadata=metadata)

    assert same_weights(train(options, examples, epochs=2, folder=tmp_path), train(options, examples, epochs=2))
    assert "training starts afresh" in caplog.text


def test_a_checkpoint_that_cannot_be_written_is_said_and_leaves_no_half_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(checkpoint, "SECONDS_BETWEEN", 0.0)
    model = torch.nn.Linear(100, 100)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))  # of 40 kB, as on a disk that is full
    try:
        Checkpoint(tmp_path, "test").save_if_due(model, None, torch.optim.AdamW(model.parameters()), Position())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert "No checkpoint could be saved" in caplog.text
    assert list((tmp_path / "test").iterdir()) == []


def test_a_training_that_stopped_early_does_not_go_on_when_it_is_resumed(
    options: FinetuneOptions, examples: list[Example], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "SECONDS_BETWEEN", 0.0)
    monkeypatch.setattr(trainer, "ENOUGH_TO_STOP_BY", 1)
    monkeypatch.setattr(trainer.Predictions, "score", property(lambda self: 0.5))  # no epoch is better than the first
    options = replace(options, patience=2)
    first = train(options, examples, epochs=9, folder=tmp_path, valid=True)
    seen: list[int] = []
    monkeypatch.setattr(TrainingProgress, "epoch", lambda self, number, total, figures: seen.append(number))
    again = train(options, examples, epochs=9, folder=tmp_path, valid=True)

    assert seen == []
    assert same_weights(first, again)


def test_checkpoints_that_nobody_went_on_from_are_cleared_away(tmp_path: Path) -> None:
    for name, days in (("own", 0), ("recent", 1), ("stale", 30)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "state.safetensors").touch()
        os.utime(tmp_path / name / "state.safetensors", (time.time() - days * 86_400,) * 2)
    Checkpoint(tmp_path, "own").remove()

    assert [path.name for path in tmp_path.iterdir()] == ["recent"]
