"""A prediction that depends on what the other policies predict: Rasa's ensemble is taught to weigh it."""

import copy
from collections.abc import Callable, Iterable
from functools import wraps

from rasa.core.policies.ensemble import DefaultPolicyPredictionEnsemble
from rasa.core.policies.policy import PolicyPrediction, confidence_scores_for
from rasa.shared.core.constants import ACTION_DEFAULT_FALLBACK_NAME, ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActionExecutionRejected, Event, LoopInterrupted
from rasa.shared.core.trackers import DialogueStateTracker

Combine = Callable[
    [DefaultPolicyPredictionEnsemble, list[PolicyPrediction], DialogueStateTracker, Domain], PolicyPrediction
]

NOTHING_TO_SAY = (ACTION_LISTEN_NAME, ACTION_DEFAULT_FALLBACK_NAME)
"""What is predicted where no rule and no story has anything more for this turn."""


class TurnCompletion(PolicyPrediction):
    """``action``, but only where the policies together would choose one of ``instead_of``.

    A policy cannot say this to Rasa by confidence and priority, because it does not see what the others predict: to
    beat RulePolicy's action_listen it would have to beat everything else that a rule says. So the ensemble decides
    without completions first. To an ensemble that does not know them a completion predicts nothing.
    """

    def __init__(
        self, domain: Domain, policy_name: str, action: str, instead_of: Iterable[str], events: Iterable[Event] = ()
    ) -> None:
        super().__init__([0.0] * domain.num_actions, policy_name)
        self._scores = confidence_scores_for(action, 1.0, domain)
        self._instead_of = {domain.index_for_action(name) for name in instead_of}
        self._events = list(events)

    def applied_to(self, choice: PolicyPrediction) -> PolicyPrediction:
        """The completion, if it takes the place of the choice, with the events of both; otherwise the choice."""
        if choice.max_confidence_index not in self._instead_of:
            return choice
        completed = copy.copy(choice)
        completed.probabilities, completed.policy_name = self._scores, self.policy_name
        completed.events = [*choice.events, *self._events]
        return completed


def form_has_just_rejected(tracker: DialogueStateTracker) -> bool:
    """Whether the open form had no use for the latest message, and nothing else has answered it yet."""
    actions = (
        event for event in reversed(tracker.events) if isinstance(event, ActionExecuted | ActionExecutionRejected)
    )
    return tracker.is_active_loop_rejected and isinstance(next(actions, None), ActionExecutionRejected)


def form_asks_again(tracker: DialogueStateTracker, domain: Domain, policy_name: str) -> TurnCompletion:
    """The open form says what it needs, where nobody has anything to say to a message that it had no use for.

    Without a new value it would reject the message as it did before; told of an interruption it asks.
    """
    form = tracker.active_loop_name
    assert form
    return TurnCompletion(domain, policy_name, form, NOTHING_TO_SAY, [LoopInterrupted(True)])


def then_complete(original: Combine) -> Combine:
    """A ``combine_predictions`` of the ensemble that knows of completions."""

    @wraps(original)
    def combine_predictions(
        self: DefaultPolicyPredictionEnsemble,
        predictions: list[PolicyPrediction],
        tracker: DialogueStateTracker,
        domain: Domain,
    ) -> PolicyPrediction:
        choice = original(self, predictions, tracker, domain)
        for prediction in predictions:
            if isinstance(prediction, TurnCompletion):
                choice = prediction.applied_to(choice)
        return choice

    return combine_predictions
