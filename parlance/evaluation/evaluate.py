"""Measuring a model on annotated examples, one message at a time."""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from parlance.data.examples import Entity, Example, is_out_of_scope
from parlance.errors import ParlanceError
from parlance.evaluation import metrics
from parlance.evaluation.figures import (
    ActFigures,
    Calibration,
    EntityFigures,
    IntentFigures,
    Latency,
    Mistake,
    OutOfScopeFigures,
    Report,
)
from parlance.inference.context import Context
from parlance.inference.prediction import EntitySpan, Prediction, bare_ranking

DEFAULT_THRESHOLD = 0.5
"""Below this confidence a message counts as out of scope; Rasa's FallbackClassifier has a threshold like it."""


class Model(Protocol):
    """Whatever predicts one message: the library's own model, or any Rasa model.

    Where it has ``out_of_scope_intents``, those mean so besides ``oos`` and ``out_of_scope``.
    """

    def predict(self, text: str, context: Context | None = None) -> Prediction: ...


def context_of(example: Example) -> Context | None:
    """What is said before an example, the first of several; None where it is measured alone."""
    return Context(example.after[0], example.said or "") if example.after else None


def evaluate(
    model: Model,
    examples: Sequence[Example],
    threshold: float = DEFAULT_THRESHOLD,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Have the model predict every example by itself, and compare.

    An out-of-scope example (``oos``, ``out_of_scope``, or what the model says means so) counts as an ordinary intent
    too when the model knows that intent; otherwise it is left out of intent accuracy and of calibration. Retrieval
    intents (``faq/returns``) are compared by their bare name when the model predicts bare names. Examples without an
    intent are only used for entities; entities are only scored when some example has one. An example with contexts is
    predicted after the first of them.

    Args:
        model: The model; its first call is made once more before, without being timed, since it may load things.
        examples: Annotated utterances; at least one.
        threshold: A message counts as found out of scope when its likeliest intent is an out-of-scope one, or has
            a confidence below this.
        progress: Called after each example with how many are done, and how many there are.

    Raises:
        ParlanceError: There are no examples.
    """
    if not examples:
        raise ParlanceError("There are no examples to evaluate on.", "Give a file with annotated utterances.")
    predictions, milliseconds = _predict_all(model, examples, progress)
    out_of_scope = getattr(model, "out_of_scope_intents", ())
    known = frozenset(score.name for prediction in predictions for score in prediction.ranking)
    cases = [
        _Case(example, prediction, _comparable(example.intent, known), out_of_scope)
        for example, prediction in zip(examples, predictions, strict=True)
    ]
    classified = [case for case in cases if case.is_answerable(known)]
    return Report(
        examples=len(cases),
        threshold=threshold,
        latency=Latency(
            p50=float(np.percentile(milliseconds, 50)),
            p99=float(np.percentile(milliseconds, 99)),
            mean=float(np.mean(milliseconds)),
        ),
        intent=_intent_figures(classified),
        calibration=_calibration(classified),
        entities=_entity_figures(cases),
        out_of_scope=_out_of_scope_figures(cases, threshold),
        mistakes=_mistakes(cases, known, threshold),
        act=_act_figures(cases),
    )


@dataclass(frozen=True)
class _Case:
    """An example, what the model says of it, and the expected intent in the form that the model predicts."""

    example: Example
    prediction: Prediction
    intent: str | None
    out_of_scope: Collection[str]

    @property
    def predicted_intent(self) -> str | None:
        return self.prediction.intent.name if self.prediction.intent else None

    @property
    def predicted_act(self) -> str | None:
        return self.prediction.act.name if self.prediction.act else None

    @property
    def has_act(self) -> bool:
        """Whether the act can be scored: a message that follows nothing has none."""
        return self.example.act is not None and bool(self.example.after)

    @property
    def confidence(self) -> float:
        return self.prediction.intent.confidence if self.prediction.intent else 0.0

    @property
    def bare_intents(self) -> tuple[str, str | None]:
        """The expected and the predicted intent, retrieval intents by their bare names."""
        ranking = bare_ranking(self.prediction.ranking)
        return str(self.intent).split("/", 1)[0], ranking[0].name if ranking else None

    @property
    def is_out_of_scope(self) -> bool:
        return is_out_of_scope(self.intent, self.out_of_scope)

    @property
    def in_scope_confidence(self) -> float:
        """The highest confidence in an intent that is in scope."""
        scores = (s for s in self.prediction.ranking if not is_out_of_scope(s.name, self.out_of_scope))
        return max((score.confidence for score in scores), default=0.0)

    def is_found_out_of_scope(self, threshold: float) -> bool:
        return is_out_of_scope(self.predicted_intent, self.out_of_scope) or self.confidence < threshold

    def is_answerable(self, known: frozenset[str]) -> bool:
        """Whether there is an intent that the model could find."""
        return self.intent is not None and (not self.is_out_of_scope or self.intent in known)


def _predict_all(
    model: Model, examples: Sequence[Example], progress: Callable[[int, int], None] | None
) -> tuple[list[Prediction], list[float]]:
    """The predictions and the milliseconds that each took."""
    model.predict(examples[0].text, context_of(examples[0]))
    predictions, milliseconds = [], []
    for done, example in enumerate(examples, start=1):
        start = time.perf_counter()
        predictions.append(model.predict(example.text, context_of(example)))
        milliseconds.append((time.perf_counter() - start) * 1000)
        if progress:
            progress(done, len(examples))
    return predictions, milliseconds


def _comparable(intent: str | None, known: frozenset[str]) -> str | None:
    """The intent, or its bare name where it is a retrieval intent and the model knows no full name like it."""
    if intent is None or "/" not in intent:
        return intent
    bare = intent.split("/", 1)[0]
    return intent if any(name.startswith(f"{bare}/") for name in known) else bare


def _intent_figures(cases: Sequence[_Case]) -> IntentFigures | None:
    if not cases:
        return None
    gold = [str(case.intent) for case in cases]
    predicted = [case.predicted_intent for case in cases]
    bare_gold, bare_predicted = zip(*(case.bare_intents for case in cases), strict=True)
    return IntentFigures(
        examples=len(cases),
        accuracy=metrics.accuracy(gold, predicted),
        scores=metrics.intent_scores(gold, predicted),
        bare_accuracy=metrics.accuracy(bare_gold, bare_predicted),
        bare=metrics.intent_scores(bare_gold, bare_predicted),
        confused=metrics.confused_pairs(gold, predicted),
    )


def _act_figures(cases: Sequence[_Case]) -> ActFigures | None:
    cases = [case for case in cases if case.has_act]
    if not any(case.predicted_act for case in cases):  # a model without acts
        return None
    gold, predicted = [str(case.example.act) for case in cases], [case.predicted_act for case in cases]
    return ActFigures(len(cases), metrics.accuracy(gold, predicted), metrics.intent_scores(gold, predicted))


def _calibration(cases: Sequence[_Case]) -> Calibration | None:
    if not cases:
        return None
    bins = metrics.reliability(
        [case.confidence for case in cases], [case.predicted_intent == case.intent for case in cases]
    )
    return Calibration(metrics.expected_calibration_error(bins), bins)


def _entity_figures(cases: Sequence[_Case]) -> EntityFigures | None:
    gold = [case.example.entities for case in cases]
    if not any(gold):
        return None
    predicted = [case.prediction.entities for case in cases]
    return EntityFigures(
        gold=sum(map(len, gold)),
        predicted=sum(map(len, predicted)),
        exact=metrics.entity_scores(gold, predicted),
        overlap=metrics.entity_overlap_scores(gold, predicted),
    )


def _out_of_scope_figures(cases: Sequence[_Case], threshold: float) -> OutOfScopeFigures | None:
    labelled = [case for case in cases if case.intent is not None]
    is_out = np.array([case.is_out_of_scope for case in labelled], dtype=bool)
    if not is_out.any():
        return None
    outlier_scores = 1 - np.array([case.in_scope_confidence for case in labelled])
    is_found = np.array([case.is_found_out_of_scope(threshold) for case in labelled], dtype=bool)
    return OutOfScopeFigures(
        examples=int(is_out.sum()),
        scores=metrics.detection_scores(is_out, is_found),
        auroc=metrics.auroc(outlier_scores[is_out], outlier_scores[~is_out]),
        false_positive_rate=None if is_out.all() else float(is_found[~is_out].mean()),
    )


def _mistakes(cases: Sequence[_Case], known: frozenset[str], threshold: float) -> list[Mistake]:
    """What went wrong, in the order of the examples."""
    scores_entities = any(case.example.entities for case in cases)
    mistakes: list[Mistake] = []
    for case in cases:
        text, source = case.example.text, case.example.source
        if case.intent is not None and not case.is_answerable(known):
            if not case.is_found_out_of_scope(threshold):
                mistakes.append(
                    Mistake("out_of_scope", text, case.intent, case.predicted_intent, case.confidence, source)
                )
        elif case.intent is not None and case.intent != case.predicted_intent:
            mistakes.append(Mistake("intent", text, case.intent, case.predicted_intent, case.confidence, source))
        if case.prediction.act and case.has_act and case.predicted_act != case.example.act:
            act = case.prediction.act
            mistakes.append(Mistake("act", text, case.example.act, act.name, act.confidence, source))
        scores = metrics.entity_scores([case.example.entities], [case.prediction.entities])
        if scores_entities and scores.micro.f1 < 1 and scores.by_label:
            expected = [_entity_as_dict(entity, text) for entity in case.example.entities]
            found = [_entity_as_dict(entity, text) for entity in case.prediction.entities]
            mistakes.append(Mistake("entities", text, expected, found, None, source))
    return mistakes


def _entity_as_dict(entity: Entity | EntitySpan, text: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "entity": entity.type,
        "start": entity.start,
        "end": entity.end,
        "text": text[entity.start : entity.end],
    }
    if entity.role:
        described["role"] = entity.role
    if entity.group:
        described["group"] = entity.group
    return described
