"""The benchmark's own arithmetic and bookkeeping: the systems themselves are measured, not tested."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import nlu
import results
import stage
from corpora import Corpus, known_corpora, prepare, rasa_yaml
from diet_progress import PROGRESS, Progress
from parlance.data.examples import Entity, Example
from parlance.data.readers import read_examples
from scoring import figures
from systems import SYSTEMS, Settings


def clinc_file(folder: Path) -> Path:
    """A file in CLINC150's form, with out-of-scope queries in every part."""
    file = folder / "data.json"
    parts = {
        "train": [["what is my balance", "balance"], ["say it in french", "translate"]],
        "oos_train": [["who won the cup", "oos"]],
        "val": [],
        "test": [["my balance please", "balance"], ["in german please", "translate"]],
        "oos_test": [["how tall is the tower", "oos"]],
    }
    file.write_text(json.dumps(parts))
    return file


def answer(text: str, intent: str, confidence: float, entities: Sequence[Any] = ()) -> dict:
    """A recorded prediction."""
    return {"text": text, "ranking": [[intent, confidence]], "entities": list(entities)}


def run_of(system: str, seed: int, accuracy: float, date: str = "2026-01-01") -> dict:
    """A row of results."""
    return {
        "system": system,
        "seed": seed,
        "figures": {"intent_accuracy": accuracy, "entity_f1": None},
        "date": date,
        "machine": {"cpu": "A CPU", "cores": 2, "memory_gib": 16, "system": "Linux"},
        "versions": {"python": "3.10.13"},
        "settings": {},
        "command": "python benchmarks/nlu.py banking77",
    }


def test_nothing_out_of_scope_is_trained_on(tmp_path: Path) -> None:
    file = clinc_file(tmp_path)
    train, test = prepare(Corpus("clinc", file, file), tmp_path / "data")
    assert {example.intent for example in train} == {"balance", "translate"}
    assert [example.intent for example in test].count("oos") == 1


def test_labels_and_texts_that_rasa_cannot_hold_are_changed_alike_everywhere(tmp_path: Path) -> None:
    for part in ("train", "test"):
        (tmp_path / f"{part}.csv").write_text('text,category\n"Was [this] refunded?",refunded?\nHello,yes\n')
    _, test = prepare(Corpus("bank", tmp_path / "train.csv", tmp_path / "test.csv"), tmp_path / "data")
    read_again = read_examples(tmp_path / "data" / "nlu.yml")
    assert [(example.text, example.intent) for example in read_again] == [
        ("Was (this) refunded?", "refunded"),
        ("Hello", "yes"),
    ]
    assert [(example.text, example.intent) for example in test] == [
        ("Was [this] refunded?", "refunded"),
        ("Hello", "yes"),
    ]


def test_entities_survive_the_way_through_rasas_format(tmp_path: Path) -> None:
    example = Example(
        "from Bern (old) to Rome", "trip", (Entity(5, 9, "city", role="from"), Entity(19, 23, "city", role="to"))
    )
    (tmp_path / "nlu.yml").write_text(rasa_yaml([example]))
    (read,) = read_examples(tmp_path / "nlu.yml")
    assert read.text == example.text
    assert [(e.start, e.end, e.type, e.role) for e in read.entities] == [(5, 9, "city", "from"), (19, 23, "city", "to")]


def test_the_data_sets_have_the_names_of_the_command_line() -> None:
    assert list(known_corpora(Path("x"))) == ["banking77", "banking77-10shot", "clinc150", "hwu64"]


