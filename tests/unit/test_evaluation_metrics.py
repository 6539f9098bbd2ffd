import numpy as np
import pytest

from parlance.data.examples import Entity
from parlance.evaluation.metrics import (
    Scores,
    accuracy,
    auroc,
    confused_pairs,
    detection_scores,
    entity_overlap_scores,
    entity_scores,
    expected_calibration_error,
    intent_scores,
    reliability,
)

CITY = Entity(0, 4, "city")


def test_scores_are_zero_where_nothing_is_there() -> None:
    assert Scores.from_counts(0, 0, 0) == Scores(0.0, 0.0, 0.0, 0)
    assert accuracy([], []) == 0.0


def test_intent_scores_by_hand() -> None:
    gold = ["a", "a", "a", "b"]
    predicted = ["a", "a", "b", "c"]
    scores = intent_scores(gold, predicted)
    assert scores.micro.f1 == accuracy(gold, predicted) == 0.5
    assert scores.by_label["a"] == Scores(precision=1.0, recall=2 / 3, f1=0.8, support=3)
    assert scores.by_label["b"] == Scores(precision=0.0, recall=0.0, f1=0.0, support=1)
    assert scores.by_label["c"].support == 0
    assert scores.f1_macro == pytest.approx(0.8 / 3)


def test_no_prediction_is_a_miss_but_not_a_false_positive() -> None:
    assert intent_scores(["a", "a"], ["a", None]).micro == Scores(precision=1.0, recall=0.5, f1=2 / 3, support=2)


def test_confused_pairs_come_by_how_often() -> None:
    assert confused_pairs(["a", "b", "b", "c"], ["a", "a", "a", None]) == [("b", "a", 2), ("c", None, 1)]


@pytest.mark.parametrize(
    "predicted",
    [
        Entity(0, 5, "city"),
        Entity(0, 4, "team"),
        Entity(0, 4, "city", role="to"),
        Entity(0, 4, "city", group="1"),
    ],
)
def test_an_exact_entity_agrees_in_everything(predicted: Entity) -> None:
    assert entity_scores([[CITY]], [[CITY]]).micro.f1 == 1.0
    assert entity_scores([[CITY]], [[predicted]]).micro == Scores(0.0, 0.0, 0.0, 1)


def test_the_value_of_an_entity_is_not_compared() -> None:
    assert entity_scores([[Entity(0, 4, "city", value="Rome")]], [[CITY]]).micro.f1 == 1.0


def test_the_same_entity_from_two_extractors_counts_once() -> None:
    assert entity_scores([[CITY]], [[CITY, CITY]]).micro.f1 == 1.0
    assert entity_overlap_scores([[]], [[CITY, CITY]]).micro == Scores.from_counts(0, 0, 1)


def test_entity_scores_are_summed_over_examples_and_kept_by_type() -> None:
    date = Entity(5, 9, "date")
    scores = entity_scores([[CITY, date], [CITY]], [[CITY], [CITY, date]])
    assert scores.micro == Scores.from_counts(2, 1, 1)
    assert scores.by_label["city"].f1 == 1.0
    assert scores.by_label["date"] == Scores.from_counts(0, 1, 1)


@pytest.mark.parametrize(
    ("gold", "predicted", "hits", "missed", "wrong"),
    [
        ([(0, 8)], [(4, 12)], 1, 0, 0),  # borders do not matter
        ([(0, 4)], [(4, 8)], 0, 1, 1),  # side by side is no overlap
        ([(0, 4), (5, 9)], [(0, 9)], 2, 0, 0),  # one prediction over two
        ([(0, 9)], [(0, 4), (5, 9)], 1, 0, 0),  # two predictions in one
        ([(0, 4)], [], 0, 1, 0),
        ([], [(0, 4)], 0, 0, 1),
    ],
)
def test_overlap_scores_as_the_hermit_paper(
    gold: list[tuple[int, int]], predicted: list[tuple[int, int]], hits: int, missed: int, wrong: int
) -> None:
    spans = [[Entity(start, end, "city") for start, end in part] for part in (gold, predicted)]
    assert entity_overlap_scores([spans[0]], [spans[1]]).micro == Scores.from_counts(hits, missed, wrong)


def test_overlap_needs_the_same_type_but_not_the_same_role() -> None:
    assert entity_overlap_scores([[CITY]], [[Entity(0, 4, "team")]]).micro.f1 == 0.0
    assert entity_overlap_scores([[CITY]], [[Entity(0, 4, "city", role="to")]]).micro.f1 == 1.0


def test_calibration_error_by_hand() -> None:
    bins = reliability([0.95, 0.95, 0.55, 0.55], [True, True, True, False], bins=10)
    assert [(part.count, part.accuracy) for part in bins] == [(2, 0.5), (2, 1.0)]
    assert expected_calibration_error(bins) == pytest.approx(0.5 * 0.05 + 0.5 * 0.05)


def test_a_confidence_on_an_edge_is_in_the_bin_below_it() -> None:
    bins = reliability([0.0, 0.5, 1.0], [False, True, True], bins=2)
    assert [(part.lower, part.count) for part in bins] == [(0.0, 2), (0.5, 1)]


def test_perfectly_calibrated_confidence_has_no_error() -> None:
    assert expected_calibration_error(reliability([1.0, 0.5, 0.5], [True, True, False])) == 0.0
    assert expected_calibration_error([]) == 0.0


def test_auroc_is_the_share_of_pairs_in_the_right_order() -> None:
    random = np.random.default_rng(0)
    high, low = random.integers(3, 9, 40), random.integers(0, 7, 60)
    pairs = np.sign(high[:, None] - low[None, :])
    assert auroc(high, low) == pytest.approx(((pairs + 1) / 2).mean())


def test_auroc_of_ties_is_guessing_and_of_nothing_is_none() -> None:
    assert auroc([0.5, 0.5], [0.5]) == 0.5
    assert auroc([1.0], []) is None
    assert auroc([], [1.0]) is None


def test_detection_scores() -> None:
    assert detection_scores([True, True, False, False], [True, False, True, False]) == Scores(0.5, 0.5, 0.5, 2)
