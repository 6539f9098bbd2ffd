"""What TransformerNLU leaves of entities that an extractor before it found, and of its own."""

from typing import Any

import pytest
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from parlance.rasa.messages import entities_beside


def entity(kind: str, start: int, end: int, extractor: str = "TransformerNLU", **more: Any) -> dict[str, Any]:
    return {"entity": kind, "start": start, "end": end, "value": "x", "extractor": extractor, **more}


NUMBER = entity("number", 9, 14, "DucklingEntityExtractor", value=12054)
CLAIM = entity("claim_id", 9, 14)


def beside(earlier: list[dict[str, Any]], found: list[dict[str, Any]], *yield_to: str) -> list[tuple[str, str]]:
    message = Message({TEXT: "claim id 12054 please", ENTITIES: earlier})
    return [(found["entity"], found["extractor"]) for found in entities_beside(message, found, yield_to)]


def test_an_entity_of_another_type_in_the_same_place_is_kept() -> None:
    assert beside([NUMBER], [CLAIM]) == [("number", "DucklingEntityExtractor"), ("claim_id", "TransformerNLU")]


@pytest.mark.parametrize("place", [(9, 14), (0, 14), (9, 21), (11, 12)])
def test_one_of_the_same_type_that_overlaps_is_said_once(place: tuple[int, int]) -> None:
    pattern = entity("claim_id", *place, "RegexEntityExtractor")
    assert beside([pattern], [CLAIM]) == [("claim_id", "RegexEntityExtractor")]


def test_one_of_the_same_type_elsewhere_is_kept() -> None:
    assert beside([entity("claim_id", 0, 5, "RegexEntityExtractor")], [CLAIM]) == [
        ("claim_id", "RegexEntityExtractor"),
        ("claim_id", "TransformerNLU"),
    ]


@pytest.mark.parametrize("named", ["number", "DucklingEntityExtractor"])
def test_what_the_options_name_goes_before(named: str) -> None:
    assert beside([NUMBER], [CLAIM], named) == [("number", "DucklingEntityExtractor")]
    assert beside([NUMBER], [entity("claim_id", 0, 5)], named) == [
        ("claim_id", "TransformerNLU"),
        ("number", "DucklingEntityExtractor"),
    ]
    assert ("further_request", "TransformerNLU") in beside([NUMBER], [entity("further_request", 5, 21)], named)
