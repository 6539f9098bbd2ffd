"""DialoguePolicy: the next action learned from stories, trained in PyTorch and served by ONNX Runtime."""

import logging
from pathlib import Path
from typing import Any

from rasa.core.policies.policy import Policy, PolicyPrediction, SupportedData
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.core.constants import ACTION_DEACTIVATE_LOOP_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import INTENT_NAME_KEY

from parlance.dialogue.examples import Story
from parlance.dialogue.options import DialogueOptions
from parlance.dialogue.predictor import ActionPredictor
from parlance.extras import importing_for_training
from parlance.rasa import patches
from parlance.rasa.errors import as_rasa_errors, while_training
from parlance.rasa.turn_completion import form_asks_again, form_has_just_rejected

MODEL_FOLDER = "model"
PRIORITY = 1
"""TEDPolicy's: what rules and memoized stories say comes first."""

RASA_OPTIONS = {"priority", "finetuning_epoch_fraction"}

logger = logging.getLogger(__name__)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class DialoguePolicy(Policy):
    """Predicts the next action with a small Transformer over the last states, in the place of TEDPolicy.

    Reads what TEDPolicy reads of a conversation: intents, entities, slots that influence it, actions, active forms.
    Learns from stories, not from rules, and does not see turns, slots and forms that only rules know. Messages of
    end-to-end stories, which have a text and no intent, are not learned from. Training imports torch; serving does not.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Every option with its default: those of DialogueOptions, and the policy's priority."""
        return {**DialogueOptions().as_dict(), "priority": PRIORITY}

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        predictor: ActionPredictor | None = None,
        initial_model: Path | None = None,
    ) -> None:
        patches.apply()
        options = _options(config)
        super().__init__({**config, "max_history": options.max_history}, model_storage, resource, execution_context)
        self._options = options
        self._predictor = predictor
        self._initial_model = initial_model

    def train(self, training_trackers: list[TrackerWithCachedStates], domain: Domain) -> Resource:
        """Learn from the stories and keep the model in Rasa's model storage."""
        trackers = SupportedData.trackers_for_supported_data(self.supported_data(), training_trackers)
        # The library has a better way of its own to concatenate stories; see DialogueExamples.concatenated.
        stories = [self._story(tracker, domain) for tracker in trackers if not tracker.is_augmented]
        if not any(story.actions for story in stories):
            logger.warning("DialoguePolicy has nothing to learn: there are no stories.")
            return self._resource
        # Rasa has multiplied a given number of epochs by the fraction; one that the policy chooses it could not.
        fraction = 1.0 if self._options.epochs else float(self.config.get("finetuning_epoch_fraction", 1.0))
        with while_training(), self._model_storage.write_to(self._resource) as folder:
            with importing_for_training():
                from parlance.dialogue.training import train_dialogue
            train_dialogue(stories, folder / MODEL_FOLDER, self._options, self._initial_model, fraction)
        return self._resource

    def _story(self, tracker: TrackerWithCachedStates, domain: Domain) -> Story:
        # The public method takes all trackers together, and forgets where an example comes from.
        examples = list(self.featurizer._extract_examples(tracker, domain, ignore_action_unlikely_intent=True))
        return Story([states for states, _, _ in examples], [label[0] for _, label, _ in examples])

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "DialoguePolicy":
        """Load the trained model: to serve it, or to go on training from it with ``rasa train --finetune``."""
        try:
            with model_storage.read_from(resource) as folder:
                trained = folder / MODEL_FOLDER
        except ValueError:  # Rasa's way of saying that the resource is not there: nothing was trained
            logger.debug("No model of %s was found; the policy predicts nothing.", resource.name)
            return cls(config, model_storage, resource, execution_context)
        if execution_context.is_finetuning:
            return cls(config, model_storage, resource, execution_context, initial_model=trained)
        with as_rasa_errors():
            return cls(config, model_storage, resource, execution_context, ActionPredictor.load(trained))

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """The probability of each action; all 0 where nothing was trained. Where a message was not understood and the
        open form has no use for it, the form asks again, unless a rule or another policy knows better."""
        if not self._predictor:
            return self._prediction(self._default_predictions(domain))
        states = self._prediction_states(tracker, domain, rule_only_data=rule_only_data)
        found = dict(zip(self._predictor.actions, self._predictor.predict(states).tolist(), strict=True))
        if form_has_just_rejected(tracker) and not self._may_follow(max(found, key=found.__getitem__), tracker, domain):
            return form_asks_again(tracker, domain, type(self).__name__)
        return self._prediction([found.get(action, 0.0) for action in domain.action_names_or_texts])

    def _may_follow(self, action: str, tracker: DialogueStateTracker, domain: Domain) -> bool:
        """Whether an action may follow on a message that the open form had no use for.

        After an intent that no story has, an action is chosen by the turns before, and could start another form or
        leave this one. What is not understood may be answered as stories have it, but moves nobody out of a form.
        """
        intent = tracker.latest_message.intent.get(INTENT_NAME_KEY) if tracker.latest_message else None
        if not self._predictor or not intent or not self._predictor.knows_intent(intent):
            return False
        moves = {*domain.form_names, ACTION_DEACTIVATE_LOOP_NAME} - {tracker.active_loop_name}
        return intent != DEFAULT_NLU_FALLBACK_INTENT_NAME or action not in moves


def _options(config: dict[str, Any]) -> DialogueOptions:
    own = {name: value for name, value in config.items() if name not in RASA_OPTIONS}
    with as_rasa_errors(InvalidConfigException):
        return DialogueOptions.from_dict(own, beside=["priority"])
