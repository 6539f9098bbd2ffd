"""Training a dialogue model, from stories to a model folder. Imports torch, never rasa."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

from parlance.dialogue.examples import DialogueExamples, Story
from parlance.dialogue.export import export
from parlance.dialogue.features import FeatureSpace
from parlance.dialogue.model import DialogueModel
from parlance.dialogue.options import DialogueOptions
from parlance.errors import ParlanceError
from parlance.finetuning.calibration import fit_temperature
from parlance.finetuning.schedule import warmup_then_decay
from parlance.inference.folder import GRAPH, WEIGHTS, read_metadata, write_folder

STEPS = 800
"""Steps that the automatic number of epochs aims at; 1,500 were no better on the stories of benchmarks/policy_data."""

FEWEST_EPOCHS = 15
FEWEST_HELD_OUT = 20
"""Held-out examples below which a temperature would be a guess."""

WARMUP = 0.1
MAX_GRADIENT_NORM = 1.0


def train_dialogue(
    stories: Sequence[Story],
    folder: Path,
    options: DialogueOptions,
    initial_model: Path | None = None,
    epoch_fraction: float = 1.0,
) -> None:
    """Train on stories and write a model folder.

    Args:
        stories: What to learn from; at least one action in all.
        folder: Where the model goes.
        options: How to train.
        initial_model: A model folder whose weights training starts from; what it knows keeps its place, what is new is
            added.
        epoch_fraction: Multiplies the number of epochs.

    Raises:
        ParlanceError: The heads do not divide the units, the model to go on from has another shape or is damaged, or
            the folder cannot be written.
    """
    if options.hidden_size % options.heads:
        raise ParlanceError(
            f"The option `hidden_size` of DialoguePolicy is {options.hidden_size}, and `heads` {options.heads}.",
            "Choose a hidden_size that the heads divide.",
        )
    initial = _InitialModel.load(initial_model) if initial_model else _InitialModel()
    space = FeatureSpace.of(
        (state for story in stories for window in story.windows for state in window), initial.features
    )
    actions = (
        *initial.actions,
        *sorted({action for story in stories for action in story.actions} - {*initial.actions}),
    )

    def examples_of(some: Sequence[Story]) -> DialogueExamples:
        return DialogueExamples.of(some, space, actions, options.max_history)

    def trained(examples: DialogueExamples) -> DialogueModel:
        with _reproducible(options.seed):
            model = DialogueModel(len(space.names), len(actions), options)
            initial.copy_weights(model)
            fit(model, examples, space.slots(), options, _epochs(len(examples), options, epoch_fraction))
        return model

    examples = examples_of(stories)
    temperature, figures = initial.temperature, {}
    rest, held = _hold_out(stories, options)
    # A model to go on from may have been trained on what would be held out, so its temperature stays.
    if not initial_model and rest and len(held_examples := examples_of(held)) >= FEWEST_HELD_OUT:
        logits = logits_of(trained(examples_of(rest)), held_examples)
        temperature = fit_temperature(logits, held_examples.actions)
        figures = {
            "examples": len(held_examples),
            "accuracy": float((logits.argmax(1) == held_examples.actions).mean()),
        }
    model = trained(examples)
    metadata = {
        "kind": "dialogue",
        "features": list(space.names),
        "actions": list(actions),
        "temperature": temperature,
        "holdout": figures,
        "training": {"examples": len(examples), "epochs": _epochs(len(examples), options, epoch_fraction)},
        "options": options.as_dict(),
        "versions": {name: version(name) for name in ("torch", "onnxruntime")},
    }
    write_folder(folder, metadata, lambda place: _fill(place, model, examples))


@contextmanager
def _reproducible(seed: int) -> Iterator[None]:
    """Seed torch, and work on one core: the matrices are small, and sums then come out the same on any number."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def fit(
    model: DialogueModel, examples: DialogueExamples, slots: np.ndarray, options: DialogueOptions, epochs: int
) -> None:
    """Train in place: AdamW, a rate that rises and falls linearly, cross-entropy with smoothed labels.

    Args:
        model: The model.
        examples: What to learn from.
        slots: Which feature belongs to which slot, shape (features, slots).
        options: Rate, decay, batch size, label smoothing, concatenation, seed.
        epochs: Passes over the examples.
    """
    states, openings, actions, belongs = map(
        torch.from_numpy, (examples.states, examples.openings, examples.actions, slots)
    )
    random = np.random.default_rng(options.seed)
    optimizer, schedule = _optimizer(model, options, epochs * math.ceil(len(examples) / options.batch_size))
    model.train()
    for _ in range(epochs):
        windows, follows = map(torch.from_numpy, examples.concatenated(options.concatenation, random))
        for rows in torch.randperm(len(examples)).split(options.batch_size):
            window = windows[rows]
            seen = with_slots_of(states[window], states[follows[rows]], openings[rows], belongs)
            logits = model(seen, (window > 0).float())
            loss = F.cross_entropy(logits, actions[rows], label_smoothing=options.label_smoothing)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_GRADIENT_NORM)
            optimizer.step()
            schedule.step()
    model.eval()


