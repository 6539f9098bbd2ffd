"""TransformerNLU: intent classifier, entity extractor and featurizer from one fine-tuned encoder."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS, RESPONSE_SELECTOR_PROPERTY_NAME
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import ACTION_TEXT, ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from parlance.data.audit import audit
from parlance.data.examples import Example
from parlance.errors import ParlanceError
from parlance.extras import importing_for_training
from parlance.finetuning.options import SERVING_OPTIONS, FinetuneOptions
from parlance.inference import Context, IntentScore, NLUModel, Prediction
from parlance.inference.request_splitting import TwoRequests, known_request_groups, two_requests
from parlance.rasa import patches
from parlance.rasa.conversation import said_before
from parlance.rasa.errors import as_rasa_errors, while_training
from parlance.rasa.messages import entities_beside, examples_of, token_spans, with_further_request
from parlance.rasa.retrieval import SEPARATOR, Responses, intent_ranking, response_selection, with_better_answers
from parlance.rasa.selectors import selectors_in

ACT = "act"
"""What of the parse result says what the message does to what is open: ``{"name", "confidence"}``."""

MODEL_FOLDER = "model"
RESPONSES = "responses.json"
CHECKPOINTS = Path(".rasa") / "parlance-checkpoints"

logger = logging.getLogger(__name__)


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
    what an extractor before it found stands, and an entity of the same type that overlaps it is not added.
    Writes ``intent``, ``act``, ``intent_ranking``, ``response_selector``, ``entities``, and dense sentence and sequence
    features of ``text`` and ``action_text``. Training imports torch; serving does not.
    """

    learns_entities: ClassVar[bool] = True
    """For ``checks``."""

    @classmethod
    def required_components(cls) -> list[type]:
        """A tokenizer: Rasa's entity evaluation and the sequence features go by its tokens."""
        return [Tokenizer]

    @staticmethod
    def required_packages() -> list[str]:
        """What serving imports; training also needs the extra ``train``, and says so where it is missing."""
        patches.apply()  # Rasa asks this before it trains, and of a trained model nothing before load
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
        initial_model: Path | None = None,
        responses: Responses | None = None,
        selectors: Sequence[str] = (),
    ) -> None:
        super().__init__(name, config)
        self._model_storage = model_storage
        self._resource = resource
        self._model = model
        self._initial_model = initial_model
        self._responses = responses or {}
        self._selectors = selectors
        self._request_groups = known_request_groups(config["split_requests"], model.intents if model else ())

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "TransformerNLU":
        """A component that is yet to be trained."""
        selectors = selectors_in(execution_context.graph_schema)
        return cls(config, execution_context.node_name, model_storage, resource, selectors=selectors)

    def train(self, training_data: TrainingData) -> Resource:
        """Fine-tune on the annotated messages and keep the model in Rasa's model storage."""
        examples = examples_of(training_data, full_names=self._config["response_selection"])
        if not examples:
            logger.warning("TransformerNLU has nothing to learn: there is no annotated message.")
            return self._resource
        _warn_of_faults(examples, self._config["split_requests"])
        self._warn_of_selectors(examples)
        options = _options(self._config)
        # Rasa has multiplied a given number of epochs by the fraction; one that is chosen by the data it could not.
        fraction = 1.0 if options.epochs else float(self._config.get("finetuning_epoch_fraction", 1.0))
        with while_training(), self._model_storage.write_to(self._resource) as folder:
            _finetune(
                examples,
                folder / MODEL_FOLDER,
                options=options,
                initial_model=self._initial_model,
                epoch_fraction=fraction,
                checkpoints=CHECKPOINTS,
            )
            (folder / RESPONSES).write_text(json.dumps(_answers(training_data)), encoding="utf-8")
        return self._resource

    def _warn_of_selectors(self, examples: Sequence[Example]) -> None:
        retrieval = sorted({e.intent.split(SEPARATOR, 1)[0] for e in examples if e.intent and SEPARATOR in e.intent})
        if retrieval and self._selectors and self._config["intent_classification"]:
            logger.warning(
                "TransformerNLU learns which answer of %s fits by itself, and %s beside it learns so a second time; of "
                "the two answers the more confident one is given. Remove ResponseSelector from the pipeline, or set "
                "`response_selection: false` and give ResponseSelector features of its own.",
                ", ".join(f"'{intent}'" for intent in retrieval),
                ", ".join(self._selectors),
            )

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
        patches.apply()
        name = execution_context.node_name
        try:
            with model_storage.read_from(resource) as folder:
                trained, answers = folder / MODEL_FOLDER, folder / RESPONSES
        except ValueError:  # Rasa's way of saying that the resource is not there: nothing was trained
            logger.debug("No model of %s was found; the component stays untrained.", resource.name)
            return cls(config, name, model_storage, resource)
        with as_rasa_errors():
            model = NLUModel.load(trained, int(config.get("threads", 1)))
        # Models of earlier versions have no responses.
        responses = json.loads(answers.read_text(encoding="utf-8")) if answers.exists() else {}
        initial_model = trained if execution_context.is_finetuning else None
        selectors = selectors_in(execution_context.graph_schema)
        return cls(config, name, model_storage, resource, model, initial_model, responses, selectors)

    def process(self, messages: list[Message], tracker: DialogueStateTracker | None = None) -> list[Message]:
        """Set intent, act, ranking, entities and features of messages.

        Rasa's recipe sees the parameter ``tracker`` and gives the conversation that the message belongs to.
        """
        if self._model:
            context = said_before(tracker) if self._model.is_contextual else None
            for message, (prediction, tokens) in zip(messages, self._understand(messages, TEXT, context), strict=True):
                requests = self._two_requests(prediction.text, context)
                self._set_intent(message, (requests.first if requests else prediction).ranking)
                if prediction.act:
                    message.set(ACT, prediction.act._asdict(), add_to_output=True)
                if self._config["entity_recognition"]:
                    found = [entity.as_dict() for entity in prediction.entities]
                    if requests:
                        found = with_further_request(found, requests, self._parsed(requests.second))
                    # Every entity, because Rasa's evaluation asks each for its extractor.
                    found = entities_beside(message, self.add_extractor_name(found), self._config["yield_to"])
                    message.set(ENTITIES, found, add_to_output=True)
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

    def _understand(
        self, messages: list[Message], attribute: str, context: Context | None = None
    ) -> list[tuple[Prediction, np.ndarray]]:
        assert self._model
        texts = [message.get(attribute) or "" for message in messages]
        contexts = [context] * len(texts)
        if not self._config["featurize"]:
            return [(prediction, np.empty(0)) for prediction in self._model.predict_batch(texts, contexts)]
        spans = [token_spans(message, attribute) for message in messages]
        return self._model.predict_with_tokens(texts, spans, contexts)

    def _two_requests(self, text: str, context: Context | None) -> TwoRequests | None:
        if not self._model or not self._request_groups:
            return None
        return two_requests(self._model, text, self._request_groups, self._config["beside_requests"], context)

    def _parsed(self, prediction: Prediction) -> dict[str, Any]:
        """A request's parse result, for whoever takes it up later."""
        return {
            "text": prediction.text,
            **self._intent(prediction.ranking),
            "entities": self.add_extractor_name([entity.as_dict() for entity in prediction.entities]),
        }

    def _intent(self, scores: Sequence[IntentScore]) -> dict[str, Any]:
        assert self._model
        length = self._config["ranking_length"] or len(self._model.intents)
        ranking = intent_ranking(scores, length)
        found = {"intent": ranking[0] if ranking else {"name": None, "confidence": 0.0}, "intent_ranking": ranking}
        selection = response_selection(scores, ranking[0]["name"], length, self._responses) if ranking else {}
        return {**found, RESPONSE_SELECTOR_PROPERTY_NAME: selection} if selection else found

    def _set_intent(self, message: Message, scores: Sequence[IntentScore]) -> None:
        if self._config["intent_classification"] and self._model and self._model.intents:
            for name, value in self._intent(scores).items():
                if name == RESPONSE_SELECTOR_PROPERTY_NAME:
                    value = with_better_answers(message.get(name, {}), value)
                message.set(name, value, add_to_output=True)

    def _set_features(self, message: Message, attribute: str, prediction: Prediction, tokens: np.ndarray) -> None:
        if len(tokens):
            self.add_features_to_message(tokens, prediction.embedding[None, :], attribute, message)


