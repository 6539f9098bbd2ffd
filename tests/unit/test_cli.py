import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import typer
from typer.testing import CliRunner, Result

import parlance.finetuning
from parlance import cli
from parlance.data.examples import Example
from parlance.finetuning import FinetuneOptions
from parlance.inference.context import Context
from parlance.inference.prediction import ActScore, EntitySpan, IntentScore, Prediction

ROOT = Path(__file__).parents[2]
NLU = """\
nlu:
- intent: greet
  examples: |
    - hi
    - hello [Fern](name)
- intent: bye
  examples: |
    - bye
    - see you
"""


class Greeter:
    def predict(self, text: str, context: Context | None = None) -> Prediction:
        act = ActScore("affirm", 0.5) if context == Context("Shall I?") else None
        entities = (EntitySpan(6, 10, "name", "Fern", 0.9),) if "Fern" in text else ()
        return Prediction(text, (IntentScore("greet", 0.75), IntentScore("bye", 0.25)), entities, act=act)


@pytest.fixture
def nlu(tmp_path: Path) -> Path:
    path = tmp_path / "nlu.yml"
    path.write_text(NLU, encoding="utf-8")
    return path


@pytest.fixture
def greeter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_load_model", lambda path: Greeter())


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def error_of(result: Result) -> str:
    """The message of a run that a person can put right: on stderr, with status 1, without a traceback."""
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    return result.stderr


def test_predict_prints_one_line_of_json_a_text_and_nothing_else(greeter: None) -> None:
    result = run("predict", "--model", "m", "hello Fern", "line\nbreak é 😀", "")
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["text"] for line in lines] == ["hello Fern", "line\nbreak é 😀", ""]
    assert lines[0]["intent"] == {"name": "greet", "confidence": 0.75}
    assert lines[0]["entities"][0]["value"] == "Fern"


def test_predict_says_what_a_message_does_after_what_was_said(greeter: None) -> None:
    line = run("predict", "--model", "m", "--after", "Shall I?", "hello").stdout
    assert json.loads(line)["act"] == {"name": "affirm", "confidence": 0.5}
    assert "act" not in json.loads(run("predict", "--model", "m", "hello").stdout)


def test_evaluate_writes_the_figures_of_the_contract(greeter: None, nlu: Path, tmp_path: Path) -> None:
    written = tmp_path / "new" / "folder" / "report.json"
    result = run("evaluate", "--model", "m", "--test", nlu, "--json", written)
    assert result.exit_code == 0, result.output
    figures = json.loads(written.read_text(encoding="utf-8"))
    assert figures["intent"]["accuracy"] == figures["intent"]["f1_micro"] == 0.5
    assert figures["intent"]["f1_macro"] == pytest.approx(1 / 3)
    assert figures["entities"]["f1_micro"] == figures["entities"]["f1_overlap"] == 1.0
    assert figures["calibration"]["ece"] == pytest.approx(0.25)
    assert set(figures["latency_ms"]) >= {"p50", "p99"}
    assert "oos" not in figures
    assert "Intent accuracy" in result.stdout


def test_evaluate_scores_out_of_scope_examples(greeter: None, tmp_path: Path) -> None:
    test = tmp_path / "test.csv"
    test.write_text("text,intent\nhi,greet\nwhat is the moon,oos\n", encoding="utf-8")
    written = tmp_path / "report.json"
    assert run("evaluate", "--model", "m", "--test", test, "--json", written, "--threshold", "0.8").exit_code == 0
    oos = json.loads(written.read_text(encoding="utf-8"))["oos"]
    assert oos == {
        "examples": 1,
        "auroc": 0.5,
        "recall": 1.0,
        "precision": 0.5,
        "false_positive_rate": 1.0,
        "threshold": 0.8,
    }


def test_evaluate_writes_a_page(greeter: None, nlu: Path, tmp_path: Path) -> None:
    written = tmp_path / "report.html"
    assert run("evaluate", "--model", "m", "--test", nlu, "--html", written).exit_code == 0
    assert written.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_audit_prints_findings_and_fails_on_errors(nlu: Path) -> None:
    assert run("audit", nlu).exit_code == 0
    nlu.write_text(NLU + "    - hi\n- intent: help\n  examples: |\n    - help\n", encoding="utf-8")
    result = run("audit", nlu)
    assert result.exit_code == 1
    assert f"error: {nlu}:13: The intent 'help' has one example" in result.stdout
    assert f"warning: {nlu}:10: 'hi' is an example of 'greet' and 'bye'" in result.stdout
    assert "6 examples, 3 intents: 1 errors, 1 warnings." in result.stdout


