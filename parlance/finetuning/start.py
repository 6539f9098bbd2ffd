"""What a training starts from: a pretrained encoder, or a model that was trained before."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import AutoConfig, PreTrainedModel

from parlance.errors import ParlanceError
from parlance.finetuning.dataset import Labels
from parlance.finetuning.emoji import spell_out_emoji
from parlance.finetuning.encoder import encoder_from_config, load_encoder, usable_length
from parlance.finetuning.hardware import seeded
from parlance.finetuning.model import JointModel
from parlance.finetuning.options import FinetuneOptions
from parlance.finetuning.splitting import split_at_words
from parlance.inference.folder import ENCODER, SCOPE, TOKENIZER, WEIGHTS, read_metadata
from parlance.inference.model import NEEDED
from parlance.inference.scope import Scope
from parlance.inference.tagging import SpanLabel


@dataclass
class Start:
    """A tokenizer, and a way to build the model for some labels as often as it is needed."""

    tokenizer: Tokenizer
    padding: int
    max_length: int
    labels: Labels | None
    """What the initial model knows; None for a pretrained encoder."""
    build: Callable[[Labels], JointModel]
    weights: str
    """A digest of the weights that a training starts from."""
    metadata: dict[str, Any] | None = None
    """The metadata of the initial model; None for a pretrained encoder."""
    scope: Scope | None = None
    """What turned the initial model's logits into confidences."""


AROUND_A_CONTEXT = 4
"""The most special tokens that stand around what was said before a message."""


def start_from_encoder(options: FinetuneOptions, contextual: bool = False) -> Start:
    """Start from the pretrained encoder that the options name, to read messages with what was said before or alone."""
    encoder, tokenizer, padding = load_encoder(options.encoder, options.dropout)
    spell_out_emoji(tokenizer)
    split_at_words(tokenizer)
    pretrained = {name: value.clone() for name, value in encoder.state_dict().items()}

    def build(labels: Labels) -> JointModel:
        encoder.load_state_dict(pretrained)
        with seeded(options.seed):
            return _model(encoder, labels, options)

    length = usable_length(encoder.config, options.max_length, _room_for_context(options, contextual))
    return Start(tokenizer, padding, length, None, build, _digest(pretrained))


def continue_from(folder: Path, options: FinetuneOptions, contextual: bool = False) -> Start:
    """Start from a model folder: its encoder and heads, to which the outputs of new labels are added.

    Raises:
        ParlanceError: The folder is no model, or was saved without its weights.
    """
    metadata = read_metadata(folder, TOKENIZER, SCOPE, *NEEDED)
    if WEIGHTS not in metadata["files"]:
        raise ParlanceError(f"The model in {folder} was saved without its weights.", "Train without --finetune.")
    weights = {name: value.float() for name, value in load_file(folder / WEIGHTS).items()}
    known = Labels(
        tuple(metadata["intents"]),
        tuple(SpanLabel(*label) for label in metadata["labels"]),
        tuple(metadata.get("acts", ())),
        metadata.get("context") is not None,
    )
    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))

    def build(labels: Labels) -> JointModel:
        with seeded(options.seed):
            encoder = encoder_from_config(folder / ENCODER, options.dropout)
            model = _model(encoder, labels, options)
        fresh = model.state_dict()
        for name, value in weights.items():
            # The heads' first rows are the labels that the initial model knows.
            fresh[name][: len(value)] = value
        model.load_state_dict(fresh)
        return model

    config = AutoConfig.from_pretrained(folder / ENCODER)
    length = usable_length(config, metadata["max_length"], _room_for_context(options, contextual or known.contextual))
    digest = metadata["files"][WEIGHTS]
    scope = Scope.load(folder / SCOPE, metadata["calibration"])
    return Start(tokenizer, metadata["padding"], length, known, build, digest, metadata, scope)


def _room_for_context(options: FinetuneOptions, contextual: bool) -> int:
    return options.context_tokens + AROUND_A_CONTEXT if contextual else 0


def _model(encoder: PreTrainedModel, labels: Labels, options: FinetuneOptions) -> JointModel:
    return JointModel(encoder, len(labels.intents), labels.tags, options.dropout, len(labels.acts), labels.contextual)


def _digest(weights: Mapping[str, torch.Tensor]) -> str:
    digest = hashlib.sha256()
    for value in weights.values():
        digest.update(value.contiguous().numpy().data)
    return digest.hexdigest()
