"""Fine-tuning from examples to a model folder: hold-out, training, calibration, export."""

import datetime
import logging
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
from rich.console import Console
from safetensors.torch import save

from parlance.data.examples import Example
from parlance.errors import ParlanceError
from parlance.finetuning import export, hardware
from parlance.finetuning.augmentation import mistyped
from parlance.finetuning.calibration import Outputs, fit_scope
from parlance.finetuning.checkpoint import Checkpoint, fingerprint
from parlance.finetuning.dataset import IGNORED, Labels, Utterances, encode, never_touching
from parlance.finetuning.encoder import save_architecture
from parlance.finetuning.model import JointModel
from parlance.finetuning.options import FinetuneOptions
from parlance.finetuning.outliers import Outliers
from parlance.finetuning.plan import Plan, digest, plan
from parlance.finetuning.precision import (
    ENOUGH_TO_COMPARE,
    Understanding,
    agreement_of,
    costs_too_much,
    texts_to_agree_on,
    understanding,
)
from parlance.finetuning.progress import TrainingProgress
from parlance.finetuning.start import Start, continue_from, start_from_encoder
from parlance.finetuning.trainer import Training, fit, gpu_too_small, predict
from parlance.inference.folder import ENCODER, GRAPH, SCOPE, TOKENIZER, WEIGHTS, check_place, write_folder
from parlance.inference.model import NLUModel, open_session, unit_length
from parlance.inference.scope import Scope

UTTERANCES_TO_SEE = 70_000
FEWEST_EPOCHS, MOST_EPOCHS = 7, 16
FEWEST_STEPS = 80
MANY_TIMES = 3
"""Given epochs, against those that the amount of data would choose, from which on training says so."""
SPELLINGS = 6
"""Passes with typing errors of their own; then they come again, so that few new pieces of words are learned."""
EXPORT_SAMPLE = 256
"""Utterances, spread over the data, that the export to ONNX looks at."""

OUTLIERS_SHARE = 0.3
FEWEST_OUTLIERS, MOST_OUTLIERS = 16, 150
PASSES_OF_OUTLIERS = 24
"""Messages from outside in each pass over a small project's utterances, and passes with others each."""

OUTLIERS_TO_LOOK_AT = 200
"""Messages from outside, not learned from, by which the confidence of a small project is fitted."""

MAY_ACCEPT = 0.3
"""The share of messages from outside that may seem in scope before training says so."""

SAMPLE = 3000
"""Utterances, spread over the intents, that are enough to know where each intent lies."""

