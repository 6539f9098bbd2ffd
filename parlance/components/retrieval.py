"""Retrieval intents from one classifier: ``faq`` and the answer ``faq/returns`` without a second model.

The encoder is fine-tuned on the full names. A message's confidence in ``faq`` is the sum over the answers of ``faq``,
and the response selection inside it is their share of that sum: P(answer | intent).
"""

from collections.abc import Sequence
from typing import Any

from parlance.inference import IntentScore

SEPARATOR = "/"
UTTER_PREFIX = "utter_"


def intent_ranking(scores: Sequence[IntentScore], length: int) -> list[dict[str, Any]]:
    """The ``length`` likeliest intents from the top down as Rasa writes them, retrieval intents by their bare names."""
    total: dict[str, float] = {}
    for score in scores:
        name = score.name.split(SEPARATOR, 1)[0]
        total[name] = total.get(name, 0.0) + score.confidence
    return [
        {"name": name, "confidence": confidence}
        for name, confidence in sorted(total.items(), key=lambda pair: -pair[1])[:length]
    ]


def response_selection(scores: Sequence[IntentScore], intent: str, length: int) -> dict[str, Any]:
    """What Rasa's ResponseSelector would set as the message's ``response_selector``; empty without retrieval intents.

    The answers of other intents than the message's own are left out: Rasa keeps this with every message of the
    conversation, of which they would be half.

    Args:
        scores: The ranking with full names, from the likeliest down.
        intent: The bare name of the message's intent.
        length: Answers in the ranking.
    """
    retrieval = sorted({score.name.split(SEPARATOR, 1)[0] for score in scores if SEPARATOR in score.name})
    if not retrieval:
        return {}
    answers = [score for score in scores if score.name.startswith(f"{intent}{SEPARATOR}")]
    return {"all_retrieval_intents": retrieval, **({intent: _selected(answers, length)} if answers else {})}


def _selected(answers: Sequence[IntentScore], length: int) -> dict[str, Any]:
    total = sum(answer.confidence for answer in answers) or 1.0
    ranking = [
        {"intent_response_key": answer.name, "confidence": answer.confidence / total} for answer in answers[:length]
    ]
    return {"response": {**ranking[0], "utter_action": f"{UTTER_PREFIX}{answers[0].name}"}, "ranking": ranking}


def with_answers(ranking: Sequence[dict[str, Any]], selection: dict[str, Any]) -> list[dict[str, Any]]:
    """The ranking with every retrieval intent replaced by its answers: P(intent) times P(answer | intent).

    The chosen answer stays on top: of other retrieval intents the answers are not known, and the sum of theirs may be
    above the best single one.
    """
    full: list[dict[str, Any]] = []
    for score in ranking:
        answers = selection.get(score.get("name") or "", {}).get("ranking", [])
        full += [
            {"name": answer["intent_response_key"], "confidence": score["confidence"] * answer["confidence"]}
            for answer in answers
        ] or [score]
    return full[:1] + sorted(full[1:], key=lambda score: -score.get("confidence", 0.0))
