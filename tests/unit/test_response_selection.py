"""The answers of retrieval intents, as ResponseSelector gives them and beside one."""

from typing import Any

import pytest
from rasa.nlu.selectors.response_selector import ResponseSelector
from rasa.shared.nlu.training_data.message import Message

from parlance.inference import EntitySpan, IntentScore
from parlance.rasa import patches
from parlance.rasa.retrieval import response_selection, with_better_answers

patches.apply()  # teaches ResponseSelector
SCORES = [IntentScore("faq/pay", 0.6), IntentScore("faq/hours", 0.2), IntentScore("greet", 0.1)]
RESPONSES: dict[str, list[dict[str, Any]]] = {
    "utter_faq/pay": [{"text": "By card.", "metadata": {"kind": "short"}}],
    "utter_faq/hours": [{"text": "9"}],
}


def test_the_chosen_answer_brings_its_responses() -> None:
    selection = response_selection(SCORES, "faq", 10, RESPONSES)

    assert selection["all_retrieval_intents"] == ["faq"]
    assert selection["faq"]["response"] == {
        "responses": [{"text": "By card.", "metadata": {"kind": "short"}}],
        "intent_response_key": "faq/pay",
        "confidence": pytest.approx(0.75),
        "utter_action": "utter_faq/pay",
    }
    assert [one["intent_response_key"] for one in selection["faq"]["ranking"]] == ["faq/pay", "faq/hours"]
    assert response_selection(SCORES, "faq", 10)["faq"]["response"]["responses"] == []


def selected(answer: str, confidence: float) -> dict[str, Any]:
    return {"response": {"intent_response_key": answer, "confidence": confidence}, "ranking": []}


class Selector:
    """All of a ResponseSelector that writing its answer needs."""

    all_retrieval_intents = ("faq", "chitchat")


@pytest.mark.parametrize(
    ("key", "confidence", "expected"),
    [("faq", 0.28, "faq/pay"), ("faq", 0.9, "faq/hours"), ("chitchat", 0.28, "faq/pay")],
)
def test_a_selector_behind_does_not_replace_a_better_answer(key: str, confidence: float, expected: str) -> None:
    message = Message({"response_selector": response_selection(SCORES, "faq", 10)})
    answer = selected(f"{key}/hours", confidence)
    ResponseSelector._set_message_property(Selector(), message, answer, key)
    written = message.get("response_selector")

    assert written["faq"]["response"]["intent_response_key"] == expected
    assert written[key]["response"]["confidence"] == pytest.approx(max(confidence, 0.75 if key == "faq" else 0))
    assert written["all_retrieval_intents"] == ("faq", "chitchat")


def test_a_selector_before_keeps_a_better_answer() -> None:
    earlier = {"all_retrieval_intents": ["faq"], "faq": selected("faq/hours", 0.9), "default": selected("x/y", 0.4)}
    own = response_selection(SCORES, "faq", 10)

    assert with_better_answers(earlier, own)["faq"] == earlier["faq"]
    assert with_better_answers(earlier, own)["default"] == earlier["default"]
    assert with_better_answers({"faq": selected("faq/hours", 0.5)}, own) == own
    assert with_better_answers({}, own) == own


def test_an_entity_says_how_sure_its_role_and_group_are() -> None:
    entity = EntitySpan(0, 4, "city", "Rome", 0.9, role="to", group="1").as_dict()

    assert entity["confidence_role"] == entity["confidence_group"] == entity["confidence_entity"] == 0.9
    assert not {"confidence_role", "confidence_group"} & EntitySpan(0, 4, "city", "Rome", 0.9).as_dict().keys()