@pytest.fixture
def finetuned(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    """Keeps what fine-tuning was asked for, in place of doing it."""
    asked: list[dict] = []

    def keep(
        train: list[Example],
        out: Path,
        *,
        valid: list[Example] | None = None,
        options: FinetuneOptions,
        resume: bool = True,
    ) -> dict[str, Any]:
        asked.append({"train": train, "out": out, "valid": valid, "options": options})
        return {"holdout": {"intent": {"accuracy": 0.975}, "examples": 40}, "encoder": "x"}

    monkeypatch.setattr(parlance.finetuning, "finetune", keep, raising=False)
    return asked


def test_finetune_takes_options_from_the_config_and_the_seed_from_the_command(
    finetuned: list[dict[str, Any]], nlu: Path, tmp_path: Path
) -> None:
    config = tmp_path / "config.yml"
    config.write_text("pipeline:\n- name: parlance.rasa.TransformerNLU\n  epochs: 3\n  seed: 1\n  featurize: false\n")
    result = run("finetune", "--train", nlu, "--valid", nlu, "--out", "m", "--config", config, "--seed", 7)
    assert result.exit_code == 0, result.output
    (asked,) = finetuned
    assert (asked["options"].epochs, asked["options"].seed) == (3, 7)
    assert len(asked["train"]) == len(asked["valid"]) == 4
    assert asked["out"] == Path("m")
    assert "hold-out intent.accuracy: 0.975" in result.stdout
    assert "parlance evaluate --model m" in result.stdout


def test_finetune_without_config_or_valid_uses_defaults(finetuned: list[dict[str, Any]], nlu: Path) -> None:
    assert run("finetune", "--train", nlu, "--out", "m").exit_code == 0
    assert finetuned[0]["valid"] is None
    assert finetuned[0]["options"] == type(finetuned[0]["options"])()


def test_finetune_says_warnings_and_goes_on(finetuned: list[dict[str, Any]], nlu: Path) -> None:
    nlu.write_text(NLU + "".join(f"    - see you {n}\n    - see you {n}\n" for n in range(8)), encoding="utf-8")
    result = run("finetune", "--train", nlu, "--out", "m")
    assert result.exit_code == 0 and finetuned
    assert result.stderr.count("is there 2 times") == 5
    assert "and 3 more of: a repeated example" in result.stderr


def test_finetune_stops_on_errors_in_the_data(finetuned: list[dict[str, Any]], nlu: Path) -> None:
    nlu.write_text(NLU + "- intent: help\n  examples: |\n    - help\n", encoding="utf-8")
    message = error_of(run("finetune", "--train", nlu, "--out", "m"))
    assert "'help' has one example" in message and "has errors" in message
    assert not finetuned


def test_faults_are_said_in_plain_words(nlu: Path, tmp_path: Path) -> None:
    nlu.write_text("nlu:\n- intent: greet\n  examples: [\n", encoding="utf-8")
    assert f"error: {nlu}:4: this is not valid YAML" in error_of(run("audit", nlu))
    assert "nowhere.yml does not exist" in error_of(run("finetune", "--train", "nowhere.yml", "--out", "m"))


def test_what_is_no_model_is_named(nlu: Path, tmp_path: Path) -> None:
    assert "nowhere does not exist" in error_of(run("predict", "--model", "nowhere", "hi"))
    assert "it has no parlance.json" in error_of(run("predict", "--model", tmp_path, "hi"))
    assert "does not end in .tar.gz" in error_of(run("predict", "--model", nlu, "hi"))


def test_of_a_folder_of_rasa_models_the_newest_is_taken(tmp_path: Path) -> None:
    for age, name in enumerate(["b", "a", "c"]):
        (tmp_path / f"{name}.tar.gz").write_bytes(b"")
        os.utime(tmp_path / f"{name}.tar.gz", (1e9 - age, 1e9 - age))
    assert f"{tmp_path / 'b.tar.gz'} cannot be loaded" in error_of(run("predict", "--model", tmp_path, "hi"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", "--model", "m"],
        ["predict", "hi"],
        ["evaluate", "--model", "m"],
        ["evaluate", "--model", "m", "--test", "t", "--threshold", "2"],
        ["finetune", "--train", "t"],
        ["finetune", "--train", "t", "--out", "m", "--seed", "x"],
        ["train"],
        ["audit", "--json", "x", "t"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Usage:" in result.stderr and not result.stdout


def commands_of(group: Any, prefix: str = "parlance") -> Iterator[tuple[str, click.Command]]:
    """Each command with its full name, those of groups included."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands_of(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command


def test_the_docs_name_every_command_and_option() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    for name, command in commands_of(typer.main.get_command(cli.app)):
        assert f"## {name}" in page, f"docs/command-line.md lacks the command {name}"
        section = page.split(f"## {name}")[1].split("\n## ")[0]
        for parameter in command.params:
            for option in parameter.opts if parameter.param_type_name == "option" else []:
                assert option == "--help" or f"`{option}" in section, f"docs/command-line.md: {name} lacks {option}"
