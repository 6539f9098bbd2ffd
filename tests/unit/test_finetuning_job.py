"""Fine-tuning as a whole: from examples to a model folder that predicts."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from parlance.data.examples import Entity, Example
from parlance.errors import ParlanceError
from parlance.finetuning import FinetuneOptions, finetune
from parlance.finetuning.checkpoint import Checkpoint
from parlance.finetuning.precision import understanding
from parlance.inference import NLUModel


@pytest.fixture(scope="module")
def options(tiny_encoder: Path) -> FinetuneOptions:
    return FinetuneOptions(encoder=str(tiny_encoder), epochs=60, learning_rate=3e-3, batch_size=8, device="cpu")


@pytest.fixture(scope="module")
def trained(examples: list[Example], options: FinetuneOptions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "fern"
    finetune(examples, folder, options=options, quiet=True)
    return folder


def test_a_model_knows_what_it_was_taught(trained: Path, examples: list[Example]) -> None:
    model = NLUModel.load(trained)
    predictions = model.predict_batch([example.text for example in examples])

    assert [p.intent.name for p in predictions if p.intent] == [e.intent for e in examples]
    found = model.predict("leeds to york").entities
    assert [(e.type, e.role, e.value) for e in found] == [("place", "old", "leeds"), ("place", "new", "york")]
    assert all(0 < entity.confidence <= 1 for entity in found)


def test_the_hold_out_is_counted_utterance_by_utterance(trained: Path, examples: list[Example]) -> None:
    model = NLUModel.load(trained)
    labelled = [example for example in examples if example.intent]
    right = understanding(model, labelled)
    wrong = understanding(model, [Example(e.text, "another", e.entities, e.source) for e in labelled])

    assert right.right.shape == (len(labelled), 3)
    assert right.figures["intent_accuracy"] == right.right[:, 0].mean()
    assert right.figures["intent_accuracy"] > 0.9
    assert wrong.figures["intent_accuracy"] == 0 and not wrong.right[:, 0].any()
    assert np.array_equal(wrong.right[:, 1], right.right[:, 1])
    assert not right.right[:, 1].all() or right.figures["entity_f1"] == 1


def test_what_is_not_labelled_cannot_be_wrong_and_has_no_figure(trained: Path) -> None:
    result = understanding(NLUModel.load(trained), [Example("hello there", None, ()), Example("", "greet", ())])

    assert result.figures == {}
    assert result.right.all()


def test_one_message_and_a_batch_of_it_agree_where_nothing_is_quantized(
    examples: list[Example], options: FinetuneOptions, tmp_path: Path
) -> None:
    finetune(examples, tmp_path / "m", options=replace(options, quantize="fp32", epochs=2), quiet=True)
    model = NLUModel.load(tmp_path / "m")
    texts = [example.text for example in examples]

    for alone, together in zip(map(model.predict, texts), model.predict_batch(texts, batch_size=7), strict=True):
        assert alone.intent and together.intent and alone.intent.name == together.intent.name
        assert alone.intent.confidence == pytest.approx(together.intent.confidence, abs=1e-4)
        assert alone.embedding == pytest.approx(together.embedding, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "says_something"),
    [
        ("", False),
        ("   ", False),
        ("\n\t", False),
        ("🙂", True),
        ("🙂🙂🙂", True),
        ("🦑", False),
        ("🦑 hello", True),
        ("lamp " * 2000, True),
        ("\u200b\u202e", False),
        ("<script>", True),
        ("\x00", False),
        ("hello \ud83d there", True),
    ],
)
def test_strange_messages_are_understood_or_left_without_intent(trained: Path, text: str, says_something: bool) -> None:
    prediction = NLUModel.load(trained).predict(text)

    assert prediction.text == text
    assert prediction.embedding.shape == (32,)
    assert bool(prediction.ranking) == says_something
    assert json.loads(json.dumps(prediction.as_dict()))["intent"]["confidence"] <= 1


def test_tokens_of_another_tokenizer_get_vectors(trained: Path) -> None:
    (_, vectors), (_, none) = NLUModel.load(trained).predict_with_tokens(
        ["hi again", ""], [[(0, 2), (3, 8), (8, 8)], []]
    )

    assert vectors.shape == (3, 32) and none.shape == (0, 32)
    assert vectors[0].any() and vectors[1].any() and not vectors[2].any()


def test_the_metadata_says_how_the_model_was_made(trained: Path) -> None:
    metadata = json.loads((trained / "parlance.json").read_text())

    assert metadata["precision"] in ("int8", "fp32")
    assert {"fp32", "int8", "parity"} <= metadata["holdout"].keys()
    assert metadata["precision"] in metadata["holdout"]
    assert metadata["holdout"]["parity"] < 1e-3
    assert metadata["training"]["epochs"] == 60
    assert not [path for path in trained.rglob("*") if path.suffix in (".bin", ".pt", ".pkl", ".pickle")]


@pytest.mark.parametrize(("precision", "recorded"), [("fp32", "float32"), ("bf16", "bfloat16")])
def test_the_number_format_of_training_is_recorded(
    examples: list[Example], options: FinetuneOptions, tmp_path: Path, precision: str, recorded: str
) -> None:
    options = replace(options, epochs=1, precision=precision)

    assert finetune(examples, tmp_path / "m", options=options, quiet=True)["training"]["precision"] == recorded


def test_the_same_seed_gives_the_same_model(
    examples: list[Example], options: FinetuneOptions, trained: Path, tmp_path: Path
) -> None:
    finetune(examples, tmp_path / "again", options=options, quiet=True)

    assert (tmp_path / "again" / "weights.safetensors").read_bytes() == (trained / "weights.safetensors").read_bytes()


def test_going_on_from_a_model_adds_intents_and_keeps_the_old_ones(
    examples: list[Example], options: FinetuneOptions, trained: Path, tmp_path: Path
) -> None:
    new = [Example(f"lamp number {n} is broken", "damaged") for n in ("one", "two", "three", "four", "five", "six")]
    finetune(
        [*examples, *new], tmp_path / "grown", options=options, initial_model=trained, epoch_fraction=0.3, quiet=True
    )
    before, after = NLUModel.load(trained), NLUModel.load(tmp_path / "grown")

    assert after.intents == (*before.intents, "damaged")
    right = [p.intent.name == e.intent for e in examples if (p := after.predict(e.text)).intent]
    assert sum(right) >= len(examples) - 1
    learned = after.predict("lamp number two is broken").intent
    assert learned and learned.name == "damaged"


def test_intents_alone_entities_alone_and_a_single_intent_are_enough(
    examples: list[Example], options: FinetuneOptions, tmp_path: Path
) -> None:
    finetune([Example(e.text, e.intent) for e in examples], tmp_path / "intents", options=options, quiet=True)
    assert NLUModel.load(tmp_path / "intents").predict("track 10222").entities == ()

    finetune([Example(e.text, None, e.entities) for e in examples], tmp_path / "entities", options=options, quiet=True)
    prediction = NLUModel.load(tmp_path / "entities").predict("track 10222")
    assert prediction.intent is None and [e.value for e in prediction.entities] == ["10222"]

    finetune([Example(e.text, "chat") for e in examples], tmp_path / "one", options=options, quiet=True)
    only = NLUModel.load(tmp_path / "one").predict("hi again").intent
    assert only and only.name == "chat" and only.confidence > 0.5


def test_overlapping_and_misaligned_annotations_do_not_stop_training(
    examples: list[Example], options: FinetuneOptions, tmp_path: Path
) -> None:
    odd = [Example("order 10432x please", "order_status", (Entity(6, 9, "order_number"), Entity(7, 11, "place")))]
    finetune([*examples, *odd], tmp_path / "odd", options=replace(options, epochs=1), quiet=True)

    assert NLUModel.load(tmp_path / "odd").predict("hi").intent


def test_a_failure_to_save_leaves_the_old_model(
    trained: Path, examples: list[Example], options: FinetuneOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (trained / "parlance.json").read_bytes()
    monkeypatch.setattr("parlance.finetuning.packaging.WEIGHTS", "../../../../../../../../dev/full")
    monkeypatch.setattr("parlance.finetuning.checkpoint.SECONDS_BETWEEN", 0.0)
    kept, options = tmp_path / "checkpoints", replace(options, epochs=1)
    with pytest.raises(ParlanceError, match="No space left on device"):
        finetune(examples, trained, options=options, checkpoints=kept, quiet=True)

    assert (trained / "parlance.json").read_bytes() == before
    assert NLUModel.load(trained).predict("hi").intent
    assert len(list(kept.glob("*/state.safetensors"))) == 2, "the rehearsal and the training can be gone on with"
    monkeypatch.undo()
    finetune(examples, tmp_path / "m", options=options, checkpoints=kept, quiet=True)
    assert not kept.exists()


def test_a_scratch_folder_that_cannot_be_written_is_named(
    examples: list[Example], options: FinetuneOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/dev/full")
    with pytest.raises(ParlanceError, match="could not be exported in /dev/full"):
        finetune(examples, tmp_path / "m", options=replace(options, epochs=1), quiet=True)


def test_a_place_where_something_else_is_is_refused_before_training(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(ParlanceError, match="holds files that are not a model"):
        finetune([], tmp_path, quiet=True)
    with pytest.raises(ParlanceError, match="is a file"):
        finetune([], tmp_path / "thesis.txt", quiet=True)


def test_a_checkpoint_is_for_the_same_training_only(
    examples: list[Example], options: FinetuneOptions, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parlance.finetuning.checkpoint.SECONDS_BETWEEN", 0.0)
    monkeypatch.setattr(Checkpoint, "remove", lambda self: None)
    options, kept = replace(options, epochs=1), tmp_path / "checkpoints"

    def trainings(**arguments: Any) -> int:
        finetune(examples, tmp_path / "m", options=options, checkpoints=kept, quiet=True, **arguments)
        return len(list(kept.iterdir()))

    assert trainings(valid=examples[:8]) == 1
    assert trainings(valid=examples[:8]) == 1
    assert trainings(valid=examples[8:16]) == 2
    assert trainings(valid=examples[:8], initial_model=trained) == 3
    finetune(examples, tmp_path / "other", options=replace(options, seed=5), quiet=True)
    assert trainings(valid=examples[:8], initial_model=tmp_path / "other") == 4


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ([Example("hello")], "neither an intent nor an entity"),
        ([Example(" ", "greet"), Example("", "bye")], "Every utterance of the training data is empty"),
    ],
)
def test_data_with_nothing_to_learn_is_an_error(
    data: list[Example], says: str, options: FinetuneOptions, tmp_path: Path
) -> None:
    with pytest.raises(ParlanceError, match=says):
        finetune(data, tmp_path / "m", options=options, quiet=True)


def test_an_encoder_that_cannot_be_had_is_an_error_that_says_what_to_do(
    examples: list[Example], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # what HF_HUB_OFFLINE=1 sets: no hub
    with pytest.raises(ParlanceError, match="`nobody/no-such-encoder` could not be loaded.*no hub"):
        finetune(examples, tmp_path / "m", options=FinetuneOptions(encoder="nobody/no-such-encoder"), quiet=True)
    with pytest.raises(ParlanceError, match="does not exist"):
        finetune(examples, tmp_path / "m", options=FinetuneOptions(encoder="/no/such/folder"), quiet=True)


def test_an_encoder_folder_without_weights_or_with_pickled_ones_is_an_error(
    examples: list[Example], tiny_encoder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "encoder"
    folder.mkdir()
    with pytest.raises(ParlanceError, match=r"no config\.json"):
        finetune(examples, tmp_path / "m", options=FinetuneOptions(encoder=str(folder)), quiet=True)
    (folder / "config.json").write_bytes((tiny_encoder / "config.json").read_bytes())
    with pytest.raises(ParlanceError, match="has no weights"):
        finetune(examples, tmp_path / "m", options=FinetuneOptions(encoder=str(folder)), quiet=True)
    (folder / "model.safetensors").write_bytes((tiny_encoder / "model.safetensors").read_bytes()[:5000])
    (folder / "tokenizer.json").write_bytes((tiny_encoder / "tokenizer.json").read_bytes())
    with pytest.raises(ParlanceError, match="files in its folder is damaged"):
        finetune(examples, tmp_path / "m", options=FinetuneOptions(encoder=str(folder)), quiet=True)
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(ParlanceError, match="pickle"):
        finetune(examples, tmp_path / "m", options=FinetuneOptions(encoder=str(folder)), quiet=True)


def test_several_processes_train_one_model(examples: list[Example], options: FinetuneOptions, tmp_path: Path) -> None:
    data = tmp_path / "train.csv"
    data.write_text("text,intent\n" + "".join(f"{e.text},{e.intent}\n" for e in examples))
    config = {"pipeline": [{"name": "TransformerNLU", **options.as_dict()}]}
    (tmp_path / "config.yml").write_text(json.dumps(config))
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    arguments = ["--train", str(data), "--out", str(tmp_path / "m"), "--config", str(tmp_path / "config.yml")]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [*launch, "-m", "parlance.cli", "finetune", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, env=environment)

    assert result.returncode == 0, result.stderr
    model = NLUModel.load(tmp_path / "m")
    assert sum(p.intent.name == e.intent for e in examples if (p := model.predict(e.text)).intent) > 28


def test_serving_imports_neither_torch_nor_transformers_nor_rasa(trained: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from parlance.inference import NLUModel; "
        f"NLUModel.load(Path({str(trained)!r})).predict('hi'); "
        "print([name for name in ('torch', 'transformers', 'rasa') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "[]"
