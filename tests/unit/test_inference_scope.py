"""Confidence: calibrated where messages are like the training data, low where they are not."""

from pathlib import Path

import numpy as np

from parlance.finetuning.calibration import fit_scope, fit_temperature
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
    return fit_scope(unit, intents, logits, held, held_intents, 4)


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