def with_slots_of(
    states: torch.Tensor, previous: torch.Tensor, openings: torch.Tensor, belongs: torch.Tensor
) -> torch.Tensor:
    """Give the states of a story the slots of the conversation that it follows on, where it has none of its own.

    Slots outlive a task in a real conversation. Rasa's augmentation keeps them too, but over values that the story
    begins with, so that the same state is then told with contrary endings.

    Args:
        states: Windows of features, shape (batch, length, features).
        previous: The last state of the other conversation, shape (batch, features); zeros where there is none.
        openings: Where in its window a story begins, shape (batch,).
        belongs: Which feature belongs to which slot, shape (features, slots).
    """
    unset = ((states @ belongs) == 0).float() @ belongs.T
    own = torch.arange(states.shape[1])[None, :, None] > openings[:, None, None]
    return states + own * unset * previous[:, None]


def _optimizer(
    model: DialogueModel, options: DialogueOptions, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    matrices = [weight for weight in model.parameters() if weight.ndim > 1]
    vectors = [weight for weight in model.parameters() if weight.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": options.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=options.learning_rate)
    schedule = partial(warmup_then_decay, steps=steps, warmup=WARMUP)
    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, schedule)


@torch.no_grad()
def logits_of(model: DialogueModel, examples: DialogueExamples) -> np.ndarray:
    """Logits of a trained model, shape (examples, actions)."""
    states, windows = torch.from_numpy(examples.states), torch.from_numpy(examples.windows)
    parts = [model(states[window], (window > 0).float()) for window in windows.split(1024)]
    return torch.cat(parts).numpy()


def _epochs(examples: int, options: DialogueOptions, fraction: float) -> int:
    steps = math.ceil(examples / options.batch_size)
    chosen = options.epochs or max(FEWEST_EPOCHS, math.ceil(STEPS / steps))
    return max(1, round(chosen * fraction))


def _hold_out(stories: Sequence[Story], options: DialogueOptions) -> tuple[list[Story], list[Story]]:
    """Stories to rehearse on, and stories held out."""
    order = np.random.default_rng(options.seed).permutation(len(stories))
    held = set(order[: round(options.holdout * len(stories))].tolist())
    return (
        [story for number, story in enumerate(stories) if number not in held],
        [story for number, story in enumerate(stories) if number in held],
    )


class _InitialModel:
    """The model that training starts from; nothing by default."""

    def __init__(
        self,
        features: Sequence[str] = (),
        actions: Sequence[str] = (),
        temperature: float = 1.0,
        weights: dict[str, torch.Tensor] | None = None,
    ) -> None:
        self.features, self.actions, self.temperature = tuple(features), tuple(actions), temperature
        self._weights = weights or {}

    @classmethod
    def load(cls, folder: Path) -> "_InitialModel":
        metadata = read_metadata(folder)
        return cls(metadata["features"], metadata["actions"], metadata["temperature"], load_file(folder / WEIGHTS))

    def copy_weights(self, model: DialogueModel) -> None:
        """Copy the weights into a model; those of new features and actions keep the values that they were made with."""
        fresh = model.state_dict()
        for name, value in self._weights.items():
            place = fresh.get(name)
            if (
                place is None
                or place.ndim != value.ndim
                or any(a < b for a, b in zip(place.shape, value.shape, strict=True))
            ):
                raise ParlanceError(
                    "The dialogue model to go on from has another shape than config.yml asks for.",
                    "Keep its options, or train without --finetune.",
                )
            place[tuple(slice(size) for size in value.shape)] = value
        model.load_state_dict(fresh)


def _fill(folder: Path, model: DialogueModel, examples: DialogueExamples) -> None:
    export(model, examples, folder / GRAPH)
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, folder / WEIGHTS)
