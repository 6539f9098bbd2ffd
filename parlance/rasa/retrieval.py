"""Retrieval intents from one classifier: ``faq`` and the answer ``faq/returns`` without a second model.

The encoder is fine-tuned on the full names. A message's confidence in ``faq`` is the sum over the answers of ``faq``,
and the response selection inside it is their share of that sum: P(answer | intent).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from parlance.inference import IntentScore, bare_ranking

SEPARATOR = "/"
UTTER_PREFIX = "utter_"

Responses = Mapping[str, Sequence[Mapping[str, Any]]]
"""The domain's responses by name (``utter_faq/returns``), each with its variations."""


def intent_ranking(scores: Sequence[IntentScore], length: int) -> list[dict[str, Any]]:
    """The ``length`` likeliest intents from the top down as Rasa writes them, retrieval intents by their bare names."""
    return [{"name": score.name, "confidence": score.confidence} for score in bare_ranking(scores)[:length]]


def response_selection(
    scores: Sequence[IntentScore], intent: str, length: int, responses: Responses | None = None
) -> dict[str, Any]:
    """What Rasa's ResponseSelector would set as the message's ``response_selector``; empty without retrieval intents.

    The answers of other intents than the message's own are left out: Rasa keeps this with every message of the
    conversation, of which they would be half.

    Args:
        scores: The ranking with full names, from the likeliest down.
        intent: The bare name of the message's intent.
        length: Answers in the ranking.
        responses: What the chosen answer's variations are taken from.
    """
    retrieval = sorted({score.name.split(SEPARATOR, 1)[0] for score in scores if SEPARATOR in score.name})
    if not retrieval:
        return {}
    answers = [score for score in scores if score.name.startswith(f"{intent}{SEPARATOR}")]
    selected = {intent: _selected(answers, length, responses or {})} if answers else {}
    return {"all_retrieval_intents": retrieval, **selected}


def _selected(answers: Sequence[IntentScore], length: int, responses: Responses) -> dict[str, Any]:
    total = sum(answer.confidence for answer in answers) or 1.0
    ranking = [
        {"intent_response_key": answer.name, "confidence": answer.confidence / total} for answer in answers[:length]
    ]
    action = f"{UTTER_PREFIX}{answers[0].name}"
    return {
        "response": {"responses": list(responses.get(action, [])), **ranking[0], "utter_action": action},
        "ranking": ranking,
    }


def better_selection(first: dict[str, Any] | None, second: dict[str, Any]) -> dict[str, Any]:
    """Of two components' selections for one retrieval intent the one with the more confident answer."""
    if first and first["response"]["confidence"] >= second["response"]["confidence"]:
        return first
    return second


def with_better_answers(earlier: Mapping[str, Any], selection: dict[str, Any]) -> dict[str, Any]:
    """A ``response_selector`` with what an earlier component selected, where that is more confident or stands alone."""
    own = {intent: found for intent, found in selection.items() if intent != "all_retrieval_intents"}
    better = {intent: better_selection(earlier.get(intent), found) for intent, found in own.items()}
    return {**earlier, **selection, **better}


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
