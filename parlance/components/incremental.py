"""Letting ``rasa train --finetune`` add intents and entities where every component can learn them.

Rasa's FinetuningValidator refuses new labels because DIETClassifier and TEDPolicy fix their outputs when they are
first trained. TransformerNLU adds outputs; memoization and rules learn from the data anew each time. So where a graph
has no other component that fixes labels, the refusal is lifted; everywhere else Rasa's rule stays.
"""

from functools import wraps
from typing import Any

from rasa.core.policies.ted_policy import TEDPolicy
from rasa.engine.graph import GraphSchema
from rasa.graph_components.validators.finetuning_validator import (
    FINGERPRINT_CORE,
    FINGERPRINT_NLU,
    FinetuningValidator,
)
from rasa.nlu.classifiers.diet_classifier import DIETClassifier

FIXED_LABELS = {FINGERPRINT_NLU: DIETClassifier, FINGERPRINT_CORE: TEDPolicy}
"""What fixes the labels that a fingerprint is about. ResponseSelector is a DIETClassifier, UnexpecTED a TEDPolicy."""


def lift_label_refusal() -> None:
    """Wrap the validator's comparison; calling this again changes nothing."""
    original = FinetuningValidator._compare_or_memorize
    if hasattr(original, "__wrapped__"):
        return

    @wraps(original)
    def compare_or_memorize(
        self: FinetuningValidator, fingerprint_key: str, new_fingerprint: str, error_message: str
    ) -> None:
        if fingerprint_key in FIXED_LABELS and not _any_fixes_labels(
            self._execution_context.graph_schema, FIXED_LABELS[fingerprint_key]
        ):
            self._fingerprints[fingerprint_key] = new_fingerprint
            return
        original(self, fingerprint_key, new_fingerprint, error_message)

    FinetuningValidator._compare_or_memorize = compare_or_memorize


def _any_fixes_labels(schema: GraphSchema, kind: type[Any]) -> bool:
    return any(issubclass(node.uses, kind) for node in schema.nodes.values())
