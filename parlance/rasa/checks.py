"""Checks of Rasa's that know only Rasa's own components: here they count others that can do the same."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from rasa.core.policies.ted_policy import TEDPolicy
from rasa.engine.graph import GraphSchema
from rasa.graph_components.validators.default_recipe_validator import DefaultV1RecipeValidator
from rasa.graph_components.validators.finetuning_validator import (
    FINGERPRINT_CORE,
    FINGERPRINT_NLU,
    FinetuningValidator,
)
from rasa.nlu.classifiers.diet_classifier import DIETClassifier
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.validator import Validator

from parlance.rasa.messages import context_in

FIXED_LABELS = {FINGERPRINT_NLU: DIETClassifier, FINGERPRINT_CORE: TEDPolicy}
"""What fixes the labels that a fingerprint is about. ResponseSelector is a DIETClassifier, UnexpecTED a TEDPolicy."""


LEARNS_ENTITIES = "learns_entities"
"""An attribute, true of the class of a component that learns entities, their roles and groups."""


def allow_new_labels(original: Callable[..., None]) -> Callable[..., None]:
    """Let ``rasa train --finetune`` add intents and entities where every component can learn them.

    Rasa refuses new labels because DIETClassifier and TEDPolicy fix their outputs when they are first trained.
    TransformerNLU adds outputs; memoization and rules learn from the data anew each time. So where a graph has no
    component that fixes labels, the refusal is lifted; everywhere else Rasa's rule stays.
    """

    @wraps(original)
    def compare_or_memorize(
        self: FinetuningValidator, fingerprint_key: str, new_fingerprint: str, error_message: str
    ) -> None:
        schema: GraphSchema = self._execution_context.graph_schema
        kind = FIXED_LABELS.get(fingerprint_key)
        if kind and not any(issubclass(node.uses, kind) for node in schema.nodes.values()):
            self._fingerprints[fingerprint_key] = new_fingerprint
        else:
            original(self, fingerprint_key, new_fingerprint, error_message)

    return compare_or_memorize


def count_learners_of_entities(original: Callable[..., None]) -> Callable[..., None]:
    """Keep Rasa from warning that nothing learns the entities, their roles and groups, where the component does."""

    @wraps(original)
    def warn_if_unused(self: DefaultV1RecipeValidator, training_data: TrainingData) -> None:
        types = self._component_types
        if any(getattr(kind, LEARNS_ENTITIES, False) for kind in types):
            self._component_types = types | {DIETClassifier}
        try:
            original(self, training_data)
        finally:
            self._component_types = types

    return warn_if_unused


def repetitions_alone(original: Callable[..., bool]) -> Callable[..., bool]:
    """Have `rasa data validate` compare examples that stand alone; those after something mean what that makes of them.

    `parlance audit` compares the others, each with what it follows.
    """

    @wraps(original)
    def verify(self: Validator, *args: Any, **kwargs: Any) -> bool:
        whole = self.intents
        self.intents = TrainingData([message for message in whole.training_examples if not context_in(message).after])
        try:
            return original(self, *args, **kwargs)
        finally:
            self.intents = whole

    return verify
