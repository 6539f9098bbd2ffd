"""Rasa's ResponseSelector in one pipeline with TransformerNLU: two answers to a question, of which the better is kept.

A ResponseSelector writes its answer over whatever is there. Behind TransformerNLU, whose features no longer tell the
questions of an intent apart for a second model, that replaced right answers by worse ones.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from rasa.engine.graph import GraphSchema
from rasa.nlu.constants import RESPONSE_SELECTOR_PROPERTY_NAME
from rasa.nlu.selectors.response_selector import ResponseSelector
from rasa.shared.nlu.training_data.message import Message

from parlance.rasa.retrieval import better_selection


def selectors_in(schema: GraphSchema) -> list[str]:
    """The names of the components of a graph that select responses."""
    return sorted({node.uses.__name__ for node in schema.nodes.values() if issubclass(node.uses, ResponseSelector)})


def unless_worse(original: Callable[..., None]) -> Callable[..., None]:
    """A ``_set_message_property`` of ResponseSelector that writes over no better answer."""

    @wraps(original)
    def set_message_property(
        self: ResponseSelector, message: Message, prediction_dict: dict[str, Any], selector_key: str
    ) -> None:
        earlier = message.get(RESPONSE_SELECTOR_PROPERTY_NAME, {}).get(selector_key)
        original(self, message, better_selection(earlier, prediction_dict), selector_key)

    return set_message_property
