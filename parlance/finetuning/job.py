"""Fine-tuning from examples to a model folder: hold-out, training, calibration, export."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from parlance.data.examples import Example
from parlance.errors import ParlanceError
from parlance.finetuning import hardware
from parlance.finetuning.confidence import calibrate, fitted_to, outside_accepted
from parlance.finetuning.dataset import Labels, contexts_of
from parlance.finetuning.learner import Learner
from parlance.finetuning.options import FinetuneOptions
from parlance.finetuning.packaging import Packager
from parlance.finetuning.plan import Plan, plan
from parlance.finetuning.start import continue_from, start_from_encoder
from parlance.inference.folder import check_place, write_folder

MANY_TIMES = 3
"""Given epochs, against those that the amount of data would choose, from which on training says so."""


@hardware.own_threads()
def finetune(
    train: Sequence[Example],
    out: Path,
    *,
    valid: Sequence[Example] | None = None,
    options: FinetuneOptions | None = None,
    initial_model: Path | None = None,
    epoch_fraction: float = 1.0,
    checkpoints: Path | None = None,
    resume: bool = True,
    quiet: bool = False,
) -> dict[str, Any]:
    """Fine-tune an encoder for intents and entities, and write a model folder.

    With fewer than 2,000 utterances and no ``valid``, the data is used twice: a rehearsal on four fifths of it gives
    the calibration, then the final model learns from all of it; with fewer than 30, once and with no hold-out. With
    more, a twentieth (at most 1,000 utterances) is held out, and the one training is stopped and calibrated by it.

    Args:
        train: Annotated utterances; those without intent or without entities are used for what they have.
        out: The model folder to write; an older model there is replaced only when the new one is whole.
        valid: Utterances to stop and calibrate by, instead of a part of ``train``.
        options: How to train; the defaults suit most data.
        initial_model: A model folder whose weights training starts from: what it knows stays, what is new is added.
        epoch_fraction: Multiplies the number of epochs.
        checkpoints: Where an interrupted training is kept; a folder beside ``out`` unless told.
        resume: Whether to go on from such a checkpoint.
        quiet: Show no progress.

    Returns:
        The model's metadata, with the hold-out's figures under ``holdout``.

    Raises:
        ParlanceError: The data, an option, the encoder or the machine does not allow it; the message says what to do.
    """
    options = options or FinetuneOptions()
    check_place(out)
    began = time.perf_counter()
    if not options.context_tokens or not any(example.after for example in train):
        train, valid = _alone(train), _alone(valid) if valid is not None else None
    contexts = list(dict.fromkeys(context for example in train for context in contexts_of(example)))
    start = (
        continue_from(initial_model, options, bool(contexts))
        if initial_model
        else start_from_encoder(options, bool(contexts))
    )
    labels = Labels.of(train, start.labels)
    learner = Learner(
        start,
        labels,
        replace(options, learning_rate=options.learning_rate / 2) if initial_model else options,
        epoch_fraction,
        (checkpoints or out.parent / f".{out.name}-checkpoints") if resume else None,
        quiet,
        contexts,
    )
    parts = plan(train, valid, options, start, labels)
    _explain(learner, parts)
    model, training = learner.fit("Rehearsal" if parts.rehearses else "Training", parts.part, parts.held, parts.shown)
    with _scratch() as scratch:
        packager = Packager(learner, train, scratch)
        scope, holdout = calibrate(learner, packager, model, parts)
        if parts.rehearses:
            model, training = learner.fit("Training", list(train), [], parts.outliers)
            packager.export(model, train)
        scope = fitted_to(learner, scope, model, list(train) if parts.rehearses else parts.part)
        holdout |= outside_accepted(learner, scope, model, parts.unseen)
        holdout |= packager.choose_precision(holdout, scope)
        metadata = packager.describe(training, holdout, scope, time.perf_counter() - began)
        metadata["training"]["outliers"] = bool(parts.outliers)
        graph = packager.graph(holdout["precision"])
        if learner.accelerator.is_main_process:
            write_folder(out, metadata, lambda folder: packager.fill(folder, model, scope, graph))
            learner.forget_checkpoints()
    learner.accelerator.wait_for_everyone()
    return metadata


def _alone(examples: Sequence[Example]) -> list[Example]:
    """The examples as if they stood alone."""
    return [replace(example, after=(), said=None, act=None) for example in examples]


def _explain(learner: Learner, parts: Plan) -> None:
    """Say what is trained where it is not simply the data."""
    if parts.rehearses:
        learner.say(
            f"{len(parts.part) + len(parts.held)} utterances are few, so they are learned twice: a rehearsal "
            f"without {len(parts.held)} of them shows how sure to be, then all are learned."
        )
    given, usual = learner.options.epochs, learner.usual_epochs(parts.part)
    if given >= MANY_TIMES * usual:
        learner.say(
            f"`epochs: {given}` is {given / usual:.1f} times what this much data needs: fine-tuning takes fewer "
            f"epochs than DIETClassifier. Leave `epochs` out, and it takes {usual}."
        )
    if parts.keeps_calibration:
        learner.say(
            "The confidence stays calibrated as in the earlier model: what it was fitted on has been learned by "
            "now. For a fresh calibration train without --finetune."
        )


@contextmanager
def _scratch() -> Iterator[Path]:
    """A folder for the graphs that are tried."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)
    except OSError as error:
        raise ParlanceError(
            f"The model could not be exported in {tempfile.gettempdir()}: {error.strerror or error}.",
            "Free some space there, or set TMPDIR to another folder, and start again: training goes on from its last "
            "checkpoint.",
        ) from error
