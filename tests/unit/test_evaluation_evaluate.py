import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from parlance.data.examples import Entity, Example
from parlance.errors import ParlanceError
from parlance.evaluation.evaluate import evaluate
from parlance.inference.context import Context
from parlance.inference.prediction import ActScore, EntitySpan, IntentScore, Prediction


class Table:
    """A model that answers from a table: text -> intents with confidence, and entities."""

    def __init__(
        self,
        rankings: Mapping[str, Mapping[str, float]],
        entities: Mapping[str, Sequence[EntitySpan]] | None = None,
        out_of_scope_intents: Sequence[str] = (),
    ) -> None:
        self.rankings, self.entities = rankings, entities or {}
        self.asked: list[str] = []
        self.contexts: list[Context | None] = []
        self.acts: dict[str, ActScore] = {}
        self.out_of_scope_intents = out_of_scope_intents

    def predict(self, text: str, context: Context | None = None) -> Prediction:
        self.asked.append(text)
        self.contexts.append(context)
        ranking = tuple(IntentScore(name, confidence) for name, confidence in self.rankings.get(text, {}).items())
        act = self.acts.get(text) if context else None
        return Prediction(text, ranking, tuple(self.entities.get(text, ())), act=act)


def figures(model: Table, examples: list[Example], **options: Any) -> Any:
    """The report as it is written to a file."""
    return json.loads(json.dumps(evaluate(model, examples, **options).as_dict()))


def test_intents_calibration_and_errors() -> None:
    model = Table({"hi": {"greet": 0.9, "bye": 0.1}, "yo": {"bye": 0.7, "greet": 0.3}, "bye": {"bye": 1.0}})
    report = figures(model, [Example("hi", "greet"), Example("yo", "greet", source="f:2"), Example("bye", "bye")])
    assert report["intent"]["accuracy"] == report["intent"]["f1_micro"] == pytest.approx(2 / 3)
    assert report["intent"]["f1_macro"] == pytest.approx(2 / 3)
    assert report["intent"]["per_intent"]["greet"]["recall"] == 0.5
    assert report["intent"]["confused"] == [{"expected": "greet", "predicted": "bye", "count": 1}]
    assert report["calibration"]["ece"] == pytest.approx((0.1 + 0.7 + 0.0) / 3)
    assert report["errors"] == [
        {
            "kind": "intent",
            "text": "yo",
            "expected": "greet",
            "predicted": "bye",
            "confidence": 0.7,
            "source": "f:2",
        }
    ]
    assert report["latency_ms"]["p99"] >= report["latency_ms"]["p50"] >= 0
    assert "entities" not in report and "oos" not in report


def test_acts_are_scored_after_what_was_said() -> None:
    model = Table({"go on": {"affirm": 0.9}, "ok": {"affirm": 0.9}, "hi": {"affirm": 0.9}})
    model.acts = {"go on": ActScore("affirm", 0.9), "ok": ActScore("deny", 0.8), "hi": ActScore("deny", 0.8)}
    examples = [
        Example("go on", "affirm", after=("Shall I?", "Now?"), said="stop it", act="affirm"),
        Example("ok", "affirm", after=("Shall I?",), act="affirm", source="f:2"),
        Example("hi", "affirm", act="other"),
        Example("hi", "affirm", after=("Hello.",)),
    ]
    report = figures(model, examples)
    assert model.contexts[1:] == [Context("Shall I?", "stop it"), Context("Shall I?"), None, Context("Hello.")]
    assert report["act"]["examples"] == 2 and report["act"]["accuracy"] == 0.5
    assert report["act"]["f1_macro"] == pytest.approx(1 / 3)
    assert report["act"]["per_act"]["affirm"]["recall"] == 0.5
    (mistake,) = report["errors"]
    assert (mistake["kind"], mistake["expected"], mistake["predicted"]) == ("act", "affirm", "deny")
    model.acts = {}
    assert "act" not in figures(model, examples), "a model without acts"


def test_entities_are_scored_where_there_are_any() -> None:
    found = EntitySpan(3, 11, "city", "Rome now", 0.9)
    model = Table({}, {"to Rome now": [found]})
    examples = [Example("to Rome now", None, (Entity(3, 7, "city", role="to"),)), Example("hi")]
    report = figures(model, examples)
    assert report["entities"]["f1_micro"] == 0.0
    assert report["entities"]["f1_overlap"] == 1.0
    assert report["entities"]["per_type"]["city"]["support"] == 1
    assert report["errors"][0]["kind"] == "entities"
    assert report["errors"][0]["expected"] == [{"entity": "city", "start": 3, "end": 7, "text": "Rome", "role": "to"}]
    assert "intent" not in report and "calibration" not in report
    assert "entities" not in figures(model, [Example("to Rome now", "greet")])