def test_figures_of_a_run() -> None:
    test = [
        Example("wake me at nine", "alarm", (Entity(11, 15, "time"),)),
        Example("play jazz", "music", (Entity(5, 9, "genre"),)),
        Example("how tall is the tower", "oos"),
    ]
    serve = {
        "load_seconds": 2.0,
        "serve_peak_mb": 100.0,
        "latency_ms": [1.0, 2.0, 3.0],
        "predictions": [
            answer("wake me at nine", "alarm", 0.9, [{"entity": "time", "start": 8, "end": 15, "value": "at nine"}]),
            answer("play jazz", "alarm", 0.6, [{"entity": "further_request", "start": 0, "end": 9, "value": {}}]),
            answer("how tall is the tower", "music", 0.2),
        ],
    }
    train = {"train_seconds": 10.0, "train_cpu_seconds": 20.0, "train_peak_mb": 500.0, "model_mb": 30.0}
    row = figures(train, serve, test, finds_entities=True)
    assert row["intent_accuracy"] == 0.5
    assert row["entity_f1"] == 0.0
    assert row["entity_f1_overlap"] == pytest.approx(2 / 3)
    assert row["oos_auroc"] == 1.0
    assert row["ece"] == pytest.approx((0.1 + 0.6) / 2)
    assert (row["latency_p50_ms"], row["train_seconds"]) == (2.0, 10.0)
    assert figures(train, serve, test, finds_entities=False)["entity_f1"] is None


def test_results_are_merged_by_system_and_seed(tmp_path: Path) -> None:
    sizes = {"train": 10, "test": 5, "intents": 2, "oos": 0}
    results.write(tmp_path, "bank", sizes, [run_of("diet", 0, 0.5), run_of("transformer", 0, 0.8)])
    page = results.write(tmp_path, "bank", sizes, [run_of("transformer", 0, 0.9), run_of("transformer", 1, 0.7)])
    kept = results.load_runs(tmp_path / "bank.json")
    assert [(run["system"], run["seed"], run["figures"]["intent_accuracy"]) for run in kept] == [
        ("transformer", 0, 0.9),
        ("transformer", 1, 0.7),
        ("diet", 0, 0.5),
    ]
    assert "| Intent accuracy | 80.0 % ± 14.1 | 50.0 % |" in page.read_text()


def test_a_row_that_nobody_has_is_left_out() -> None:
    page = results.markdown("bank", {"train": 1, "test": 1, "intents": 1}, [run_of("setfit", 0, 1.0)])
    assert "Entity F1" not in page
    assert "A CPU, 2 cores, 16 GiB" in page


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--train", "a.csv"],
        ["banking77", "--name", "x"],
        ["banking77", "--systems", "bert"],
        ["banking77", "--seeds", "0,x"],
        ["banking77", "--config", "no-such.yml"],
    ],
)
def test_a_command_that_says_too_little_or_too_much_is_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        nlu.parse(arguments)


def test_a_finished_stage_is_not_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / stage.TRAIN_RECORD).write_text('{"train_seconds": 7200}')
    monkeypatch.setattr(nlu.subprocess, "run", lambda *args, **kwargs: pytest.fail("trained again"))
    record = nlu.run_stage("train", "diet", 0, tmp_path, tmp_path, Settings(), None, "")
    assert record["train_seconds"] == 7200


def interrupted_run(folder: Path, settings: Settings) -> Path:
    """A run's folder as a DIET training leaves it that was ended from outside."""
    nlu.clear(folder, settings.of("diet"))
    for name in (PROGRESS, ".rasa"):
        (folder / name).mkdir()
        (folder / name / "file").touch()
    for name in ("train.log", "config.yml"):
        (folder / name).touch()
    return folder


def test_an_interrupted_training_keeps_its_progress_and_its_log_but_nothing_of_rasa(tmp_path: Path) -> None:
    run = interrupted_run(tmp_path / "diet-0", Settings())
    nlu.clear(run, Settings().of("diet"))
    assert {path.name for path in run.iterdir()} == {PROGRESS, nlu.SETTINGS, "train.log"}
    assert (run / PROGRESS / "file").exists()


