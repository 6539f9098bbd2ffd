"""Confidence: calibrated where messages are like the training data, low where they are not."""

from pathlib import Path

import numpy as np
import pytest

from parlance.finetuning.calibration import Outputs, fit_scope, fit_temperature
from parlance.inference.model import unit_length
from parlance.inference.scope import Scope, Statistics


def clusters(per_intent: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit embeddings around four of eight axes, their intents, and logits that know the intent."""
    random = np.random.default_rng(seed)
    intents = np.repeat(np.arange(4), per_intent)
    unit = unit_length(np.eye(8)[intents] + 0.15 * random.normal(size=(len(intents), 8)))
    return unit, intents, 8 * unit[:, :4]


def fitted() -> Scope:
    unit, intents, _ = clusters(100, 0)
    held, held_intents, logits = clusters(50, 1)
    return fit_scope(unit, intents, Outputs(logits, held), held_intents, 4, outside(), learned_outside=False)


def outside() -> Outputs:
    """What lies on the four axes that no intent has."""
    unit = unit_length(np.eye(8)[4:].repeat(10, axis=0) + 0.05 * np.random.default_rng(9).normal(size=(40, 8)))
    return Outputs(8 * unit[:, :4], unit)


@pytest.mark.parametrize("held", [2, 5, 20, 200])
@pytest.mark.parametrize("spread", [0.0, 0.001, 0.02])
def test_a_hold_out_of_near_duplicates_does_not_refuse_what_is_a_little_unlike(held: int, spread: float) -> None:
    unit, intents, _ = clusters(50, 0)
    random = np.random.default_rng(held)
    same = np.arange(held) % 4
    near = unit_length(np.eye(8)[same] + spread * random.normal(size=(held, 8)))
    scope = fit_scope(unit, intents, Outputs(8 * near[:, :4], near), same, 4, outside(), learned_outside=False)
    known = scope.covering(8 * unit[:, :4], unit)

    assert (known.confidences(8 * unit[:, :4], unit).max(1) > 0.5).mean() > 0.95
    assert np.median(known.confidences(*outside()).max(1)) < 0.3


def energies(values: np.ndarray) -> Outputs:
    """Outputs of one intent, whose logit is the evidence for being in scope."""
    return Outputs(values[:, None], np.ones((len(values), 2)) / np.sqrt(2))


@pytest.mark.parametrize("held", [0, 1, 3, 30])
def test_what_training_learned_of_outside_holds_where_the_hold_out_tells_little(held: int) -> None:
    inside, strange = energies(np.full(held, 6.0)), energies(np.full(100, -9.0))
    unit, intents = np.ones((4, 2)) / np.sqrt(2), np.zeros(4, dtype=int)
    scope = fit_scope(unit, intents, inside, np.zeros(held, dtype=int), 1, strange, learned_outside=True)

    assert scope.confidences(*energies(np.array([3.0])))[0, 0] > 0.8
    assert scope.confidences(*energies(np.array([-3.0 if held else -7.0])))[0, 0] < 0.2


def test_without_a_hold_out_doubt_begins_nearer_to_messages_from_outside_than_at_even_odds() -> None:
    unit, intents = np.ones((4, 2)) / np.sqrt(2), np.zeros(4, dtype=int)
    strange = energies(np.full(100, -9.0))
    scope = fit_scope(unit, intents, energies(np.zeros(0)), intents[:0], 1, strange, learned_outside=True)

    assert scope.confidences(*energies(np.array([-3.0])))[0, 0] > 0.5


def test_messages_from_outside_that_seem_in_scope_move_nothing_towards_them() -> None:
    unit, intents = np.ones((4, 2)) / np.sqrt(2), np.zeros(4, dtype=int)
    strange = energies(np.full(100, 2.0))
    scope = fit_scope(unit, intents, energies(np.zeros(0)), intents[:0], 1, strange, learned_outside=True)

    assert scope.confidences(*energies(np.array([-1.0])))[0, 0] < 0.3


def test_evidence_that_is_too_weak_or_too_strong_on_the_hold_out_is_put_right() -> None:
    random = np.random.default_rng(0)
    inside, strange = energies(random.normal(-2.0, 1, 100)), energies(random.normal(-7.0, 1, 100))
    unit, intents = np.ones((4, 2)) / np.sqrt(2), np.zeros(4, dtype=int)
    scope = fit_scope(unit, intents, inside, np.zeros(100, dtype=int), 1, strange, learned_outside=True)

    assert (scope.confidences(*inside) > 0.5).mean() > 0.95
    assert (scope.confidences(*strange) < 0.5).mean() > 0.95


def test_a_message_like_the_training_data_keeps_its_confidence_and_a_strange_one_loses_it() -> None:
    scope = fitted()
    unit, intents, logits = clusters(50, 2)
    strange = np.eye(8)[4:]

    known = scope.confidences(logits, unit)
    far = scope.confidences(8 * strange[:, :4], strange)

    assert (known.argmax(1) == intents).mean() > 0.98
    assert np.median(known.max(1)) > 0.9
    assert far.max() < 0.05


def test_confidences_never_sum_to_more_than_one() -> None:
    unit, _, logits = clusters(20, 3)

    assert (fitted().confidences(logits, unit).sum(1) <= 1 + 1e-6).all()


def test_a_temperature_makes_overconfident_logits_right_on_average() -> None:
    random = np.random.default_rng(0)
    intents = random.integers(0, 3, 2000)
    true = random.normal(size=(2000, 3))
    true[np.arange(2000), intents] += 1.0
    temperature = fit_temperature(5 * true, intents)
    sure = np.exp(5 * true / temperature)
    sure = (sure / sure.sum(1, keepdims=True)).max(1)

    assert abs(sure.mean() - (true.argmax(1) == intents).mean()) < 0.03


def test_a_perfect_but_tiny_hold_out_does_not_make_the_model_sure_of_everything() -> None:
    assert fit_temperature(np.array([[3.0, 0.0], [0.0, 3.0]]), np.array([0, 1])) > 0.3


def test_an_intent_without_utterances_is_nobodys_nearest() -> None:
    statistics = Statistics.of(np.eye(4)[[0, 0, 1]], np.array([0, 0, 2]), 3)

    assert np.isinf(statistics.means[1]).all()
    assert np.isfinite(statistics.distances(np.eye(4))).all()


def test_a_scope_is_read_as_it_was_written(tmp_path: Path) -> None:
    scope = fitted()
    scope.save(tmp_path / "scope.safetensors")
    read = Scope.load(tmp_path / "scope.safetensors", vars(scope.calibration))
    unit, _, logits = clusters(5, 4)

    assert np.array_equal(read.confidences(logits, unit), scope.confidences(logits, unit))
