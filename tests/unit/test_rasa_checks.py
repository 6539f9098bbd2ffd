"""Rasa's check for one text in two intents, which knows nothing of what stands before a text."""

from typing import Any

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.validator import Validator

from parlance.rasa.checks import repetitions_alone


def message(intent: str, after: str | None = None) -> Message:
    return Message.build("yes", intent, intent_metadata={"after": after} if after else None)


@pytest.mark.parametrize(
    ("messages", "fits"),
    [
        ([message("affirm", "Shall I?"), message("inform", "Which one?")], True),
        ([message("affirm"), message("inform", "Which one?")], True),
        ([message("affirm"), message("inform")], False),
    ],
)
def test_a_text_after_two_questions_is_no_conflict(messages: list[Message], fits: bool) -> None:
    data = TrainingData(messages)
    validator = Validator(Domain.empty(), data, StoryGraph([]), None)
    check: Any = repetitions_alone(Validator.verify_example_repetition_in_intents)

    assert check(validator, ignore_warnings=False) is fits
    assert validator.intents is data
