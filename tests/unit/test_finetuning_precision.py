"""What a lower precision costs, and how much of that is chance."""

import numpy as np
import pytest

from parlance.data.examples import Example
from parlance.finetuning.precision import Agreement, Understanding, costs_too_much, messages_to_agree_on


def spoiled(utterances: int, worse: int, better: int, column: int = 0) -> tuple[Understanding, Understanding]:
    """A full precision and a lower one that is wrong in some where the full is right, and the other way round."""
    full, lower = np.ones((2, utterances, 3), dtype=bool)
    lower[:worse, column] = False
    full[worse : worse + better, column] = False
    return Understanding({}, full), Understanding({}, lower)


@pytest.mark.parametrize("column", [0, 1, 2], ids=["intents", "entities", "acts"])
@pytest.mark.parametrize(
    ("utterances", "worse", "better", "too_much"),
    [
        (700, 0, 0, False),
        (700, 2, 0, False),  # 0.29 points, as easily two the other way round
        (700, 10, 6, False),
        (700, 5, 0, False),
        (700, 9, 0, True),
        (700, 0, 6, False),
        (50, 1, 0, False),
        (50, 8, 0, True),
        (1000, 40, 0, True),
        (100_000, 300, 0, True),  # 0.3 points, and no chance
        (100_000, 150, 0, False),
    ],
)
def test_a_loss_counts_beyond_chance(utterances: int, worse: int, better: int, too_much: bool, column: int) -> None:
    assert costs_too_much(*spoiled(utterances, worse, better, column)) is too_much


@pytest.mark.parametrize(
    ("intents", "entities", "shift", "enough"),
    [(0, 0, 0, True), (0.005, 0.0, 0.01, True), (0.01, 0, 0, False), (0, 0.01, 0, False), (0, 0, 0.05, False)],
)
def test_where_the_hold_out_is_small_int8_must_say_the_same(
    intents: float, entities: float, shift: float, enough: bool
) -> None:
    figures = {"messages": 300, "intents_differ": intents, "entities_differ": entities, "shift": shift}

    assert Agreement(figures).is_enough is enough


@pytest.mark.parametrize("count", [1, 8, 101, 1500])
def test_a_small_project_is_compared_on_enough_messages(count: int) -> None:
    examples = [Example(f"message number {number}", "any") for number in range(count)]
    messages = messages_to_agree_on(examples, 0)

    assert 200 <= len(messages) <= 450
    assert set(messages[: min(count, 200)]) <= set(examples)
