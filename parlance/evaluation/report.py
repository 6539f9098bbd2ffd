"""A report for people: one self-contained HTML page, and a summary for the terminal."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.console import Console
from rich.table import Table

from parlance.evaluation.figures import IntentFigures, Report

_WORST_INTENTS = 10
_CONFUSED_SHOWN = 20


def render_html(report: Report, model: str, data: str) -> str:
    """The report as an HTML page that needs no other file.

    Args:
        report: What was measured.
        model: What was measured, for the title: a path.
        data: What it was measured on: a path.
    """
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["percent"] = _percent
    pages.filters["entities"] = _entities_in_words
    return pages.get_template("report.html").render(
        report=report,
        figures=headline_figures(report),
        confused_shown=_CONFUSED_SHOWN,
        model=model,
        data=data,
    )


def headline_figures(report: Report) -> list[tuple[str, str, str]]:
    """Name, value and one line of explanation of each figure that was measured."""
    figures: list[tuple[str, str, str]] = []
    if report.intent:
        figures += _intent_figures(report.intent)
    if report.act:
        figures += [
            ("Act accuracy", _percent(report.act.accuracy), f"of {report.act.examples} messages with one"),
            ("Act F1, macro", _percent(report.act.scores.f1_macro), "every act with the same weight"),
        ]
    if report.entities:
        figures += [
            ("Entity F1, exact", _percent(report.entities.exact.micro.f1), f"of {report.entities.gold} entities"),
            ("Entity F1, overlap", _percent(report.entities.overlap.micro.f1), "right type, borders aside"),
        ]
    if report.calibration:
        figures.append(("Calibration error", f"{report.calibration.ece:.3f}", "confidence minus accuracy; 0 is best"))
    if report.out_of_scope:
        oos = report.out_of_scope
        at = f"at threshold {report.threshold:g}"
        if oos.auroc is not None:
            figures.append(("Out-of-scope AUROC", f"{oos.auroc:.3f}", "0.5 is guessing, 1 is best"))
        figures += [
            ("Out-of-scope recall", _percent(oos.scores.recall), f"of {oos.examples} messages, {at}"),
            ("Out-of-scope precision", _percent(oos.scores.precision), at),
        ]
        if oos.false_positive_rate is not None:
            figures.append(("In-scope messages refused", _percent(oos.false_positive_rate), at))
    figures.append(("Latency p50", f"{report.latency.p50:.1f} ms", "for one message"))
    figures.append(("Latency p99", f"{report.latency.p99:.1f} ms", "for one message"))
    return figures


def _intent_figures(intent: IntentFigures) -> list[tuple[str, str, str]]:
    """Both ways of counting, each by its name, where answers of retrieval intents are told apart."""
    of_all = f"of {intent.examples} messages"
    figures = [
        ("Intent accuracy", _percent(intent.accuracy), of_all),
        ("Intent F1, macro", _percent(intent.scores.f1_macro), "every intent with the same weight"),
    ]
    if intent.has_answers:
        figures[0] = (figures[0][0], figures[0][1], f"{of_all}, answers told apart (faq/x)")
        figures += [
            ("Intent accuracy, bare", _percent(intent.bare_accuracy), "faq/x as faq, as rasa test nlu counts"),
            ("Intent F1, macro, bare", _percent(intent.bare.f1_macro), "faq/x as faq, every intent the same"),
        ]
    return figures


def print_summary(report: Report, console: Console) -> None:
    """The headline figures, the weakest intents and the pairs that are confused most."""
    summary = Table(title=f"{report.examples} messages", title_justify="left", box=None, show_header=False)
    summary.add_column()
    summary.add_column(justify="right", style="bold")
    summary.add_column(style="dim")
    for name, value, meaning in headline_figures(report):
        summary.add_row(name, value, meaning)
    console.print(summary)
    if report.intent and report.intent.accuracy < 1:
        console.print()
        console.print(_weakest_intents(report))
        console.print()
        console.print(_confused(report))


def _weakest_intents(report: Report) -> Table:
    assert report.intent
    table = Table(title="Weakest intents", title_justify="left", box=None)
    for header in ("intent", "precision", "recall", "F1", "messages"):
        table.add_column(header, justify="left" if header == "intent" else "right")
    by_f1 = sorted(report.intent.scores.by_label.items(), key=lambda item: item[1].f1)
    for name, scores in by_f1[:_WORST_INTENTS]:
        if scores.f1 < 1:
            figures = (_percent(scores.precision), _percent(scores.recall), _percent(scores.f1), str(scores.support))
            table.add_row(_literal(name), *figures)
    return table


def _confused(report: Report) -> Table:
    assert report.intent
    table = Table(title="Most confused", title_justify="left", box=None)
    for header in ("expected", "predicted", "times"):
        table.add_column(header, justify="right" if header == "times" else "left")
    for expected, predicted, count in report.intent.confused[:_WORST_INTENTS]:
        table.add_row(_literal(expected), _literal(predicted or "none"), str(count))
    return table


def _literal(text: str) -> str:
    """Text with brackets that Rich takes for text, not for markup."""
    return text.replace("[", r"\[")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _entities_in_words(entities: list[dict[str, Any]]) -> str:
    """``Rome (city, to), 5 pm (time)``; "none" for no entities."""
    described = []
    for entity in entities:
        labels = [entity["entity"], *(entity[name] for name in ("role", "group") if name in entity)]
        described.append(f"{entity['text']} ({', '.join(labels)})")
    return ", ".join(described) or "none"