def test_out_of_scope_that_the_model_does_not_know_is_only_detected() -> None:
    model = Table({"hi": {"greet": 0.9}, "moon": {"greet": 0.3}, "sun": {"greet": 0.6}})
    examples = [Example("hi", "greet"), Example("moon", "oos"), Example("sun", "oos")]
    report = figures(model, examples)
    assert report["intent"]["examples"] == 1 and report["intent"]["accuracy"] == 1.0
    assert report["calibration"]["ece"] == pytest.approx(0.1)
    assert report["oos"] == {
        "examples": 2,
        "auroc": 1.0,
        "recall": 0.5,
        "precision": 1.0,
        "false_positive_rate": 0.0,
        "threshold": 0.5,
    }
    assert [(error["kind"], error["text"]) for error in report["errors"]] == [("out_of_scope", "sun")]
    assert figures(model, examples, threshold=0.7)["oos"]["recall"] == 1.0


def test_out_of_scope_that_the_model_knows_is_an_intent_too() -> None:
    model = Table({"hi": {"greet": 0.9, "oos": 0.1}, "moon": {"oos": 0.8, "greet": 0.2}})
    report = figures(model, [Example("hi", "greet"), Example("moon", "oos")])
    assert report["intent"]["examples"] == 2 and report["intent"]["accuracy"] == 1.0
    assert report["oos"]["recall"] == 1.0
    assert report["oos"]["auroc"] == 1.0, "the score is the confidence in in-scope intents only"


def test_a_message_without_a_prediction_is_a_miss_and_out_of_scope() -> None:
    report = figures(
        Table({"hi": {"greet": 0.9}}), [Example("hi", "greet"), Example("☃", "greet"), Example("?", "oos")]
    )
    assert report["intent"]["accuracy"] == 0.5
    assert report["oos"]["recall"] == 1.0 and report["oos"]["precision"] == 0.5
    assert report["errors"][0]["predicted"] is None


def test_only_out_of_scope_examples_have_no_auroc() -> None:
    report = figures(Table({"moon": {"greet": 0.2}}), [Example("moon", "oos")])
    assert report["oos"]["auroc"] is None and "intent" not in report


def test_retrieval_intents_are_compared_in_the_form_that_the_model_predicts() -> None:
    examples = [Example("send it back", "faq/returns")]
    assert figures(Table({"send it back": {"faq": 0.9}}), examples)["intent"]["accuracy"] == 1.0
    assert figures(Table({"send it back": {"faq/returns": 0.9}}), examples)["intent"]["accuracy"] == 1.0
    assert figures(Table({"send it back": {"faq/costs": 0.9}}), examples)["intent"]["accuracy"] == 0.0


def test_answers_and_bare_intents_are_both_counted() -> None:
    model = Table(
        {
            "send it back": {"faq/costs": 0.4, "faq/returns": 0.3, "greet": 0.3},
            "what is it": {"greet": 0.4, "faq/costs": 0.35, "faq/returns": 0.25},
            "hi": {"greet": 0.9, "faq/costs": 0.1},
        }
    )
    examples = [Example("send it back", "faq/returns"), Example("what is it", "faq/costs"), Example("hi", "greet")]
    intent = figures(model, examples)["intent"]
    assert intent["accuracy"] == pytest.approx(1 / 3), "faq/costs is another answer, and greet the likeliest single one"
    assert intent["bare"]["accuracy"] == 1.0, "as Rasa sums up the answers of faq"
    assert intent["bare"]["f1_macro"] == intent["bare"]["f1_micro"] == 1.0

    assert figures(model, examples[2:])["intent"]["bare"]["accuracy"] == 1.0


@pytest.mark.parametrize(
    ("intent", "named"), [("out_of_scope/other", ()), ("chitchat", ("chitchat",)), ("chitchat/joke", ("chitchat",))]
)
def test_out_of_scope_intents_of_other_names_count(intent: str, named: tuple[str, ...]) -> None:
    model = Table(
        {"hi": {"greet": 0.9}, "moon": {"greet": 0.3}, "sun": {"greet": 0.1, intent: 0.8}}, out_of_scope_intents=named
    )
    oos = figures(model, [Example("hi", "greet"), Example("moon", intent), Example("sun", intent)])["oos"]
    assert oos["examples"] == 2 and oos["recall"] == oos["precision"] == oos["auroc"] == 1.0
    model.out_of_scope_intents = ()
    assert ("oos" in figures(model, [Example("moon", intent)])) == (not named)


def test_each_message_is_parsed_alone_after_one_call_that_is_not_timed() -> None:
    model = Table({})
    done = []
    evaluate(model, [Example("a", "x"), Example("b", "x")], progress=lambda n, total: done.append((n, total)))
    assert model.asked == ["a", "a", "b"]
    assert done == [(1, 2), (2, 2)]


def test_no_examples_is_an_error() -> None:
    with pytest.raises(ParlanceError, match="no examples"):
        evaluate(Table({}), [])
