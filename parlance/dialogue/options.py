"""Every option of DialoguePolicy, with its default, its bounds and what it does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from parlance.foreign_options import FOR_DIALOGUE
from parlance.options import Options, option


@dataclass(frozen=True)
class DialogueOptions(Options):
    """How a dialogue model is built and trained. The names are those that ``config.yml`` uses."""

    component: ClassVar[str] = "DialoguePolicy"
    foreign: ClassVar[Mapping[str, tuple[str, str]]] = FOR_DIALOGUE

    max_history: int = option(8, "States of the conversation that are looked at, the last ones.", 1, 100)
    epochs: int = option(0, "Passes over the training data; 0 chooses by the amount of data.", 0, 1000)
    batch_size: int = option(128, "Training examples in a step.", 1, 4096)
    learning_rate: float = option(3e-3, "Peak learning rate; it rises at first and then falls to 0.", 1e-6, 1.0)
    weight_decay: float = option(0.01, "AdamW's decoupled weight decay, on matrices.", 0.0, 1.0)
    hidden_size: int = option(64, "Units of the encoder; a multiple of the heads.", 8, 1024)
    layers: int = option(1, "Transformer layers over the states.", 1, 12)
    heads: int = option(4, "Attention heads in a layer.", 1, 16)
    dropout: float = option(0.1, "Dropout of units, in training.", 0.0, 0.9)
    feature_dropout: float = option(0.1, "Share of the features of earlier states dropped in training.", 0.0, 0.9)
    concatenation: float = option(
        0.5, "Share of the beginnings of stories that are shown as following on another story's end.", 0.0, 1.0
    )
    label_smoothing: float = option(0.05, "Share of the target spread over all actions.", 0.0, 0.5)
    holdout: float = option(0.2, "Share of the stories held out, in a rehearsal, to calibrate confidence.", 0.0, 0.5)
    seed: int = option(0, "Seed of everything random; the same seed gives the same model on one machine.", 0, 2**32 - 1)
