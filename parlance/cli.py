"""The ``parlance`` command: reads the arguments, calls the library, prints. docs/command-line.md explains it."""

import json
import os
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

from parlance.errors import ParlanceError
from parlance.extras import importing_for_training
from parlance.simulation.command import simulate
from parlance.stopping import Stopped, stopped_by_signals
from parlance.terminal import progress, say, stderr

if TYPE_CHECKING:
    from parlance.data.audit import Finding
    from parlance.evaluation.evaluate import Model

_FINDINGS_SHOWN_PER_KIND = 5


class _Commands(TyperGroup):
    """Says what a person can put right in plain words, with the error's exit status; any other exception is a bug."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ParlanceError as error:
            say(Text.assemble(("error: ", "bold red"), str(error)))
            raise typer.Exit(error.exit_status) from error
        except Stopped as stop:
            say(str(stop))
            raise typer.Exit(stop.exit_status) from None


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Fine-tune, measure and try the language understanding of a Rasa assistant.",
)

test_app = typer.Typer(no_args_is_help=True, help="Test a whole assistant.")
app.add_typer(test_app, name="test")
app.command()(simulate)

_DATA_HELP = "A Rasa NLU file or folder, a CSV with text and intent columns, JSON lines, or CLINC150's JSON."
_MODEL_HELP = (
    "A model folder of 'parlance finetune', or a Rasa model (.tar.gz), or a folder of them: the newest is taken."
)


@app.command()
def finetune(
    train: Annotated[Path, typer.Option(metavar="PATH", help=f"What to learn from. {_DATA_HELP}")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to put the model in.")],
    valid: Annotated[
        Path | None, typer.Option(metavar="PATH", help="What to check on while training; else a part of --train.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A Rasa config.yml; TransformerNLU's options are taken from it.")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Same seed, same machine: same model.")] = None,
) -> None:
    """Fine-tune an encoder on annotated examples and put the model in a folder."""
    from parlance.data.audit import audit as audit_examples
    from parlance.data.rasa_config import component_options
    from parlance.data.readers import read_examples
    from parlance.finetuning.options import SERVING_OPTIONS, FinetuneOptions

    options = component_options(config, "TransformerNLU") if config else {}
    if seed is not None:
        options["seed"] = seed
    known = {name: value for name, value in options.items() if name not in {*SERVING_OPTIONS, "alias"}}
    chosen = FinetuneOptions.from_dict(known)
    examples = read_examples(train)
    valid_examples = read_examples(valid, "valid") if valid else None
    findings = audit_examples(examples, chosen.out_of_scope_intents)
    _print_findings(findings, stderr())
    if any(finding.level == "error" for finding in findings):
        raise ParlanceError(
            f"{train} has errors that keep it from being learned.", "Put them right and run this again."
        )

    with importing_for_training():
        from parlance.finetuning import finetune as run
    with stopped_by_signals():
        metadata = run(examples, out, valid=valid_examples, options=chosen)
    _print_result(metadata, out)


@app.command()
def evaluate(
    model: Annotated[Path, typer.Option(metavar="DIR_OR_RASA_MODEL", help=_MODEL_HELP)],
    test: Annotated[Path, typer.Option(metavar="PATH", help=f"What to measure on. {_DATA_HELP}")],
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write every figure here, as JSON.")
    ] = None,
    html_file: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a report to read here, as one HTML page.")
    ] = None,
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="Less confident than this counts as out of scope.")
    ] = 0.5,
) -> None:
    """Measure a model on annotated examples, one message at a time."""
    from parlance.data.files import write_text_atomically
    from parlance.data.readers import read_examples
    from parlance.evaluation.evaluate import evaluate as measure
    from parlance.evaluation.report import print_summary, render_html

    examples = read_examples(test, "test")
    model = _model_in(model)
    loaded = _load_model(model)
    with progress("Evaluating") as bar:
        task = bar.add_task("", total=len(examples))
        report = measure(loaded, examples, threshold, lambda done, _: bar.update(task, completed=done))
    if json_file:
        figures = {"model": str(model), "test": str(test), **report.as_dict()}
        write_text_atomically(json_file, json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
    if html_file:
        write_text_atomically(html_file, render_html(report, model=str(model), data=str(test)))
    print_summary(report, Console())
    for written in filter(None, (json_file, html_file)):
        say(f"wrote {written}")


@app.command()
def predict(
    model: Annotated[Path, typer.Option(metavar="DIR_OR_RASA_MODEL", help=_MODEL_HELP)],
    texts: Annotated[list[str], typer.Argument(metavar="TEXT...", help="The messages.", show_default=False)],
    after: Annotated[str, typer.Option(metavar="TEXT", help="What the assistant said before each message.")] = "",
) -> None:
    """Print what a model makes of each message: one line of JSON a message, in Rasa's form."""
    from parlance.inference.context import Context

    loaded = _load_model(_model_in(model))
    for text in texts:
        typer.echo(json.dumps(loaded.predict(text, Context(after) if after else None).as_dict()))


@app.command()
def audit(
    path: Annotated[Path, typer.Argument(metavar="PATH", help=_DATA_HELP, show_default=False)],
) -> None:
    """Look for faults in annotated examples; exit status 1 when there are errors."""
    from parlance.data.audit import audit as audit_examples
    from parlance.data.readers import read_examples

    examples = read_examples(path)
    findings = audit_examples(examples)
    _print_findings(findings, Console(), shown=None)
    levels = Counter(finding.level for finding in findings)
    intents = len({example.intent for example in examples})
    typer.echo(f"{len(examples)} examples, {intents} intents: {levels['error']} errors, {levels['warning']} warnings.")
    raise typer.Exit(1 if levels["error"] else 0)


