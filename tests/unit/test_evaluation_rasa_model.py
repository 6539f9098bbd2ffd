from pathlib import Path
from typing import Any

import pytest

from parlance.errors import ParlanceError
from parlance.inference.prediction import ActScore, EntitySpan, IntentScore
from parlance.rasa.model import RasaModel, prediction_from_parse

PARSED: dict[str, Any] = {
    "text": "to Rome on 5th",
    "intent": {"name": "nlu_fallback", "confidence": 0.7},
    "intent_ranking": [
        {"name": "nlu_fallback", "confidence": 0.7},
        {"name": "book", "confidence": 0.4},
        {"name": "greet", "confidence": 0.2},
    ],
    "entities": [
        {"entity": "date", "start": 11, "end": 14, "value": {"day": 5}, "extractor": "RegexEntityExtractor"},
        {"entity": "city", "start": 3, "end": 7, "value": "ROM", "confidence_entity": 0.9, "role": "to"},
    ],
}


def test_fallback_is_left_out_of_the_ranking() -> None:
    prediction = prediction_from_parse(PARSED["text"], PARSED)
    assert prediction.ranking == (IntentScore("book", 0.4), IntentScore("greet", 0.2))


def test_entities_come_from_left_to_right_with_what_rasa_knows() -> None:
    city, date = prediction_from_parse(PARSED["text"], PARSED).entities
    assert city == EntitySpan(3, 7, "city", "ROM", 0.9, role="to")
    assert (date.value, date.confidence) == ("{'day': 5}", 1.0)


def test_an_act_is_taken_from_the_parse_result() -> None:
    parsed = {**PARSED, "act": {"name": "affirm", "confidence": 0.9}}
    assert prediction_from_parse(PARSED["text"], parsed).act == ActScore("affirm", 0.9)
    assert prediction_from_parse(PARSED["text"], PARSED).act is None


def test_a_pipeline_without_ranking_has_its_one_intent() -> None:
    parsed = {"intent": {"name": "greet", "confidence": 1.0}, "entities": []}
    assert prediction_from_parse("hi", parsed).ranking == (IntentScore("greet", 1.0),)
    assert prediction_from_parse("", {"intent": {"name": None, "confidence": 0.0}}).ranking == ()


def test_the_answer_that_rasa_gives_is_on_top_however_its_intent_is_divided() -> None:
    parsed = {
        "intent_ranking": [
            {"name": "faq", "confidence": 0.5},
            {"name": "smalltalk", "confidence": 0.375},
            {"name": "greet", "confidence": 0.0625},
        ],
        "response_selector": {
            "all_retrieval_intents": ["faq", "smalltalk"],
            "faq": {
                "ranking": [
                    {"intent_response_key": "faq/returns", "confidence": 0.5},
                    {"intent_response_key": "faq/cost", "confidence": 0.5},
                ]
            },
        },
    }
    assert prediction_from_parse("hm", parsed).ranking == (
        IntentScore("faq/returns", 0.25),
        IntentScore("smalltalk", 0.375),
        IntentScore("faq/cost", 0.25),
        IntentScore("greet", 0.0625),
    )


@pytest.mark.parametrize("content", [b"", b"not an archive", b"\x1f\x8b\x08\x00\x00\x00\x00\x00"])
def test_a_damaged_archive_is_named(tmp_path: Path, content: bytes) -> None:
    pytest.importorskip("rasa")
    path = tmp_path / "model.tar.gz"
    path.write_bytes(content)
    with pytest.raises(ParlanceError, match="model.tar.gz cannot be loaded as a Rasa model"):
        RasaModel.load(path)
