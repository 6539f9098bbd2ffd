"""Fine-tuning from examples to a model folder: hold-out, training, calibration, export."""

import datetime
import math
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from safetensors.torch import save

from parlance.data.examples import Example
from parlance.errors import ParlanceError
from parlance.finetuning import export, hardware
from parlance.finetuning.augmentation import mistyped
from parlance.finetuning.calibration import fit_scope
from parlance.finetuning.checkpoint import Checkpoint, fingerprint
from parlance.finetuning.dataset import IGNORED, Labels, Utterances, encode, hold_out, never_touching
from parlance.finetuning.encoder import save_architecture
from parlance.finetuning.model import JointModel
from parlance.finetuning.options import FinetuneOptions
from parlance.finetuning.precision import Understanding, costs_too_much, understanding
from parlance.finetuning.progress import TrainingProgress
from parlance.finetuning.start import Start, continue_from, start_from_encoder
from parlance.finetuning.trainer import Training, fit, gpu_too_small, predict
from parlance.inference.folder import ENCODER, GRAPH, SCOPE, TOKENIZER, WEIGHTS, check_place, write_folder
from parlance.inference.model import NLUModel, open_session, unit_length
from parlance.inference.scope import Scope

SMALL = 2000
"""With fewer utterances a hold-out costs accuracy, so the final model is trained on all of them."""

REHEARSAL_SHARE = 0.2
"""Share held out in a rehearsal, where it costs the final model nothing."""

UTTERANCES_TO_SEE = 70_000
FEWEST_EPOCHS, MOST_EPOCHS = 7, 16
FEWEST_STEPS = 150
SPELLINGS = 6
"""Passes with typing errors of their own; then they come again, so that few new pieces of words are learned."""
EXPORT_SAMPLE = 256
"""Utterances, spread over the data, that the export to ONNX looks at."""

SAMPLE = 3000
"""Utterances, spread over the intents, that are enough to know where each intent lies."""


