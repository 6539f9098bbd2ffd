"""The training loop, from the first batch to the best weights."""

import logging
import math
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

import numpy as np
import torch
from accelerate import Accelerator
from torch import nn
from torch.nn import functional as F

from parlance.errors import ParlanceError
from parlance.finetuning.checkpoint import Checkpoint, Position
from parlance.finetuning.cpu import WorkingCopy, use_fast_dropout
from parlance.finetuning.dataset import (
    IGNORED,
    OUTLIER,
    Batch,
    Utterances,
    collate,
    evaluation_batches,
    shuffled_batches,
)
from parlance.finetuning.hardware import seeded
from parlance.finetuning.model import JointModel, Outputs, supervised_contrastive_loss
from parlance.finetuning.options import FinetuneOptions
from parlance.finetuning.progress import TrainingProgress
from parlance.finetuning.schedule import warmup_then_decay
from parlance.finetuning.vocabulary import CompactVocabulary

CONTRASTIVE_TEMPERATURE = 0.1
MAX_GRADIENT_NORM = 1.0

TOKENS_AT_ONCE = 2048
"""Tokens in one pass on a CPU: a batch of long utterances goes through in parts, or it would set the peak of memory."""

ENOUGH_TO_STOP_BY = 200
"""Held-out utterances from which on accuracy is steady enough to stop by; with fewer, training goes to the end."""

logger = logging.getLogger(__name__)


@dataclass
class Predictions:
    """The model's raw outputs for some utterances, in their order."""

    intent_logits: torch.Tensor  # (utterances, C) float32
    embeddings: torch.Tensor  # (utterances, H) float32
    act_logits: torch.Tensor  # (utterances, A) float32
    loss: float = 0.0
    intent_accuracy: float = 1.0
    tag_f1: float = 1.0
    act_accuracy: float | None = None
    """None where no utterance has an act."""

    @property
    def score(self) -> float:
        """What early stopping looks at: the mean of accuracies and tag F1, and the loss to settle ties."""
        parts = [self.intent_accuracy, self.tag_f1] + ([] if self.act_accuracy is None else [self.act_accuracy])
        return sum(parts) / len(parts) - 1e-4 * self.loss


@dataclass
class Training:
    """How a training went."""

    epochs: int
    steps: int
    precision: str
    history: list[dict[str, float]] = field(default_factory=list)


def fit(
    model: JointModel,
    passes: Sequence[Utterances],
    valid: Utterances | None,
    options: FinetuneOptions,
    *,
    epochs: int,
    padding: int,
    accelerator: Accelerator,
    checkpoint: Checkpoint,
    progress: TrainingProgress,
) -> Training:
    """Train in place and leave the last weights, or those that did best where the hold-out stopped the training.

    Args:
        model: The model; its ``precision`` says in which format the encoder multiplies.
        passes: What to learn from, the same utterances in one spelling or several; the passes over the data take
            them in turn.
        valid: What to stop by, or None.
        options: Learning rates, loss weights, batch size, patience, seed.
        epochs: Passes over the data, unless the hold-out stops them.
        padding: The number of the padding token.
        accelerator: Device and processes.
        checkpoint: Where an interrupted training goes on from.
        progress: Told of every step.

    Raises:
        ParlanceError: The GPU's memory is too small for a single utterance a step.
    """
    vocabulary = CompactVocabulary(model.encoder, padding, *passes, *([valid] if valid else []))
    passes, valid = [vocabulary.translate(data) for data in passes], vocabulary.translate(valid) if valid else None
    model.to(accelerator.device)
    with seeded(options.seed):
        loop = _Loop(model, passes, valid, options, epochs, vocabulary.padding, accelerator, checkpoint, progress)
        try:
            training = loop.run()
        except KeyboardInterrupt as stop:
            stop.args = (f"Training was stopped in epoch {loop.position.epoch + 1} of {epochs}. {checkpoint.outlook}",)
            raise
    vocabulary.restore()
    return training


