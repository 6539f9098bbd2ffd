"""TransformerNLU: intent classifier, entity extractor and featurizer from one fine-tuned encoder."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import ACTION_TEXT, ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from parlance.components.messages import entities_beside, examples_of, token_spans
from parlance.components.rasa_checks import make_known
from parlance.components.rasa_errors import as_rasa_errors, importing_for_training
from parlance.data.audit import audit
from parlance.errors import ParlanceError
from parlance.finetuning.options import FinetuneOptions
from parlance.inference import NLUModel, Prediction
from parlance.options import unknown_option

MODEL_FOLDER = "model"
CHECKPOINTS = Path(".rasa") / "parlance-checkpoints"

logger = logging.getLogger(__name__)

SERVING_OPTIONS = {
    # Intents in a message's ranking; 0 keeps all.
    "ranking_length": 10,
    # CPU cores that understanding one message uses; one is fastest for short messages and small encoders.
    "threads": 1,
    # Leave intents, or entities, to other components of the pipeline.
    "intent_classification": True,
    "entity_recognition": True,
    # Set dense features on messages for components further down: the policies, DIETClassifier, CRFEntityExtractor.
    "featurize": True,
}


@DefaultV1Recipe.register(
    [
        DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER,
        DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR,
        DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER,
    ],
    is_trainable=True,
)
class TransformerNLU(IntentClassifier, EntityExtractorMixin, DenseFeaturizer, GraphComponent):
    """Fine-tunes a pretrained transformer on the assistant's own messages and serves it with ONNX Runtime.

    Reads ``text``; the tokens of a tokenizer before it, to which the sequence features are aligned; and ``entities``:
    what an extractor before it found stands, and an entity that overlaps it is not added.
    Writes ``intent``, ``intent_ranking``, ``entities``, and dense sentence and sequence features of ``text`` and
    ``action_text``. Training imports torch; serving does not.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """A tokenizer: Rasa's entity evaluation and the sequence features go by its tokens."""
        return [Tokenizer]

    @staticmethod
    def required_packages() -> list[str]:
        """What serving imports; training also needs the extra ``train``, and says so where it is missing."""
        return ["onnxruntime", "tokenizers"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Every option with its default: those of FinetuneOptions, and those of serving above."""
        return {**DenseFeaturizer.get_default_config(), **FinetuneOptions().as_dict(), **SERVING_OPTIONS}

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Name a misspelled or impossible option.

        Raises:
            InvalidConfigException: With the option and the nearest right one.
        """
        _options(config)

    def __init__(
        self,
        config: dict[str, Any],
        name: str,
        model_storage: ModelStorage,
        resource: Resource,
        model: NLUModel | None = None,
        before: Path | None = None,
    ) -> None:
        super().__init__(name, config)
        self._model_storage = model_storage
        self._resource = resource
        self._model = model
        self._before = before

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "TransformerNLU":
        """A component that is yet to be trained."""
        return cls(config, execution_context.node_name, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Fine-tune on the annotated messages and keep the model in Rasa's model storage."""
        examples = examples_of(training_data)
        if not examples:
            logger.warning("TransformerNLU has nothing to learn: there is no annotated message.")
            return self._resource
        for finding in audit(examples):
            if finding.level == "error":
                logger.warning(finding.message)
        with as_rasa_errors(), self._model_storage.write_to(self._resource) as folder:
            _finetune(
                examples,
                folder / MODEL_FOLDER,
                options=_options(self._config),
                before=self._before,
                epoch_fraction=float(self._config.get("finetuning_epoch_fraction", 1.0)),
                checkpoints=CHECKPOINTS,
            )
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "TransformerNLU":
        """Load the trained model: to serve it, or to go on training from it with ``rasa train --finetune``."""
        name = execution_context.node_name
        try:
            with as_rasa_errors(), model_storage.read_from(resource) as folder:
                if execution_context.is_finetuning:
                    return cls(config, name, model_storage, resource, before=folder / MODEL_FOLDER)
                model = NLUModel.load(folder / MODEL_FOLDER, int(config.get("threads", 1)))
                return cls(config, name, model_storage, resource, model)
        except ValueError:  # Rasa's way of saying that the resource is not there: nothing was trained
            logger.debug("No model of %s was found; the component stays untrained.", resource.name)
            return cls(config, name, model_storage, resource)

    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent, ranking, entities and features of messages."""
        if self._model:
            for message, (prediction, tokens) in zip(messages, self._understand(messages, TEXT), strict=True):
                self._set_intent(message, prediction)
                if self._config["entity_recognition"]:
                    message.set(ENTITIES, entities_beside(message, self._named(prediction)), add_to_output=True)
                self._set_features(message, TEXT, prediction, tokens)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Set features of the training messages, whose intents and entities are known."""
        if self._model and self._config["featurize"]:
            for attribute in (TEXT, ACTION_TEXT):
                messages = [message for message in training_data.training_examples if message.get(attribute)]
                for message, result in zip(messages, self._understand(messages, attribute), strict=True):
                    self._set_features(message, attribute, *result)
        return training_data

    def _understand(self, messages: list[Message], attribute: str) -> list[tuple[Prediction, np.ndarray]]:
        assert self._model
        texts = [message.get(attribute) or "" for message in messages]
        return self._model.predict_with_tokens(texts, [token_spans(message, attribute) for message in messages])

    def _named(self, prediction: Prediction) -> list[dict[str, Any]]:
        return self.add_extractor_name([entity.as_dict() for entity in prediction.entities])

    def _set_intent(self, message: Message, prediction: Prediction) -> None:
        if not self._config["intent_classification"] or not self._model or not self._model.intents:
            return
        found = prediction.as_dict(self._config["ranking_length"] or len(self._model.intents))
        message.set(INTENT, found["intent"], add_to_output=True)
        message.set("intent_ranking", found["intent_ranking"], add_to_output=True)

    def _set_features(self, message: Message, attribute: str, prediction: Prediction, tokens: np.ndarray) -> None:
        if self._config["featurize"] and len(tokens):
            self.add_features_to_message(tokens, prediction.embedding[None, :], attribute, message)


make_known(TransformerNLU)


def _finetune(*args: Any, **kwargs: Any) -> None:
    with importing_for_training():
        from parlance.finetuning import finetune
    finetune(*args, **kwargs)


def _options(config: dict[str, Any]) -> FinetuneOptions:
    """The options of fine-tuning in a component's config; the others are checked and left out."""
    known = FinetuneOptions().as_dict()
    others = {*SERVING_OPTIONS, FEATURIZER_CLASS_ALIAS, "finetuning_epoch_fraction"}
    with as_rasa_errors(InvalidConfigException):
        for name, value in config.items():
            if name not in known and name not in others:
                raise unknown_option(name, [*known, *SERVING_OPTIONS], "TransformerNLU")
            if name in SERVING_OPTIONS and (type(value) is not type(SERVING_OPTIONS[name]) or value < 0):
                kind = "true or false" if isinstance(SERVING_OPTIONS[name], bool) else "a whole number from 0 up"
                raise ParlanceError(f"The option `{name}` of TransformerNLU is {value!r}.", f"It takes {kind}.")
        return FinetuneOptions.from_dict({name: value for name, value in config.items() if name in known})
