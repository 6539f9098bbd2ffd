"""TurnPolicy: what is still to be done when an answer was given: a form goes on, a second request is taken up."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar

from rasa.core.policies.policy import Policy, PolicyPrediction
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.constants import (
    ACTION_DEACTIVATE_LOOP_NAME,
    ACTION_LISTEN_NAME,
    DEFAULT_ACTION_NAMES,
)
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    BotUttered,
    Event,
    LoopInterrupted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import InvalidConfigException

from parlance.errors import did_you_mean
from parlance.options import Names, Options, mapping_option, option
from parlance.rasa import patches
from parlance.rasa.errors import as_rasa_errors
from parlance.rasa.turn_completion import (
    NOTHING_TO_SAY,
    TurnCompletion,
    form_asks_again,
    form_has_just_rejected,
)


@dataclass(frozen=True)
class TurnOptions(Options):
    """What TurnPolicy is told of the assistant. The names are those that ``config.yml`` uses."""

    component: ClassVar[str] = "TurnPolicy"

    questions: Names = option(
        (),
        "Actions and responses that ask the customer something. After one of them the form waits for the answer, and "
        "asks again when the turn after that ends.",
    )
    further_request: dict[str, str] | None = mapping_option(
        "When a turn ends, no form is active and the slot is set, the action is run, once a turn. It is to clear the "
        "slot. A customer who leaves a form has the slot emptied.",
        slot="a slot",
        action="an action",
    )


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class TurnPolicy(Policy):
    """Completes a turn: after a digression, and after a message that nobody knows what to do with, the form asks again;
    and a second request of a message is taken up.

    It acts where the other policies have nothing more to say, and nowhere else; so general rules (*intent faq, action
    utter_faq*) serve inside and outside forms. Deterministic; learns nothing.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Every option with its default: those of TurnOptions, and the priority, which decides nothing."""
        # Rasa wants one of its own for each policy.
        return {**TurnOptions().as_dict(), "priority": 0}

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> None:
        super().__init__(config, model_storage, resource, execution_context, **kwargs)
        patches.apply()
        options = _options(config)
        self._questions = frozenset(options.questions)
        self._further = options.further_request

    def train(self, domain: Domain) -> Resource:
        """Check that the options name actions and a slot of the domain.

        Raises:
            InvalidConfigException: With the name that the domain lacks, and the nearest that it has.
        """
        actions = domain.action_names_or_texts
        for name in self._questions:
            _check_known(name, actions, "questions", "action or response")
        if self._further:
            _check_known(self._further["action"], actions, "further_request", "action or response")
            _check_known(self._further["slot"], [slot.name for slot in domain.slots], "further_request", "slot")
        return self._resource

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """Propose what completes the turn; nothing where the turn is for the other policies to decide."""
        turn = _events_of_turn(tracker)
        answer = _last_action(turn)
        completion = None
        if form_has_just_rejected(tracker):
            completion = form_asks_again(tracker, domain, type(self).__name__)
        elif answer and tracker.is_active_loop_rejected:
            completion = self._form_goes_on(answer, turn, tracker.active_loop_name, domain)
        elif answer and not tracker.active_loop_name:
            completion = self._further_request(answer, turn, tracker, domain)
        return completion or self._prediction(self._default_predictions(domain))

    def _form_goes_on(self, answer: str, turn: list[Event], form: str, domain: Domain) -> TurnCompletion | None:
        """The form had no use for the message, something else answered it, and nobody has anything to add."""
        if answer in self._questions:
            # RulePolicy itself returns to the form after a general rule.
            return self._completion(domain, ACTION_LISTEN_NAME, [form])
        if answer == ACTION_LISTEN_NAME:
            # The form has waited for the answer to another question, and no rule knows what to do with it. Without a
            # new value the form would reject the message as it did before; told of an interruption it asks again.
            heard = any(isinstance(event, SlotSet) for event in turn)
            return self._completion(domain, form, NOTHING_TO_SAY, [] if heard else [LoopInterrupted(True)])
        if answer in DEFAULT_ACTION_NAMES:
            return None
        return self._completion(domain, form, NOTHING_TO_SAY)

    def _further_request(
        self, answer: str, turn: list[Event], tracker: DialogueStateTracker, domain: Domain
    ) -> TurnCompletion | None:
        if not self._further or not tracker.get_slot(self._further["slot"]):
            return None
        action = self._further["action"]
        if _was_run(ACTION_DEACTIVATE_LOOP_NAME, turn):
            return self._completion(domain, ACTION_LISTEN_NAME, NOTHING_TO_SAY, [SlotSet(self._further["slot"], None)])
        asks = answer in self._questions or _last_response(turn) in self._questions
        if answer in DEFAULT_ACTION_NAMES or asks or _was_run(action, turn):
            return None
        return self._completion(domain, action, [ACTION_LISTEN_NAME])

    def _completion(
        self, domain: Domain, action: str, instead_of: Collection[str], events: Collection[Event] = ()
    ) -> TurnCompletion:
        return TurnCompletion(domain, type(self).__name__, action, instead_of, events)


def _events_of_turn(tracker: DialogueStateTracker) -> list[Event]:
    """What happened since the customer's last message, oldest first."""
    turn: list[Event] = []
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            break
        turn.insert(0, event)
    return turn


def _last_action(turn: list[Event]) -> str | None:
    """The turn's last action, action_listen where there is none yet, None where it was rejected."""
    last = next(
        (event for event in reversed(turn) if isinstance(event, (ActionExecuted, ActionExecutionRejected))), None
    )
    if last is None:
        return str(ACTION_LISTEN_NAME)
    return None if isinstance(last, ActionExecutionRejected) else last.action_name or last.action_text


def _last_response(turn: list[Event]) -> str | None:
    """The name of the turn's last response, which an action or a form may have said."""
    said = next((event for event in reversed(turn) if isinstance(event, BotUttered)), None)
    return said.metadata.get("utter_action") if said else None


def _was_run(action: str, turn: list[Event]) -> bool:
    return any(isinstance(event, ActionExecuted) and event.action_name == action for event in turn)


def _options(config: dict[str, Any]) -> TurnOptions:
    own = {name: value for name, value in config.items() if name != "priority"}
    with as_rasa_errors(InvalidConfigException):
        return TurnOptions.from_dict(own, beside=["priority"])


def _check_known(name: str, known: Collection[str], option: str, kind: str) -> None:
    if name not in known:
        raise InvalidConfigException(
            f"The option `{option}` of TurnPolicy names `{name}`, and the domain has no such {kind}. "
            f"{did_you_mean(name, known)}".rstrip()
        )