@dataclass
class _Loop:
    """The state of one training and the steps that change it."""

    model: JointModel
    passes: Sequence[Utterances]
    valid: Utterances | None
    options: FinetuneOptions
    epochs: int
    padding: int
    accelerator: Accelerator
    checkpoint: Checkpoint
    progress: TrainingProgress

    def __post_init__(self) -> None:
        fused = self.accelerator.device.type != "mps"
        self.optimizer = torch.optim.AdamW(_parameter_groups(self.model, self.options), fused=fused)
        self._stops = self.valid is not None and len(self.valid) >= ENOUGH_TO_STOP_BY
        on_cpu = self.accelerator.device.type == "cpu"
        if on_cpu:
            use_fast_dropout(self.model)
        if on_cpu and self.accelerator.num_processes == 1 and self.model.precision == torch.bfloat16:
            self.model.working_copy = WorkingCopy(self.model.encoder)
        self.parts = 1  # into how many micro-batches a batch is split: more than one where memory is short
        self.best: dict[str, torch.Tensor] | None = None
        self.position = Position()

    def run(self) -> Training:
        self._start_or_resume()
        model = self.accelerator.prepare_model(self.model) if self.accelerator.num_processes > 1 else self.model
        steps_an_epoch = len(self._batches(0))
        total = steps_an_epoch * self.epochs
        self.progress.start(total, self.position.epoch * steps_an_epoch)
        for epoch in range(self.position.epoch, self.epochs):
            if self._is_stopped():
                break
            model.train()
            for step, rows in enumerate(self._batches(epoch)):
                self._set_learning_rates(epoch * steps_an_epoch + step, total)
                loss = self._step(model, collate(self._data(epoch), rows, self.padding))
                self.progress.step(loss, len(rows) * self.accelerator.num_processes)
            self._end_epoch(epoch)
        if self.best and self._is_stopped():
            # Only then: at the end of the schedule the last weights are best, whatever a lucky epoch scored before.
            self.model.load_state_dict(self.best)
        self.model.working_copy = None
        return Training(
            epochs=self.position.epoch,
            steps=self.position.epoch * steps_an_epoch,
            precision=str(self.model.precision).removeprefix("torch."),
            history=self.position.history,
        )

    def _start_or_resume(self) -> None:
        if resumed := self.checkpoint.resume(self.model, self.optimizer):
            self.position, best = resumed
            self.best = best or None
            if self.model.working_copy:
                self.model.working_copy.refresh()
            self.progress.say(f"Resuming after epoch {self.position.epoch} of {self.epochs}.")

    def _is_stopped(self) -> bool:
        return bool(self.best) and self.position.epoch - 1 - self.position.best_epoch >= self.options.patience

    def _data(self, epoch: int) -> Utterances:
        return self.passes[epoch % len(self.passes)]

    def _batches(self, epoch: int) -> list[np.ndarray]:
        """This process's batches of an epoch, of as many steps as any other's.

        A resumed training sees those that it would have seen.
        """
        random = np.random.default_rng((self.options.seed, epoch))
        batches = shuffled_batches(self._data(epoch), self.options.batch_size, random)
        processes = self.accelerator.num_processes
        steps = max(1, len(batches) // processes)
        return (batches * processes)[: steps * processes][self.accelerator.process_index :: processes]

    def _set_learning_rates(self, step: int, total: int) -> None:
        share = warmup_then_decay(step, total, self.options.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = share * group["peak"]

    def _step(self, model: nn.Module, batch: Batch) -> torch.Tensor:
        """One update; where the GPU's memory is short, the same batch in smaller parts."""
        while True:
            try:
                loss = self._backward(model, batch.to(self.accelerator.device))
                break
            except torch.cuda.OutOfMemoryError:
                self.optimizer.zero_grad(set_to_none=True)
                torch.cuda.empty_cache()
                if self.parts >= len(batch):
                    raise gpu_too_small("one utterance a step") from None
                if self.accelerator.num_processes > 1:  # the others wait for this one's gradients, once a batch
                    raise ParlanceError("The GPU's memory is full.", "Set `batch_size` lower.") from None
                self.parts *= 2
                self.progress.say(
                    "The GPU's memory is full: going on with steps of "
                    f"{math.ceil(self.options.batch_size / self.parts)} utterances, {self.parts} to an update."
                )
        nn.utils.clip_grad_norm_(self.model.parameters(), MAX_GRADIENT_NORM)
        self.optimizer.step()
        if self.model.working_copy:
            self.model.working_copy.refresh()
        self.optimizer.zero_grad(set_to_none=True)
        return loss

    def _backward(self, model: nn.Module, batch: Batch) -> torch.Tensor:
        total = torch.zeros((), device=self.accelerator.device)
        parts = self.parts
        if self.accelerator.device.type == "cpu":
            parts = max(parts, math.ceil(batch.input_ids.numel() / TOKENS_AT_ONCE))
        split = batch.split(parts)
        for part in split:
            # The processes exchange gradients once a batch, into however many parts each has split its own.
            with nullcontext() if part is split[-1] else self.accelerator.no_sync(model):
                outputs = model(*part.inputs)
                loss = joint_loss(outputs, part, self.options) * (len(part) / len(batch))
                self.accelerator.backward(loss)
            if self.model.working_copy:
                self.model.working_copy.give_gradients()
            total += loss.detach()
        return total

    def _end_epoch(self, epoch: int) -> None:
        figures = self.progress.epoch_figures()
        if self.valid:
            result = predict(self.model, self.valid, self.padding, self.accelerator.device, self.options)
            figures |= {"intent_accuracy": result.intent_accuracy, "tag_f1": result.tag_f1, "valid_loss": result.loss}
            if result.act_accuracy is not None:
                figures["act_accuracy"] = result.act_accuracy
            if self._stops and result.score > self.position.best_score:
                self.position.best_score, self.position.best_epoch = result.score, epoch
                self.best = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        self.position.epoch = epoch + 1
        self.position.history.append(figures)
        self.progress.epoch(epoch + 1, self.epochs, figures)
        if self.accelerator.is_main_process:
            self.checkpoint.save_if_due(self.model, self.best, self.optimizer, self.position)


def gpu_too_small(what: str) -> ParlanceError:
    """What to do where not even smaller steps help."""
    return ParlanceError(
        f"The GPU's memory is too small for {what}.",
        "Set `max_length` lower, choose a smaller `encoder`, or set `device: cpu`.",
    )


def joint_loss(outputs: Outputs, batch: Batch, options: FinetuneOptions) -> torch.Tensor:
    """Cross-entropies of intents, entity tags and acts, and a supervised contrastive loss, weighted; a scalar.

    Zero times an absent part's outputs stays in the sum, so that every parameter has a gradient on every process.
    """
    labelled, outside = batch.intents >= 0, batch.intents == OUTLIER
    total = 0.0 * (outputs.intent_logits.sum() + outputs.tag_logits.sum())
    if labelled.any():
        intents = batch.intents[labelled]
        total = total + F.cross_entropy(
            outputs.intent_logits[labelled], intents, label_smoothing=options.label_smoothing
        )
        if options.contrastive_weight:
            total = total + options.contrastive_weight * supervised_contrastive_loss(
                outputs.embedding[labelled], intents, CONTRASTIVE_TEMPERATURE
            )
    if outside.any():
        # The evidence for any intent at all, as the energy of the logits measures it, is learned against "none".
        evidence = torch.logsumexp(outputs.intent_logits, dim=-1)[labelled | outside]
        total = total + F.binary_cross_entropy_with_logits(evidence, labelled[labelled | outside].float())
    if options.entity_weight and outputs.tag_logits.shape[-1] > 1 and (batch.tags != IGNORED).any():
        total = total + options.entity_weight * F.cross_entropy(
            outputs.tag_logits.flatten(0, 1), batch.tags.flatten(), ignore_index=IGNORED
        )
    if outputs.act_logits is not None:
        total = total + 0.0 * outputs.act_logits.sum()
        if (batch.acts != IGNORED).any():
            total = total + F.cross_entropy(
                outputs.act_logits, batch.acts, ignore_index=IGNORED, label_smoothing=options.label_smoothing
            )
    return total


def _parameter_groups(model: JointModel, options: FinetuneOptions) -> list[dict[str, object]]:
    """Encoder and heads with their own peak rate; no weight decay on biases, norms and embeddings."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        in_encoder = name.startswith("encoder.")
        decay = options.weight_decay if in_encoder and parameter.ndim > 1 and "embedding" not in name else 0.0
        peak = options.learning_rate if in_encoder else options.head_learning_rate
        groups.setdefault((peak, decay), []).append(parameter)
    return [
        {"params": parameters, "lr": peak, "peak": peak, "weight_decay": decay}
        for (peak, decay), parameters in groups.items()
    ]


@torch.no_grad()
def predict(
    model: JointModel, data: Utterances, padding: int, device: torch.device, options: FinetuneOptions
) -> Predictions:
    """Run the model over utterances and score it where they are labelled."""
    model.eval()
    logits = torch.zeros(len(data), model.intent_head.out_features)
    embeddings = torch.zeros(len(data), model.intent_head.in_features)
    act_logits = torch.zeros(len(data), model.act_head.out_features if model.act_head else 0)
    loss, found, hit, gold = 0.0, 0, 0, 0
    for rows in evaluation_batches(data, 64):
        batch = collate(data, rows, padding).to(device)
        outputs = model(*batch.inputs)
        logits[rows], embeddings[rows] = outputs.intent_logits.float().cpu(), outputs.embedding.float().cpu()
        if outputs.act_logits is not None:
            act_logits[rows] = outputs.act_logits.float().cpu()
        loss += joint_loss(outputs, batch, options).item() * len(rows) / len(data)
        tags = outputs.tag_logits.argmax(-1)
        words = batch.tags != IGNORED
        found += int(((tags > 0) & words).sum())
        gold += int((batch.tags > 0).sum())
        hit += int(((tags == batch.tags) & (batch.tags > 0)).sum())
    labelled = data.intents >= 0
    right = logits[labelled].argmax(1).numpy() == data.intents[labelled] if labelled.any() else np.ones(1)
    acting = data.acts >= 0
    return Predictions(
        logits,
        embeddings,
        act_logits,
        loss,
        float(right.mean()),
        2 * hit / (found + gold) if found + gold else 1.0,
        float((act_logits[acting].argmax(1).numpy() == data.acts[acting]).mean()) if acting.any() else None,
    )