logger = logging.getLogger(__name__)


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
    start = continue_from(initial_model, options) if initial_model else start_from_encoder(options)
    labels = Labels.of(train, start.labels)
    job = _Job(start, labels, options, epoch_fraction, checkpoints or out.parent / f".{out.name}-checkpoints", quiet)
    job.never_touching = never_touching(train, labels)
    if not resume:
        job.checkpoints = None
    if initial_model:
        job.options = replace(options, learning_rate=options.learning_rate / 2)

    parts = plan(train, valid, options, start, labels)
    job.explain(parts)
    model, training = job.fit("Rehearsal" if parts.rehearses else "Training", parts.part, parts.held, parts.shown)
    with _scratch() as scratch:
        learned, holdout = job.calibrate(model, parts, scratch)
        if parts.rehearses:
            model, training = job.fit("Training", list(train), [], parts.outliers)
            job.export(model, list(train), scratch)
        learned = job.over(learned, model, list(train) if parts.rehearses else parts.part)
        holdout |= job.outside_accepted(learned, model, parts.unseen)
        holdout |= job.choose_precision(holdout, learned, list(train), scratch)
        metadata = job.describe(training, holdout, learned, time.perf_counter() - began)
        metadata["training"]["outliers"] = bool(parts.outliers)
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

    def say(self, sentence: str) -> None:
        """Tell the person who trains."""
        if not self.quiet and self.accelerator.is_main_process:
            Console(stderr=True, soft_wrap=True).print(sentence, highlight=False)

    def encode(self, examples: Sequence[Example]) -> Utterances:
        return encode(examples, self.start.tokenizer, self.labels, self.start.max_length)

    def epochs(self, examples: Sequence[Example]) -> int:
        """The option, or as many passes as show the model 70,000 utterances: 7 to 16, or more where steps are few."""
        chosen = self.options.epochs or self._usual_epochs(examples)
        return max(1, round(chosen * self.epoch_fraction))

    def _usual_epochs(self, examples: Sequence[Example]) -> int:
        passes = min(MOST_EPOCHS, max(FEWEST_EPOCHS, round(UTTERANCES_TO_SEE / len(examples))))
        return max(passes, math.ceil(FEWEST_STEPS / math.ceil(len(examples) / self.options.batch_size)))

    def fit(
        self, title: str, examples: list[Example], held: list[Example], outliers: Outliers | None
    ) -> tuple[JointModel, Training]:
        """Build the model anew and train it; an empty ``held`` trains to the last epoch."""
        try:
            return self._fit(title, examples, held, outliers)
        except torch.cuda.OutOfMemoryError as error:
            raise gpu_too_small("this encoder and the optimizer's state") from error

    def _fit(
        self, title: str, examples: list[Example], held: list[Example], outliers: Outliers | None
    ) -> tuple[JointModel, Training]:
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
                self._passes(examples, train, outliers, epochs),
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

    def _passes(
        self, examples: list[Example], train: Utterances, outliers: Outliers | None, epochs: int
    ) -> list[Utterances]:
        """The utterances, with other typing errors and other messages from outside in each of a few passes."""
        random = np.random.default_rng(self.options.seed)
        count = min(MOST_OUTLIERS, max(FEWEST_OUTLIERS, round(OUTLIERS_SHARE * len(train))))
        shown = [train]
        if self.options.typos:
            spellings = range(min(epochs, SPELLINGS))
            shown = [self.encode(mistyped(examples, self.options.typos, random)) for _ in spellings]
        if not outliers:
            return shown
        drawn = [self._outside(outliers.draw(count, random)) for _ in range(min(epochs, PASSES_OF_OUTLIERS))]
        return [shown[i % len(shown)].with_outliers(outside) for i, outside in enumerate(drawn)]

    def _outside(self, messages: list[Example]) -> Utterances:
        """Messages from outside; whether they hold an entity is not known."""
        encoded = self.encode(messages)
        return replace(encoded, tags=[[IGNORED] * len(tags) for tags in encoded.tags])

    def _start_intent_head(self, model: JointModel, train: Utterances) -> None:
        sample = train.sample_of_intents(SAMPLE, self.options.seed)
        if len(sample):
            embeddings = predict(model, sample, self.start.padding, self.device, self.options).embeddings
            model.start_intents_at(embeddings.to(self.device), torch.from_numpy(sample.intents).to(self.device))

    def _known(self, model: JointModel, examples: list[Example]) -> tuple[Outputs, np.ndarray]:
        """What the model makes of a sample of the labelled utterances, and their intent numbers."""
        data = self.encode(examples).sample_of_intents(SAMPLE, self.options.seed)
        return self._outputs(model, data), data.intents

    def _outputs(self, model: JointModel, data: Utterances) -> Outputs:
        result = predict(model, data, self.start.padding, self.device, self.options)
        logits = result.intent_logits.numpy()[:, : len(self.labels.intents)]
        return Outputs(logits, unit_length(result.embeddings.numpy()))

    def explain(self, parts: Plan) -> None:
        """Say what is trained where it is not simply the data."""
        if parts.rehearses:
            self.say(
                f"{len(parts.part) + len(parts.held)} utterances are few, so they are learned twice: a rehearsal "
                f"without {len(parts.held)} of them shows how sure to be, then all are learned."
            )
        given, usual = self.options.epochs, self._usual_epochs(parts.part)
        if given >= MANY_TIMES * usual:
            self.say(
                f"`epochs: {given}` is {given / usual:.1f} times what this much data needs: fine-tuning takes fewer "
                f"epochs than DIETClassifier. Leave `epochs` out, and it takes {usual}."
            )
        if parts.keeps_calibration:
            self.say(
                "The confidence stays calibrated as in the earlier model: what it was fitted on has been learned by "
                "now. For a fresh calibration train without --finetune."
            )

    def calibrate(self, model: JointModel, parts: Plan, scratch: Path) -> tuple[Scope, dict[str, Any]]:
        """Fit the confidence on the hold-out, and export the model.

        Returns:
            What turns logits into confidences, and the hold-out's figures: of the initial model's hold-out where its
            calibration stays, and then ``kept`` says when it was made.
        """
        parity = self.export(model, parts.part, scratch)
        if parts.keeps_calibration and self.start.metadata and self.start.scope:
            earlier = self.start.metadata["holdout"]
            kept = {"kept": earlier.get("kept", self.start.metadata["created"]), "texts": []}
            return self.start.scope, earlier | kept | {"parity": parity}
        unit, intents = self._known(model, parts.part)
        held = self.encode(parts.held)
        labelled = held.intents >= 0
        result = self._outputs(model, held)
        scope = fit_scope(
            unit.unit,
            intents,
            Outputs(result.logits[labelled], result.unit[labelled]),
            held.intents[labelled],
            len(self.labels.intents),
            self._outside_seen_by(model, parts.unseen),
            bool(parts.outliers),
        )
        holdout = {"utterances": len(parts.held), "parity": parity, **self._figures(scope, parts.held, scratch)}
        # A later training goes on from what the final model has not learned: nothing after a rehearsal.
        return scope, holdout | {"texts": [] if parts.rehearses else sorted(map(digest, parts.held))}

    def _outside_seen_by(self, model: JointModel, outliers: Outliers) -> Outputs:
        """What the model makes of messages from outside."""
        messages = outliers.draw(OUTLIERS_TO_LOOK_AT, np.random.default_rng(self.options.seed + 1))
        return self._outputs(model, self._outside(messages))

    def outside_accepted(self, scope: Scope, model: JointModel, outliers: Outliers) -> dict[str, float]:
        """The share of messages from outside that seem in scope; a warning where that is too many."""
        if not self.labels.intents:
            return {}
        share = float((scope.in_scope(*self._outside_seen_by(model, outliers)) > 0.5).mean())
        if share > MAY_ACCEPT:
            logger.warning(
                "What is in scope could not be told from what is not: %.0f %% of messages that are none of the "
                "assistant's business seem to be. Add examples of many wordings, or an intent `out_of_scope`.",
                100 * share,
            )
        return {"outside_accepted": share}

    def over(self, scope: Scope, model: JointModel, examples: list[Example]) -> Scope:
        """The calibration over what the final model makes of what it learned."""
        known, intents = self._known(model, examples)
        scope = scope.with_statistics(known.unit, intents, len(self.labels.intents))
        return scope.covering(*known)

    def _figures(self, scope: Scope, held: list[Example], scratch: Path) -> dict[str, Any]:
        """What each precision reaches on the hold-out; nothing where there is none."""
        if not held:
            return {}
        precisions = ["fp32"] if self.options.quantize == "fp32" else ["fp32", "int8"]
        looks = {precision: self._understanding(precision, scope, held, scratch) for precision in precisions}
        figures: dict[str, Any] = {precision: look.figures for precision, look in looks.items()}
        if "int8" in looks:
            figures["int8_costs_too_much"] = costs_too_much(looks["fp32"], looks["int8"])
        return figures

    def choose_precision(
        self, holdout: dict[str, Any], scope: Scope, examples: list[Example], scratch: Path
    ) -> dict[str, Any]:
        """The precision to serve, and where the hold-out is too small to tell, how far int8 agrees with fp32."""
        too_much = holdout.pop("int8_costs_too_much", False)
        if self.options.quantize != "auto":
            return {"precision": self.options.quantize}
        if "kept" not in holdout and holdout["utterances"] >= ENOUGH_TO_COMPARE:
            return {"precision": "fp32" if too_much else "int8"}
        texts = texts_to_agree_on(examples, self.options.seed)
        full, lower = (self._served(precision, scope, scratch) for precision in ("fp32", "int8"))
        agreement = agreement_of(full, lower, texts)
        return {
            "precision": "int8" if agreement.is_enough and not too_much else "fp32",
            "int8_agreement": agreement.figures,
        }

    def _understanding(self, precision: str, scope: Scope, examples: list[Example], scratch: Path) -> Understanding:
        return understanding(self._served(precision, scope, scratch), examples)

    def _served(self, precision: str, scope: Scope, scratch: Path) -> NLUModel:
        session = open_session(export.graph_in(scratch, precision), 1)
        return NLUModel(self._basics(scope), self.start.tokenizer, session, scope)

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
