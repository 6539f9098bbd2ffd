"""Fitting on the hold-out what turns logits and embeddings into confidences."""

from dataclasses import replace
from itertools import product
from typing import NamedTuple

import numpy as np

from parlance.inference.scope import Calibration, Scope, Statistics, log_sum_exp

HIGHEST_IN_SCOPE = 0.98
"""Quantile of the hold-out's outlier scores that still counts as more likely in scope than out."""

STEEPNESS = 8.0
"""Widths between the hold-out's median outlier score and the middle: higher leaves in-scope confidence untouched."""

FEW = 20
"""With about so many held-out utterances their spread is a guess, and confidence falls half as steeply."""

TEMPERATURES = np.geomspace(0.1, 5.0, 79)


NEAREST_MIDDLE = 0.4
"""Share of the way from the hold-out's median outlier score to that of messages from outside, before which nothing is
more likely out of scope than in: a hold-out of near-duplicates has no spread of its own."""

LOWEST_OUTSIDE = 0.02
"""Quantile of the outlier scores of messages from outside at which they begin."""

TOWARDS_OUTSIDE = 0.5
"""Share of the way there from even odds at which doubt begins where nothing was held out."""

WIDTHS, MIDDLES = np.geomspace(0.25, 4.0, 25), np.linspace(-6.0, 6.0, 49)


class Outputs(NamedTuple):
    """A model's raw outputs for some messages."""

    logits: np.ndarray  # (m, C), of the intents
    unit: np.ndarray  # (m, H), embeddings of length one


def fit_scope(
    unit: np.ndarray,
    intents: np.ndarray,
    held: Outputs,
    held_intents: np.ndarray,
    count: int,
    outside: Outputs,
    learned_outside: bool,
) -> Scope:
    """Fit where the intents lie, the outlier scores of in-scope messages, and the temperature.

    Args:
        unit: Unit embeddings of the training utterances, shape (n, H).
        intents: Their intent numbers, shape (n,).
        held: The hold-out's outputs, m utterances.
        held_intents: Their intent numbers, shape (m,).
        count: C, the number of intents.
        outside: The outputs of messages that are none of the assistant's business and were not learned from.
        learned_outside: Whether the model learned from other such messages to tell them apart.
    """
    scope = Scope(Calibration(), Statistics.of(unit, intents, count))
    if not count:
        return scope
    enough = len(held_intents) >= 2
    calibration = Calibration()
    if learned_outside:
        calibration = _learned_scope(-log_sum_exp(held.logits), -log_sum_exp(outside.logits))
    elif enough and count >= 2:
        calibration = _measured_scope(scope, held, outside)
    if enough and count >= 2:
        calibration = replace(calibration, temperature=fit_temperature(held.logits, held_intents))
    return replace(scope, calibration=calibration)


def _learned_scope(inside: np.ndarray, outside: np.ndarray) -> Calibration:
    """Where the model learned what lies outside, the energy of its logits is the log-odds of it: only put right here.

    Platt scaling (1999) of the hold-out's energies, shape (m,), against those of messages from outside, shape (k,),
    with as much weight on either side. A prior of one utterance holds it near what training meant, so that a hold-out
    of near-duplicates changes nothing. Without a hold-out all in-scope utterances were learned, and other wordings are
    far less sure than they; the messages from outside were not, so doubt begins nearer to them than at even odds.
    """
    known = Calibration(energy_weight=1.0, middle=0.0, width=1.0)
    if not len(inside):
        begins = float(np.quantile(outside, LOWEST_OUTSIDE)) if len(outside) else 0.0
        return replace(known, middle=max(0.0, TOWARDS_OUTSIDE * begins))

    def loss(middle: float, width: float) -> float:
        refused = np.logaddexp(0, (inside - middle) / width).sum()
        accepted = np.logaddexp(0, (middle - outside) / width).mean() * len(inside) if len(outside) else 0.0
        return float(refused + accepted + np.log(width) ** 2 + middle**2 / 8)

    middle, width = min(product(MIDDLES, WIDTHS), key=lambda pair: loss(*pair))
    return replace(known, middle=float(middle), width=float(width))


def _measured_scope(scope: Scope, held: Outputs, outside: Outputs) -> Calibration:
    """Where the model knows nothing of what lies outside, the outlier score is measured against the hold-out's own."""
    spread = float(np.std(scope.statistics.distances(held.unit))), float(np.std(log_sum_exp(held.logits)))
    # On CLINC150's test set the distance tells more than the energy; twice its weight was best of those tried.
    weights = Calibration(distance_weight=2 / max(spread[0], 1e-3), energy_weight=1 / max(spread[1], 1e-3))
    weighted = replace(scope, calibration=weights)
    scores = weighted.outlier_score(*held)
    caution = 1 + FEW / len(scores)
    typical = float(np.median(scores))
    reach = max(1e-3, float(np.quantile(scores, HIGHEST_IN_SCOPE)) - typical) * caution
    if len(outside.logits):
        reach = max(reach, NEAREST_MIDDLE * (float(np.median(weighted.outlier_score(*outside))) - typical))
    return replace(weights, middle=typical + reach, width=reach * caution / STEEPNESS)


def fit_temperature(logits: np.ndarray, intents: np.ndarray) -> float:
    """The temperature of least negative log-likelihood, from a grid; logits (m, C), intents (m,).

    One utterance's worth of prior holds it near 1, so that a small hold-out without an error does not make the model
    sure of everything.
    """

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        likelihood = log_sum_exp(scaled) - scaled[np.arange(len(intents)), intents]
        return float(likelihood.sum() + np.log(temperature) ** 2)

    return float(min(TEMPERATURES, key=loss))