def _warn_of_faults(examples: Sequence[Example], groups: Sequence[Sequence[str]]) -> None:
    for finding in audit(examples):
        if finding.level == "error":
            logger.warning(finding.message)
    taught = {(example.intent or "").split("/", 1)[0] for example in examples}
    if unknown := [intent for group in groups for intent in group if intent not in taught]:
        logger.warning("`split_requests` names intents without an example: %s.", ", ".join(unknown))


def _answers(training_data: TrainingData) -> Responses:
    """The responses of retrieval intents, which a selection names."""
    return {name: variations for name, variations in training_data.responses.items() if SEPARATOR in name}


def _finetune(*args: Any, **kwargs: Any) -> None:
    with importing_for_training():
        from parlance.finetuning import finetune
    finetune(*args, **kwargs)


def _options(config: dict[str, Any]) -> FinetuneOptions:
    """The options of fine-tuning in a component's config; the others are checked and left out."""
    others = {*SERVING_OPTIONS, FEATURIZER_CLASS_ALIAS, "finetuning_epoch_fraction"}
    with as_rasa_errors(InvalidConfigException):
        for name, value in config.items():
            if name in SERVING_OPTIONS and not _is_possible(name, value):
                kind = KINDS.get(name) or KINDS[type(SERVING_OPTIONS[name])]
                raise ParlanceError(f"The option `{name}` of TransformerNLU is {value!r}.", f"It takes {kind}.")
        own = {name: value for name, value in config.items() if name not in others}
        return FinetuneOptions.from_dict(own, beside=SERVING_OPTIONS)


KINDS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number from 0 up",
    "split_requests": "a list of lists of intents",
    "beside_requests": "a list of intents",
    "yield_to": "a list of entity types and names of extractors",
}


def _is_possible(name: str, value: Any) -> bool:
    """Whether a serving option can have this value: one of its default's type, and what KINDS says of it."""
    if name == "split_requests":
        return isinstance(value, list) and all(map(_is_names, value))
    if name in ("yield_to", "beside_requests"):
        return _is_names(value)
    return type(value) is type(SERVING_OPTIONS[name]) and value >= 0


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)
