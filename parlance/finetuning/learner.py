"""Training a model of some labels from a start, as often as it is needed, and running it over messages."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from rich.console import Console

from parlance.data.examples import Example
from parlance.errors import ParlanceError
from parlance.finetuning import hardware
from parlance.finetuning.augmentation import mistyped
from parlance.finetuning.calibration import Outputs
from parlance.finetuning.checkpoint import Checkpoint, fingerprint
from parlance.finetuning.dataset import IGNORED, Labels, Utterances, encode
from parlance.finetuning.model import JointModel
from parlance.finetuning.options import FinetuneOptions
from parlance.finetuning.outliers import Outliers
from parlance.finetuning.progress import TrainingProgress
from parlance.finetuning.start import Start
from parlance.finetuning.trainer import Training, fit, gpu_too_small, predict
from parlance.inference.context import Context, ContextReader
from parlance.inference.model import unit_length

UTTERANCES_TO_SEE = 70_000
FEWEST_EPOCHS, MOST_EPOCHS = 7, 16
FEWEST_STEPS = 80
SPELLINGS = 6
"""Passes with typing errors of their own; then they come again, so that few new pieces of words are learned."""

OUTLIERS_SHARE = 0.3
FEWEST_OUTLIERS, MOST_OUTLIERS = 16, 150
PASSES_OF_OUTLIERS = 24
PASSES_OF_CONTEXTS = 24
"""Messages from outside in each pass over a small project's utterances, and passes with others each; the same of what
the assistant said before each utterance."""

SAMPLE = 3000
"""Utterances, spread over the intents, that are enough to know where each intent lies."""


@dataclass
class Learner:
    """Trains models of the same labels from the same start, with the same options, on one device.

    Args:
        checkpoints: Where an interrupted training is kept; None keeps nothing.
        contexts: What is said before some message or other, for the messages that mean the same after any of it.
    """

    start: Start
    labels: Labels
    options: FinetuneOptions
    epoch_fraction: float
    checkpoints: Path | None
    quiet: bool
    contexts: Sequence[Context] = ()

    def __post_init__(self) -> None:
        self._checkpoints: list[Checkpoint] = []
        self.device = hardware.choose_device(self.options.device)
        # An encoder's pooler is not used: without being told, processes would wait for its gradients.
        several = DistributedDataParallelKwargs(find_unused_parameters=True)
        self.accelerator = Accelerator(cpu=self.device.type == "cpu", kwargs_handlers=[several])
        self.device = self.accelerator.device
        options = self.options
        self.reader = (
            ContextReader(self.start.tokenizer, options.context_tokens, options.context == "both")
            if self.labels.contextual
            else None
        )
        self._pool = self.reader.tokens(self.contexts) if self.reader else []

    def say(self, sentence: str) -> None:
        """Tell the person who trains."""
        if not self.quiet and self.accelerator.is_main_process:
            Console(stderr=True, soft_wrap=True).print(sentence, highlight=False)

    def encode(self, examples: Sequence[Example]) -> Utterances:
        """The examples in the start's tokens and this training's labels, some after what the assistant said."""
        data = encode(examples, self.start.tokenizer, self.labels, self.start.max_length, self.reader)
        return self._in_contexts(data, np.random.default_rng(self.options.seed))

    def _in_contexts(self, data: Utterances, random: np.random.Generator) -> Utterances:
        return data.in_contexts(self._pool, random) if self.reader else data

    def epochs(self, examples: Sequence[Example]) -> int:
        """The option, or as many passes as show the model 70,000 utterances: 7 to 16, or more where steps are few."""
        chosen = self.options.epochs or self.usual_epochs(examples)
        return max(1, round(chosen * self.epoch_fraction))

    def usual_epochs(self, examples: Sequence[Example]) -> int:
        """What is chosen where the options do not say."""
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
        parts = [part for part in (train, valid) if part]
        data = [(p.texts, p.tags, p.intents.tolist(), p.acts.tolist(), p.own_contexts) for p in parts]
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
        if outliers:
            drawn = [self.encode_outside(outliers.draw(count, random)) for _ in range(min(epochs, PASSES_OF_OUTLIERS))]
            shown = [shown[i % len(shown)].with_outliers(outside) for i, outside in enumerate(drawn)]
        if not self.reader:
            return shown
        passes = range(max(len(shown), min(epochs, PASSES_OF_CONTEXTS)))
        return [self._in_contexts(shown[i % len(shown)], random) for i in passes]

    def encode_outside(self, messages: list[Example]) -> Utterances:
        """Messages from outside; whether they hold an entity is not known."""
        encoded = self.encode(messages)
        return replace(encoded, tags=[[IGNORED] * len(tags) for tags in encoded.tags])

    def _start_intent_head(self, model: JointModel, train: Utterances) -> None:
        sample = train.sample_of_intents(SAMPLE, self.options.seed)
        if len(sample):
            embeddings = predict(model, sample, self.start.padding, self.device, self.options).embeddings
            model.start_intents_at(embeddings.to(self.device), torch.from_numpy(sample.intents).to(self.device))

    def known(self, model: JointModel, examples: list[Example]) -> tuple[Outputs, np.ndarray]:
        """What the model makes of a sample of the labelled utterances, and their intent numbers."""
        data = self.encode(examples).sample_of_intents(SAMPLE, self.options.seed)
        return self.outputs(model, data), data.intents

    def outputs(self, model: JointModel, data: Utterances) -> Outputs:
        """What the model makes of utterances."""
        result = predict(model, data, self.start.padding, self.device, self.options)
        logits = result.intent_logits.numpy()[:, : len(self.labels.intents)]
        return Outputs(logits, unit_length(result.embeddings.numpy()))

    def act_logits(self, model: JointModel, data: Utterances) -> np.ndarray:
        """What the model makes of what utterances do, shape (utterances, acts)."""
        return predict(model, data, self.start.padding, self.device, self.options).act_logits.numpy()
