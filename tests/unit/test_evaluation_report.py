import io

import pytest
from rich.console import Console

from parlance.data.examples import Entity, Example
from parlance.evaluation.evaluate import evaluate
from parlance.evaluation.figures import Report
from parlance.evaluation.report import print_summary, render_html
from parlance.inference.context import Context
from parlance.inference.prediction import EntitySpan, IntentScore, Prediction


class Greeter:
    """Takes everything for a greeting, and "Rome" for a name."""

    def predict(self, text: str, context: Context | None = None) -> Prediction:
        at = text.find("Rome")
        entities = (EntitySpan(at, at + 4, "name", "Rome", 0.8),) if at >= 0 else ()
        return Prediction(text, (IntentScore("greet", 0.8), IntentScore("bye[now]", 0.2)), entities)


@pytest.fixture
def report() -> Report:
    examples = [
        Example("hi", "greet"),
        Example("<script>alert(1)</script>", "bye[now]"),
        Example("to Rome", "greet", (Entity(3, 7, "city", role="to"),)),
        Example("moon", "oos"),
    ]
    return evaluate(Greeter(), examples)


def test_page_is_complete_by_itself_and_escapes_what_people_wrote(report: Report) -> None:
    page = render_html(report, model="models/a&b", data="data/nlu.yml")
    assert page.startswith("<!doctype html>") and page.rstrip().endswith("</html>")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page and "<script" not in page
    assert "models/a&amp;b" in page
    assert "src=" not in page and "href=" not in page and "http" not in page


def test_page_has_every_part(report: Report) -> None:
    page = render_html(report, model="m", data="d")
    for words in (
        "66.7 %",
        "Calibration error",
        "<svg",
        "Rome (city, to)",
        "Rome (name)",
        "confused most often",
        "AUROC",
    ):
        assert words in page, f"the page lacks {words}"
    assert "prefers-color-scheme: dark" in page


def test_page_of_a_faultless_model_says_so() -> None:
    page = render_html(evaluate(Greeter(), [Example("hi", "greet")]), model="m", data="d")
    assert "<p>None.</p>" in page and "confused most often" not in page


def test_page_without_intents_has_only_what_was_measured() -> None:
    page = render_html(evaluate(Greeter(), [Example("to Rome", None, (Entity(3, 7, "name"),))]), model="m", data="d")
    assert "Entity F1, exact" in page and "Intent accuracy" not in page and "<svg" not in page


def test_summary_names_figures_and_confused_intents(report: Report) -> None:
    stream = io.StringIO()
    print_summary(report, Console(file=stream, width=100))
    shown = stream.getvalue()
    for words in ("Intent accuracy", "66.7 %", "bye[now]", "Most confused", "Latency p99", "at threshold 0.5"):
        assert words in shown, f"the summary lacks {words}"


class Answerer:
    """Takes everything for a question about costs."""

    def predict(self, text: str, context: Context | None = None) -> Prediction:
        return Prediction(text, (IntentScore("faq/costs", 0.6), IntentScore("faq/returns", 0.4)))


def test_both_ways_of_counting_retrieval_intents_are_named() -> None:
    report = evaluate(Answerer(), [Example("back", "faq/returns"), Example("price", "faq/costs")])
    stream = io.StringIO()
    print_summary(report, Console(file=stream, width=120))
    for shown in (stream.getvalue(), render_html(report, model="m", data="d")):
        assert "Intent accuracy, bare" in shown and "100.0 %" in shown and "50.0 %" in shown
        assert "rasa test nlu" in shown and "answers told apart" in shown


def test_bare_intents_are_not_counted_twice_where_there_are_no_answers(report: Report) -> None:
    assert "bare" not in render_html(report, model="m", data="d")
