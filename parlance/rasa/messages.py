"""Between Rasa's messages and the library's examples and predictions."""

from collections.abc import Collection
from typing import Any

from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.tokenizers.tokenizer import Token
from rasa.shared.nlu.constants import ENTITIES, INTENT, METADATA, METADATA_EXAMPLE, METADATA_INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from parlance.data.context import ExampleContext, example_context
from parlance.data.examples import Entity, Example
from parlance.inference.request_splitting import FURTHER_REQUEST, TwoRequests


def examples_of(training_data: TrainingData, full_names: bool) -> list[Example]:
    """The annotated utterances of Rasa's training data, retrieval intents by their full names or by their bare ones."""
    return [
        Example(
            message.get(TEXT),
            message.get_full_intent() if full_names else message.get(INTENT),
            tuple(_entity(entity) for entity in message.get(ENTITIES, [])),
            "",
            *context_in(message),
        )
        for message in training_data.nlu_examples
        if message.get(TEXT) and (message.get(INTENT) or message.get(ENTITIES))
    ]


def context_in(message: Message) -> ExampleContext:
    """What the metadata of a training message say of the conversation that it comes from."""
    metadata = message.get(METADATA) or {}
    return example_context(metadata.get(METADATA_INTENT), metadata.get(METADATA_EXAMPLE), f"'{message.get(TEXT)}'")


def _entity(entity: dict[str, Any]) -> Entity:
    return Entity(
        entity["start"], entity["end"], entity["entity"], entity.get("role"), entity.get("group"), entity.get("value")
    )


def entities_beside(
    message: Message, found: list[dict[str, Any]], yield_to: Collection[str] = ()
) -> list[dict[str, Any]]:
    """A message's entities with those found, from left to right, as DIETClassifier leaves both.

    Left out is one that overlaps an earlier entity of its own type, which says the same, or one whose type or
    extractor is in ``yield_to``. A further request is no rival of the entities in it.
    """
    earlier = message.get(ENTITIES, [])
    fresh = [
        entity
        for entity in found
        if entity["entity"] == FURTHER_REQUEST
        or not any(
            entity["start"] < other["end"]
            and other["start"] < entity["end"]
            and {entity["entity"], *yield_to} & {other["entity"], other.get("extractor")}
            for other in earlier
        )
    ]
    return sorted(earlier + fresh, key=lambda entity: entity["start"])


def with_further_request(
    found: list[dict[str, Any]], requests: TwoRequests, second: dict[str, Any]
) -> list[dict[str, Any]]:
    """The entities of a message with two requests, as the first one needs them, and the second as one entity more.

    The second's entities stay where the first has none of their kind ("cancel it and tell me the state of 10432"); the
    rest would take the place of the first's in Rasa's slots.
    """
    start = requests.second_start
    first_kinds = {(entity["entity"], entity.get("role")) for entity in found if entity["start"] < start}
    kept = [e for e in found if e["start"] < start or (e["entity"], e.get("role")) not in first_kinds]
    further = {"entity": FURTHER_REQUEST, "start": start, "end": start + len(second["text"]), "value": second}
    return [*kept, further]


def token_spans(message: Message, attribute: str) -> list[tuple[int, int]]:
    """Character spans of the tokens that Rasa's tokenizer found."""
    tokens: list[Token] = message.get(TOKENS_NAMES[attribute], [])
    return [(token.start, token.end) for token in tokens]
