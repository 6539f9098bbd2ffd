"""Small projects of odd shapes: what was learned is in scope, and mashed keys are not."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from parlance.data.examples import Example
from parlance.finetuning import FinetuneOptions, finetune
from parlance.finetuning.outliers import Outliers
from parlance.inference import NLUModel
from tests.conftest import UTTERANCES

FRAMES = ["where is {}", "has {} shipped yet", "{} is late", "any news of {}", "when does {} come"]
THINGS = ["order", "parcel", "the order", "that parcel", "my order", "my parcel", "order please"]
TEMPLATED = [frame.format(thing) for frame in FRAMES for thing in THINGS]
SHAPES: dict[str, dict[str, list[str]]] = {
    "four each": {intent: texts[:4] for intent, texts in UTTERANCES.items()},
    "dominant and templated": {"order": TEMPLATED, "greet": ["hi", "hello there", "hey you"]},
    "one sentence each, six times": {"greet": ["hello"] * 6, "goodbye": ["bye bye"] * 6},
    "one intent": {"order": TEMPLATED[:12]},
    "bare numbers": {"number": ["104", "22", "10333", "9", "77 7", "1"], "greet": ["hi", "hello", "hey you", "hiya"]},
    "bare names": {
        "name": ["leeds", "york", "bath", "fern", "reorder"],
        "goodbye": ["bye", "cheerio", "later", "see ya"],
    },
}


@pytest.fixture(scope="module")
def options(tiny_encoder: Path) -> FinetuneOptions:
    return FinetuneOptions(encoder=str(tiny_encoder), epochs=60, learning_rate=3e-3, batch_size=16, device="cpu")


@pytest.mark.parametrize("shape", SHAPES)
def test_training_sentences_are_in_scope_and_mashed_keys_are_not(
    shape: str, options: FinetuneOptions, tmp_path: Path
) -> None:
    examples = [Example(text, intent) for intent, texts in SHAPES[shape].items() for text in texts]
    finetune(examples, tmp_path / "m", options=replace(options, quantize="fp32"), quiet=True)
    model = NLUModel.load(tmp_path / "m")
    nonsense = Outliers([], examples).draw(100, np.random.default_rng(5))

    learned = [(example, model.predict(example.text).intent) for example in examples]
    assert all(found and found.name == example.intent for example, found in learned)
    assert min(found.confidence for _, found in learned if found) > 0.5
    strange = [intent.confidence if (intent := model.predict(e.text).intent) else 0.0 for e in nonsense]
    assert np.mean(np.array(strange) > 0.7) < 0.15


def test_going_on_from_a_model_keeps_the_confidence_that_unlearned_examples_gave(
    options: FinetuneOptions, examples: list[Example], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = finetune(examples, tmp_path / "a", options=options, quiet=True)
    again = finetune(examples, tmp_path / "b", options=options, initial_model=tmp_path / "a", epoch_fraction=0.2)
    third = finetune(
        examples, tmp_path / "c", options=options, initial_model=tmp_path / "b", epoch_fraction=0.1, quiet=True
    )

    assert first["holdout"]["utterances"] > 0 and "kept" not in first["holdout"]
    for later in (again, third):
        assert later["holdout"]["kept"] == first["created"]
        assert later["holdout"]["fp32"] == first["holdout"]["fp32"]
        assert later["calibration"]["temperature"] == first["calibration"]["temperature"]
        assert later["calibration"]["width"] == first["calibration"]["width"]
    assert "calibrated as in the earlier model" in " ".join(capsys.readouterr().err.split())
    assert json.loads((tmp_path / "c" / "parlance.json").read_text())["holdout"] == third["holdout"]


def test_a_rehearsal_and_too_many_epochs_are_explained_in_a_few_lines(
    options: FinetuneOptions, examples: list[Example], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finetune(examples, tmp_path / "m", options=replace(options, epochs=300, batch_size=64))
    said = capsys.readouterr().err

    assert "learned twice" in said and "`epochs: 300`" in said
    assert len(said.splitlines()) < 30
