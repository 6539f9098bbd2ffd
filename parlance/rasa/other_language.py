"""OtherLanguage: a message in a language that the assistant does not speak gets an intent of its own."""

import json
from dataclasses import dataclass
from typing import Any, ClassVar

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from parlance.inference.languages import LanguageIdentifier, vocabulary_of
from parlance.options import Names, Options, option
from parlance.rasa.errors import as_rasa_errors

VOCABULARY = "vocabulary.json"
LANGUAGE = "language"
"""The entity that carries the language's code."""


@dataclass(frozen=True)
class OtherLanguageOptions(Options):
    """What OtherLanguage is told. The names are those that ``config.yml`` uses."""

    component: ClassVar[str] = "OtherLanguage"

    own: str = option("en", "The language that the assistant speaks, by its ISO 639-1 code.")
    languages: Names = option(
        ("ar", "bn", "cy", "de", "es", "fr", "hi", "it", "nl", "pa", "pl", "pt", "ro", "tr", "uk", "ur", "zh"),
        "The languages that people may write in besides.",
    )
    intent: str = option("other_language", "The intent of such a message.")
    not_with: Names = option(
        (), "Entity types of the pipeline; a message that has one is left as it is: an address may be Welsh."
    )


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class OtherLanguage(IntentClassifier, GraphComponent):
    """Sets the intent, and the entity ``language``, of messages in another language; leaves all others as they are.

    It stands last in the pipeline. What it learns is which words the assistant knows.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Every option with its default."""
        return OtherLanguageOptions().as_dict()

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Name a misspelled option or an unknown language.

        Raises:
            InvalidConfigException: With the option or the code, and the nearest right one.
        """
        with as_rasa_errors(InvalidConfigException):
            options = OtherLanguageOptions.from_dict(config)
            LanguageIdentifier(options.own, options.languages, ())

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, vocabulary: list[str]
    ) -> None:
        self._model_storage, self._resource = model_storage, resource
        self._options = OtherLanguageOptions.from_dict(config)
        self._identifier = LanguageIdentifier(self._options.own, self._options.languages, vocabulary)
        self._knows_words = bool(vocabulary)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "OtherLanguage":
        """A component that knows no words yet."""
        return cls(config, model_storage, resource, [])

    def train(self, training_data: TrainingData) -> Resource:
        """Note the words of the assistant's messages, whatever their intent."""
        words = vocabulary_of(message.get(TEXT) or "" for message in training_data.nlu_examples)
        with self._model_storage.write_to(self._resource) as folder:
            (folder / VOCABULARY).write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "OtherLanguage":
        """Load the words."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, json.loads((folder / VOCABULARY).read_text(encoding="utf-8")))

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent of messages in another language."""
        for message in messages if self._knows_words else ():
            found = self._identifier.other_language(message.get(TEXT) or "")
            entities = message.get(ENTITIES, [])
            if found is None or any(entity["entity"] in self._options.not_with for entity in entities):
                continue
            code, confidence = found
            message.set(INTENT, {"name": self._options.intent, "confidence": confidence}, add_to_output=True)
            language = {
                "entity": LANGUAGE,
                "value": code,
                "start": 0,
                "end": len(message.get(TEXT)),
                "extractor": "OtherLanguage",
            }
            message.set(ENTITIES, [*entities, language], add_to_output=True)
        return messages