def test_a_training_by_other_settings_begins_from_nothing(tmp_path: Path) -> None:
    run = interrupted_run(tmp_path / "diet-0", Settings())
    nlu.clear(run, Settings(diet_epochs=3).of("diet"))
    assert [path.name for path in run.iterdir()] == [nlu.SETTINGS]
    assert json.loads((run / nlu.SETTINGS).read_text()) == {"diet_epochs": 3}


def test_a_training_without_progress_begins_from_nothing(tmp_path: Path) -> None:
    run = tmp_path / "diet-0"
    nlu.clear(run, Settings().of("diet"))
    (run / "train.log").touch()
    nlu.clear(run, Settings().of("diet"))
    assert [path.name for path in run.iterdir()] == [nlu.SETTINGS]


def attempt(folder: Path, seconds: float, peak: float, epochs_before: int, epochs: int) -> Progress:
    """An attempt at a training after whose every epoch so many seconds more are measured."""
    measured = {"train_seconds": 0.0, "train_peak_mb": peak}
    progress = Progress(folder, lambda: dict(measured))
    progress.resume(epochs_before)
    for _ in range(epochs):
        measured["train_seconds"] += seconds
        progress.epoch_ended()
    return progress


def test_what_the_attempts_at_a_training_spent_adds_up(tmp_path: Path) -> None:
    attempt(tmp_path, seconds=10.0, peak=500.0, epochs_before=0, epochs=4)
    attempt(tmp_path, seconds=1.0, peak=300.0, epochs_before=4, epochs=2)
    last = attempt(tmp_path, seconds=0.5, peak=400.0, epochs_before=6, epochs=2)
    assert last.spent() == {"train_seconds": 43.0, "train_peak_mb": 500.0}


def test_an_epoch_whose_checkpoint_is_missing_is_not_counted(tmp_path: Path) -> None:
    attempt(tmp_path, seconds=10.0, peak=500.0, epochs_before=0, epochs=4)
    again = attempt(tmp_path, seconds=1.0, peak=300.0, epochs_before=3, epochs=1)
    assert again.spent()["train_seconds"] == 31.0
    assert attempt(tmp_path, 1.0, 300.0, epochs_before=0, epochs=1).spent()["train_seconds"] == 1.0


def test_a_failed_stage_shows_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(nlu.StageFailed, match="no model"):
        (tmp_path / stage.TRAIN_RECORD).write_text("{}")
        (tmp_path / "test.json").write_text("[]")
        nlu.run_stage("serve", "setfit", 0, tmp_path, tmp_path, Settings(), None, "")


def test_the_model_of_a_record_without_a_path_is_found(tmp_path: Path) -> None:
    (tmp_path / stage.TRAIN_RECORD).write_text('{"train_seconds": 7200}')
    with pytest.raises(SystemExit, match="no model"):
        stage.trained_model(tmp_path)
    archive = tmp_path / "models" / "m.tar.gz"
    archive.parent.mkdir()
    archive.touch()
    assert stage.trained_model(tmp_path) == archive


def test_the_recorded_command_shows_no_folder_of_this_machine(tmp_path: Path) -> None:
    shown = nlu.command_line(["--train", str(tmp_path / "train.csv"), "--out", str(nlu.ROOT / "benchmarks/results")])
    assert shown == "python benchmarks/nlu.py --train train.csv --out benchmarks/results"


def test_each_system_takes_the_seed_and_its_own_settings() -> None:
    from systems import diet_pipeline, transformer_pipeline

    settings = Settings(diet_epochs=3, transformer={"epochs": 2})
    diet = next(step for step in diet_pipeline(settings, 7) if step["name"] == "DIETClassifier")
    assert (diet["epochs"], diet["random_seed"], diet["constrain_similarities"]) == (3, 7, True)
    assert transformer_pipeline(settings, 7)[1]["seed"] == 7
    assert settings.of("diet") == {"diet_epochs": 3}
    assert settings.of("transformer") == {"epochs": 2}
    assert list(SYSTEMS) == ["transformer", "diet", "setfit", "trainer"]
