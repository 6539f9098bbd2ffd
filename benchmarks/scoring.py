"""From the records of a run to its row of figures, by the metrics of ``parlance.evaluation``."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from parlance.data.examples import Example
from parlance.evaluation.evaluate import evaluate
from parlance.evaluation.figures import Report
from parlance.inference.context import Context
from parlance.inference.prediction import EntitySpan, IntentScore, Prediction
from parlance.inference.request_splitting import FURTHER_REQUEST


class Replay:
    """A model that says again what was recorded."""

    def __init__(self, recorded: Sequence[Mapping[str, Any]]) -> None:
        self._predictions = {entry["text"]: prediction_of(entry) for entry in recorded}

    def predict(self, text: str, context: Context | None = None) -> Prediction:
        """The recorded prediction of a message of the test set."""
        return self._predictions[text]


def prediction_of(entry: Mapping[str, Any]) -> Prediction:
    """A recorded answer as the library's prediction."""
    text = entry["text"]
    spans = [
        EntitySpan(
            start=int(found["start"]),
            end=int(found["end"]),
            type=str(found["entity"]),
            value=text[int(found["start"]) : int(found["end"])],
            confidence=float(found.get("confidence_entity") or 1.0),
            role=found.get("role"),
            group=found.get("group"),
        )
        for found in entry["entities"]
        if found["entity"] != FURTHER_REQUEST
    ]
    ranking = tuple(IntentScore(str(name), float(confidence)) for name, confidence in ranking_of(entry))
    return Prediction(text=text, ranking=ranking, entities=tuple(sorted(spans, key=lambda span: span.start)))


def ranking_of(entry: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Intents with confidence, recorded as pairs or as Rasa writes them."""
    return [
        (score["name"], score["confidence"]) if isinstance(score, Mapping) else (score[0], score[1])
        for score in entry["ranking"]
    ]


def figures(
    train: Mapping[str, Any], serve: Mapping[str, Any], test: Sequence[Example], finds_entities: bool
) -> dict[str, float | None]:
    """One row of results: shares from 0 to 1, seconds, milliseconds, memory in mebibytes, disk
    in megabytes; None where there is nothing to measure.

    A system that is for intents only has no entity figures, rather than a zero.
    """
    report = evaluate(Replay(serve["predictions"]), test)
    latency = np.asarray(serve["latency_ms"], dtype=np.float64)
    return {
        **accuracy_figures(report, finds_entities),
        "train_seconds": train["train_seconds"],
        "train_cpu_seconds": train["train_cpu_seconds"],
        "train_peak_mb": train["train_peak_mb"],
        "model_mb": train["model_mb"],
        "load_seconds": serve["load_seconds"],
        "serve_peak_mb": serve["serve_peak_mb"],
        "latency_p50_ms": float(np.percentile(latency, 50)),
        "latency_p99_ms": float(np.percentile(latency, 99)),
    }


def accuracy_figures(report: Report, finds_entities: bool) -> dict[str, float | None]:
    """What does not depend on the machine."""
    intent, entities = report.intent, report.entities if finds_entities else None
    return {
        "intent_accuracy": intent.accuracy if intent else None,
        "intent_f1_micro": intent.scores.micro.f1 if intent else None,
        "intent_f1_macro": intent.scores.f1_macro if intent else None,
        "entity_f1": entities.exact.micro.f1 if entities else None,
        "entity_f1_overlap": entities.overlap.micro.f1 if entities else None,
        "oos_auroc": report.out_of_scope.auroc if report.out_of_scope else None,
        "ece": report.calibration.ece if report.calibration else None,
    }
