"""What a lower precision costs, and how much of that is chance."""

import numpy as np
import pytest

from parlance.finetuning.precision import Understanding, costs_too_much


def spoiled(utterances: int, worse: int, better: int, column: int = 0) -> tuple[Understanding, Understanding]:
    """A full precision and a lower one that is wrong in some where the full is right, and the other way round."""
    full, lower = np.ones((utterances, 2), dtype=bool), np.ones((utterances, 2), dtype=bool)
    lower[:worse, column] = False
    full[worse : worse + better, column] = False
    return Understanding({}, full), Understanding({}, lower)


@pytest.mark.parametrize("column", [0, 1], ids=["intents", "entities"])
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
