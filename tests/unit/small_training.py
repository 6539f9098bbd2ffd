"""For tests of training: a model of the small encoder, trained for a few epochs on the CPU."""

from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from parlance.data.examples import Example
from parlance.finetuning import FinetuneOptions
from parlance.finetuning.checkpoint import Checkpoint
from parlance.finetuning.dataset import Labels, Utterances, encode
from parlance.finetuning.model import JointModel
from parlance.finetuning.progress import TrainingProgress
from parlance.finetuning.start import start_from_encoder
from parlance.finetuning.trainer import fit


def prepared(options: FinetuneOptions, examples: list[Example]) -> tuple[JointModel, Utterances, int]:
    start = start_from_encoder(options)
    labels = Labels.of(examples)
    return start.build(labels), encode(examples, start.tokenizer, labels, start.max_length), start.padding


def train(
    options: FinetuneOptions,
    examples: list[Example],
    epochs: int = 3,
    folder: Path | None = None,
    valid: bool = False,
    **changes: Any,
) -> JointModel:
    model, data, padding = prepared(options, examples)
    for name, value in changes.items():
        setattr(model, name, value(model))
    with TrainingProgress("Test", quiet=True) as progress:
        fit(
            model,
            [data],
            data if valid else None,
            options,
            epochs=epochs,
            padding=padding,
            accelerator=Accelerator(cpu=True),
            checkpoint=Checkpoint(folder, "test"),
            progress=progress,
        )
    return model


def same_weights(first: JointModel, second: JointModel) -> bool:
    return all(
        torch.equal(a, b) for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    )