def finetune(
    train: Sequence[Example],
    out: Path,
    *,
    valid: Sequence[Example] | None = None,
    options: FinetuneOptions | None = None,
    before: Path | None = None,
    epoch_fraction: float = 1.0,
    checkpoints: Path | None = None,
    resume: bool = True,
    quiet: bool = False,
) -> dict[str, Any]:
    """Fine-tune an encoder for intents and entities, and write a model folder.

    With fewer than 2,000 utterances and no ``valid``, the data is used twice: a rehearsal on four fifths of it gives
    the calibration, then the final model learns from all of it. With more, a twentieth (at most 1,000 utterances) is
    held out, and the one training is stopped and calibrated by it.

    Args:
        train: Annotated utterances; those without intent or without entities are used for what they have.
        out: The model folder to write; an older model there is replaced only when the new one is whole.
        valid: Utterances to stop and calibrate by, instead of a part of ``train``.
        options: How to train; the defaults suit most data.
        before: A model folder to go on from: what it knows stays, what is new is added.
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
    start = continue_from(before, options) if before else start_from_encoder(options)
    labels = Labels.of(train, start.labels)
    job = _Job(start, labels, options, epoch_fraction, checkpoints or out.parent / f".{out.name}-checkpoints", quiet)
    job.never_touching = never_touching(train, labels)
    if not resume:
        job.checkpoints = None
    if before:
        job.options = replace(options, learning_rate=options.learning_rate / 2)

    rehearse = valid is None and len(train) < SMALL and options.holdout > 0
    share = max(options.holdout, REHEARSAL_SHARE) if rehearse else options.holdout
    part, held = (list(train), list(valid)) if valid is not None else hold_out(train, share, options.seed)
    model, training = job.fit("Rehearsal" if rehearse and held else "Training", part, held)
    with _scratch() as scratch:
        learned, holdout = job.calibrate(model, part, held, scratch)
        if rehearse and held:
            model, training = job.fit("Training", list(train), [])
            learned = learned.with_statistics(*job.statistics(model, list(train)))
            job.export(model, list(train), scratch)
        metadata = job.describe(training, holdout, learned, time.perf_counter() - began)
        graph = export.graph_in(scratch, holdout["precision"])
        if job.accelerator.is_main_process:
            write_folder(out, metadata, lambda folder: job.fill(folder, model, learned, graph))
            job.forget_checkpoints()
    job.accelerator.wait_for_everyone()
    return metadata


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


@dataclass
class _Job:
    """The steps of one fine-tuning, and what they share."""

    start: Start
    labels: Labels
    options: FinetuneOptions
    epoch_fraction: float
    checkpoints: Path | None
    quiet: bool

    def __post_init__(self) -> None:
        self.never_touching: list[int] = []
        self._checkpoints: list[Checkpoint] = []
        self.device = hardware.choose_device(self.options.device)
        # An encoder's pooler is not used: without being told, processes would wait for its gradients.
        several = DistributedDataParallelKwargs(find_unused_parameters=True)
        self.accelerator = Accelerator(cpu=self.device.type == "cpu", kwargs_handlers=[several])
        self.device = self.accelerator.device

    def encode(self, examples: Sequence[Example]) -> Utterances:
        return encode(examples, self.start.tokenizer, self.labels, self.start.max_length)

    def epochs(self, examples: Sequence[Example]) -> int:
        """The option, or as many passes as show the model 70,000 utterances: 7 to 16, or more where steps are few."""
        passes = min(MOST_EPOCHS, max(FEWEST_EPOCHS, round(UTTERANCES_TO_SEE / len(examples))))
        steps = math.ceil(len(examples) / self.options.batch_size)
        chosen = self.options.epochs or max(passes, math.ceil(FEWEST_STEPS / steps))
        return max(1, round(chosen * self.epoch_fraction))

    def fit(self, title: str, examples: list[Example], held: list[Example]) -> tuple[JointModel, Training]:
        """Build the model anew and train it; an empty ``held`` trains to the last epoch."""
        try:
            return self._fit(title, examples, held)
        except torch.cuda.OutOfMemoryError as error:
            raise gpu_too_small("this encoder and the optimizer's state") from error

    def _fit(self, title: str, examples: list[Example], held: list[Example]) -> tuple[JointModel, Training]:
        train, valid = self.encode(examples), self.encode(held) if held else None
        if not len(train):
            raise ParlanceError("Every utterance of the training data is empty.", "Add text to the examples.")
        model = self.start.build(self.labels).to(self.device)
        model.precision = hardware.choose_precision(self.options.precision, self.device, model.tag_head.in_features)
        if self.start.labels is None:
            self._start_intent_head(model, train)
        epochs = self.epochs(examples)
        how = [title, self.start.weights, self.options.as_dict(), str(model.precision), epochs]
        data = [(part.texts, part.tags, part.intents.tolist()) for part in (train, valid) if part]
        checkpoint = Checkpoint(self.checkpoints, fingerprint(*how, *data))
        self._checkpoints.append(checkpoint)
        with TrainingProgress(title, self.quiet or not self.accelerator.is_main_process) as progress:
            training = fit(
                model,
                self._spellings(examples, train, epochs),
                valid,
                self.options,
                epochs=epochs,
                padding=self.start.padding,
                accelerator=self.accelerator,
                checkpoint=checkpoint,
                progress=progress,
            )
        return model, training

    def forget_checkpoints(self) -> None:
        """The model is saved, and nothing is left to go on with."""
        for checkpoint in self._checkpoints:
            checkpoint.remove()

    def _spellings(self, examples: list[Example], train: Utterances, epochs: int) -> list[Utterances]:
        """The utterances as they are, or with other typing errors in each of a few passes."""
        if not self.options.typos:
            return [train]
        random = np.random.default_rng(self.options.seed)
        return [self.encode(mistyped(examples, self.options.typos, random)) for _ in range(min(epochs, SPELLINGS))]

    def _start_intent_head(self, model: JointModel, train: Utterances) -> None:
        sample = train.sample_of_intents(SAMPLE, self.options.seed)
        if len(sample):
            embeddings = predict(model, sample, self.start.padding, self.device, self.options).embeddings
            model.start_intents_at(embeddings.to(self.device), torch.from_numpy(sample.intents).to(self.device))

    def statistics(self, model: JointModel, examples: list[Example]) -> tuple[np.ndarray, np.ndarray]:
        """Unit sentence embeddings (utterances, H) and intent numbers of a sample of the labelled utterances."""
        data = self.encode(examples).sample_of_intents(SAMPLE, self.options.seed)
        result = predict(model, data, self.start.padding, self.device, self.options)
        return unit_length(result.embeddings.numpy()), data.intents

    def calibrate(
        self, model: JointModel, part: list[Example], held: list[Example], scratch: Path
    ) -> tuple[Scope, dict[str, Any]]:
        """Fit the confidence on the hold-out, export the model, and choose the precision to serve.

        Returns:
            What turns logits into confidences, and the hold-out's figures.
        """
        unit, intents = self.statistics(model, part)
        held_data = self.encode(held or part)
        result = predict(model, held_data, self.start.padding, self.device, self.options)
        labelled = held_data.intents != IGNORED
        labelled &= bool(held)  # what was learned tells nothing of confidence
        scope = fit_scope(
            unit,
            intents,
            result.intent_logits.numpy()[labelled],
            unit_length(result.embeddings.numpy())[labelled],
            held_data.intents[labelled],
            len(self.labels.intents),
        )
        parity = self.export(model, part, scratch)
        figures = self._figures(scope, held or part, scratch)
        return scope, {"utterances": len(held), "parity": parity, **figures}

    def _figures(self, scope: Scope, examples: list[Example], scratch: Path) -> dict[str, Any]:
        """What each precision reaches, and the one to serve."""
        wanted = self.options.quantize
        full = self._served("fp32", scope, examples, scratch)
        figures: dict[str, Any] = {"fp32": full.figures, "precision": "fp32"}
        if wanted != "fp32":
            lower = self._served("int8", scope, examples, scratch)
            figures["int8"] = lower.figures
            if wanted == "int8" or not costs_too_much(full, lower):
                figures["precision"] = "int8"
        return figures

    def _served(self, precision: str, scope: Scope, examples: list[Example], scratch: Path) -> Understanding:
        session = open_session(export.graph_in(scratch, precision), 1)
        return understanding(NLUModel(self._basics(scope), self.start.tokenizer, session, scope), examples)

    def export(self, model: JointModel, examples: list[Example], scratch: Path) -> float:
        """Write the graph in fp32; returns the largest difference of a logit from PyTorch's."""
        sample = self.encode(examples[:: max(1, len(examples) // EXPORT_SAMPLE)]).token_ids
        return export.export_fp32(model, scratch, sample, self.start.padding)

    def _basics(self, scope: Scope) -> dict[str, Any]:
        return {
            "hidden_size": scope.hidden_size,
            "calibration": asdict(scope.calibration),
            "intents": list(self.labels.intents),
            "labels": [[label.type, label.role, label.group] for label in self.labels.spans],
            "never_touching": self.never_touching,
            "max_length": self.start.max_length,
            "padding": self.start.padding,
        }

    def describe(self, training: Training, holdout: dict[str, Any], scope: Scope, seconds: float) -> dict[str, Any]:
        """The model's metadata."""
        libraries = ("torch", "transformers", "onnxruntime", "tokenizers")
        return self._basics(scope) | {
            "created": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "precision": holdout["precision"],
            "holdout": holdout,
            "training": {
                "seconds": round(seconds, 1),
                "epochs": training.epochs,
                "steps": training.steps,
                "history": training.history,
                "device": hardware.describe(self.device),
                "precision": training.precision,
            },
            "options": self.options.as_dict(),
            "versions": {name: version(name) for name in libraries},
        }

    def fill(self, folder: Path, model: JointModel, scope: Scope, graph: Path) -> None:
        """Write every file of the model folder but the metadata."""
        shutil.copyfile(graph, folder / GRAPH)
        self.start.tokenizer.no_padding()
        (folder / TOKENIZER).write_text(self.start.tokenizer.to_str(), encoding="utf-8")
        scope.save(folder / SCOPE)
        # Half precision is enough to go on training from, and half the size.
        weights = {name: value.detach().cpu().half().contiguous() for name, value in model.state_dict().items()}
        (folder / WEIGHTS).write_bytes(save(weights))
        save_architecture(model.encoder, folder / ENCODER)