@test_app.command()
def conversations(
    path: Annotated[
        str,
        typer.Argument(metavar="PATH", help="A test file, a folder of them, or FILE::CASE for one case."),
    ] = "tests/conversations",
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="A running assistant; without it one is started as conftest.yml says."),
    ] = None,
    token: Annotated[
        str, typer.Option(metavar="TOKEN", envvar="RASA_TOKEN", help="The running assistant's --auth-token.")
    ] = "",
    database: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The running assistant's SQLite file, to put back after each case."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, metavar="N", help="How many conversations at once.")] = 4,
    timeout: Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="The time for one answer.")] = 30.0,
    start_timeout: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="The time for starting.")] = 600.0,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Begin no more cases after one has failed.")] = False,
    junit_file: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write the results here, as JUnit XML.")
    ] = None,
    logs: Annotated[Path, typer.Option(metavar="DIR", help="Where a started assistant's logs are kept.")] = Path(
        "results/conversations"
    ),
) -> None:
    """Run conversation tests against a live assistant, custom actions and database included."""
    from parlance.data.files import write_text_atomically
    from parlance.testing import report
    from parlance.testing.session import Options, run_session

    if url is None:
        say(f"Starting the assistant; its logs are in {logs}.")
    options = Options(url, token, database, logs, start_timeout, jobs, timeout, fail_fast)
    with progress("Conversations") as bar:
        task = bar.add_task("", total=None)
        session = run_session(path, options, lambda done, total: bar.update(task, completed=done, total=total))
    report.print_results(session, Console())
    if junit_file:
        write_text_atomically(junit_file, report.junit(session.results))
        say(f"wrote {junit_file}")
    raise typer.Exit(session.exit_status)


def _model_in(path: Path) -> Path:
    """The model that a path means: of a folder of Rasa models the newest, as Rasa itself takes it."""
    if not path.is_dir() or (path / "parlance.json").is_file():
        return path
    newest = max(path.glob("*.tar.gz"), key=lambda archive: archive.stat().st_mtime, default=None)
    if newest is None:
        raise ParlanceError(
            f"The folder {path} is not a model: it has no parlance.json.",
            "Give the folder that 'parlance finetune --out' wrote.",
        )
    say(f"model: {newest}")
    return newest


def _load_model(path: Path) -> "Model":
    """A model folder of the library, or a Rasa model."""
    if path.is_dir():
        from parlance.inference import NLUModel

        return NLUModel.load(path)
    if not path.exists():
        raise ParlanceError(f"{path} does not exist.", "Give a model folder, or a Rasa model (.tar.gz).")
    if not path.name.endswith(".tar.gz"):
        raise ParlanceError(
            f"The file {path} is not a Rasa model: its name does not end in .tar.gz.",
            f"Give {_MODEL_HELP[0].lower()}{_MODEL_HELP[1:]}",
        )
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # What Rasa imports fills a screen with deprecations, and changes filters: only catching them keeps them quiet.
    with warnings.catch_warnings(record=True):
        from parlance.rasa.model import RasaModel

        return RasaModel.load(path)


def _print_findings(
    findings: Sequence["Finding"], console: Console, shown: int | None = _FINDINGS_SHOWN_PER_KIND
) -> None:
    """Each finding on a line; of each kind only the first ``shown``, unless that is None."""
    printed: Counter[str] = Counter()
    kinds = Counter(finding.kind for finding in findings)
    for finding in findings:
        if shown is not None and printed[finding.kind] == shown:
            continue
        printed[finding.kind] += 1
        style = "bold red" if finding.level == "error" else "yellow"
        source = f"{finding.source}: " if finding.source else ""
        console.print(Text.assemble((f"{finding.level}: ", style), f"{source}{finding.message}"), soft_wrap=True)
    for kind, count in kinds.items():
        if count > printed[kind]:
            console.print(
                Text(f"... and {count - printed[kind]} more of: {kind}; 'parlance audit' prints them all."),
                soft_wrap=True,
            )


def _print_result(metadata: dict[str, Any], out: Path) -> None:
    """The figures on the hold-out, and what to do next."""
    console = Console()
    for name, value in _figures(metadata.get("holdout")):
        console.print(Text(f"hold-out {name}: {value:.4g}"))
    console.print(Text(f"The model is in {out}. Next:"), soft_wrap=True)
    console.print(Text(f"  parlance evaluate --model {out} --test PATH --html report.html"), soft_wrap=True)
    console.print(Text(f'  parlance predict --model {out} "a message"'), soft_wrap=True)


def _figures(tree: Any, prefix: str = "") -> list[tuple[str, float]]:
    """Every number in nested figures with its path, as in ``intent.accuracy``."""
    if isinstance(tree, dict):
        return [
            figure
            for name, value in tree.items()
            for figure in _figures(value, f"{prefix}.{name}" if prefix else str(name))
        ]
    if isinstance(tree, int | float) and not isinstance(tree, bool):
        return [(prefix, float(tree))]
    return []


if __name__ == "__main__":
    app()
