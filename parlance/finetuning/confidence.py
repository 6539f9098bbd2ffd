"""How sure a trained model may be: its confidence is fitted, and it is looked at whether scope can be told."""

import logging
from dataclasses import replace
from typing import Any

import numpy as np

from parlance.data.examples import Example
from parlance.finetuning.calibration import Outputs, fit_scope, fit_temperature
from parlance.finetuning.learner import Learner
from parlance.finetuning.model import JointModel
from parlance.finetuning.outliers import Outliers
from parlance.finetuning.packaging import Packager
from parlance.finetuning.plan import Plan, digest
from parlance.inference.scope import Scope

OUTLIERS_TO_LOOK_AT = 200
"""Messages from outside, not learned from, by which the confidence of a small project is fitted."""

MAY_ACCEPT = 0.3
"""The share of messages from outside that may seem in scope before training says so."""

logger = logging.getLogger(__name__)


def calibrate(learner: Learner, packager: Packager, model: JointModel, parts: Plan) -> tuple[Scope, dict[str, Any]]:
    """Fit the confidence on the hold-out, and export the model.

    Returns:
        What turns logits into confidences, and the hold-out's figures: of the initial model's hold-out where its
        calibration stays, and then ``kept`` says when it was made.
    """
    parity = packager.export(model, parts.part)
    if parts.keeps_calibration and learner.start.metadata and learner.start.scope:
        earlier = learner.start.metadata["holdout"]
        kept = {"kept": earlier.get("kept", learner.start.metadata["created"]), "texts": []}
        return learner.start.scope, earlier | kept | {"parity": parity}
    unit, intents = learner.known(model, parts.part)
    held = learner.encode(parts.held)
    labelled = held.intents >= 0
    result = learner.outputs(model, held)
    scope = fit_scope(
        unit.unit,
        intents,
        Outputs(result.logits[labelled], result.unit[labelled]),
        held.intents[labelled],
        len(learner.labels.intents),
        _outside_seen_by(learner, model, parts.unseen),
        bool(parts.outliers),
    )
    if (acting := held.acts >= 0).any():
        temperature = fit_temperature(learner.act_logits(model, held)[acting], held.acts[acting])
        scope = replace(scope, calibration=replace(scope.calibration, act_temperature=temperature))
    holdout = {"utterances": len(parts.held), "parity": parity, **packager.figures(scope, parts.held)}
    # A later training goes on from what the final model has not learned: nothing after a rehearsal.
    return scope, holdout | {"texts": [] if parts.rehearses else sorted(map(digest, parts.held))}


def fitted_to(learner: Learner, scope: Scope, model: JointModel, examples: list[Example]) -> Scope:
    """The calibration over what the final model makes of what it learned."""
    known, intents = learner.known(model, examples)
    scope = scope.with_statistics(known.unit, intents, len(learner.labels.intents))
    return scope.covering(*known)


def outside_accepted(learner: Learner, scope: Scope, model: JointModel, outliers: Outliers) -> dict[str, float]:
    """The share of messages from outside that seem in scope; a warning where that is too many."""
    if not learner.labels.intents:
        return {}
    share = float((scope.in_scope(*_outside_seen_by(learner, model, outliers)) > 0.5).mean())
    if share > MAY_ACCEPT:
        logger.warning(
            "What is in scope could not be told from what is not: %.0f %% of messages that are none of the "
            "assistant's business seem to be. Add examples of many wordings, or an intent `out_of_scope`.",
            100 * share,
        )
    return {"outside_accepted": share}


def _outside_seen_by(learner: Learner, model: JointModel, outliers: Outliers) -> Outputs:
    """What the model makes of messages from outside."""
    messages = outliers.draw(OUTLIERS_TO_LOOK_AT, np.random.default_rng(learner.options.seed + 1))
    return learner.outputs(model, learner.encode_outside(messages))
