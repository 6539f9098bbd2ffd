"""Any Rasa model, measured through Rasa's whole NLU pipeline as ``rasa run`` would serve it."""

import asyncio
import logging
import sys
import tarfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parlance.errors import ParlanceError
from parlance.inference.context import Context
from parlance.inference.prediction import ActScore, EntitySpan, IntentScore, Prediction
from parlance.inference.request_splitting import FURTHER_REQUEST
from parlance.rasa.retrieval import with_answers

if TYPE_CHECKING:
    from rasa.core.agent import Agent

_FALLBACK_INTENT = "nlu_fallback"


class RasaModel:
    """A trained ``models/*.tar.gz`` of Rasa Open Source, whatever its pipeline is.

    ``nlu_fallback`` is left out of the ranking: it is what FallbackClassifier puts over the intent that the model
    predicts, not something that the model was asked to recognise.
    """

    def __init__(self, agent: "Agent") -> None:
        self._agent = agent
        self._loop = asyncio.new_event_loop()

    @classmethod
    def load(cls, path: Path) -> "RasaModel":
        """Load a model archive. The archive is unpacked to a temporary folder and its components are loaded.

        Raises:
            ParlanceError: Rasa is not installed, or the archive is damaged or of another version of Rasa.
        """
        try:
            import structlog
            from rasa.core.agent import Agent
            from rasa.shared.exceptions import RasaException
        except ModuleNotFoundError as error:
            raise ParlanceError(
                f"{path} is a Rasa model, and {error.name} is not installed.",
                "Run this in the project's environment, with Python 3.10 and Rasa.",
            ) from error
        _keep_logs_off_stdout(structlog)
        try:
            agent = Agent.load(path)
        except (RasaException, tarfile.TarError, EOFError, zlib.error, OSError, KeyError, ValueError) as error:
            reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
            raise ParlanceError(
                f"{path} cannot be loaded as a Rasa model: {reason}.",
                "Train it again with 'rasa train', and copy it whole.",
            ) from error
        return cls(agent)

    @property
    def out_of_scope_intents(self) -> tuple[str, ...]:
        """The option ``out_of_scope_intents`` of TransformerNLU, where the pipeline has one."""
        metadata = self._agent.processor.model_metadata if self._agent.processor else None
        nodes = metadata.predict_schema.nodes.values() if metadata else ()
        return tuple(name for node in nodes for name in node.config.get("out_of_scope_intents", ()))

    def predict(self, text: str, context: Context | None = None) -> Prediction:
        """Parse one message, at the end of a conversation that went so. Not for use inside a running event loop."""
        if context is None or self._agent.processor is None:
            parsing = self._agent.parse_message(text)
        else:
            parsing = self._agent.processor.parse_message(_message(text), _tracker_of(context))
        return prediction_from_parse(text, self._loop.run_until_complete(parsing))


def prediction_from_parse(text: str, parsed: dict[str, Any]) -> Prediction:
    """What Rasa parsed, as the library's prediction; without an embedding.

    Args:
        text: The message.
        parsed: Rasa's parse result, with ``intent``, ``intent_ranking`` and ``entities``. A pipeline without a
            ranking (KeywordIntentClassifier) has the one intent. Where there is a response selection, the ranking
            holds answers (``faq/returns``) in place of their retrieval intents.
    """
    scores = parsed.get("intent_ranking") or [parsed.get("intent") or {}]
    scores = [score for score in scores if score.get("name") and score["name"] != _FALLBACK_INTENT]
    ranking = tuple(
        IntentScore(score["name"], float(score.get("confidence", 0.0)))
        for score in with_answers(scores, parsed.get("response_selector") or {})
    )
    entities = tuple(
        _entity(entity, text)
        for entity in parsed.get("entities") or []
        if "start" in entity and entity["entity"] != FURTHER_REQUEST  # that is a second parse result, not a span
    )
    act = ActScore(**parsed["act"]) if parsed.get("act") else None
    spans = tuple(sorted(entities, key=lambda entity: (entity.start, entity.end)))
    return Prediction(text, ranking, spans, act=act)


def _entity(entity: dict[str, Any], text: str) -> EntitySpan:
    """A pattern's match (RegexEntityExtractor) has no confidence; it is certain."""
    start, end = int(entity["start"]), int(entity["end"])
    return EntitySpan(
        start=start,
        end=end,
        type=str(entity["entity"]),
        value=str(entity.get("value", text[start:end])),
        confidence=float(entity.get("confidence_entity", entity.get("confidence", 1.0))),
        role=entity.get("role"),
        group=entity.get("group"),
    )


def _message(text: str) -> Any:
    from rasa.core.channels.channel import UserMessage

    return UserMessage(text)


def _tracker_of(context: Context) -> Any:
    from rasa.shared.core.events import BotUttered, UserUttered
    from rasa.shared.core.trackers import DialogueStateTracker

    return DialogueStateTracker.from_events("evaluation", [UserUttered(context.said), BotUttered(context.after)])


def _keep_logs_off_stdout(structlog: Any) -> None:
    """Send warnings to stderr. Rasa logs through structlog, which prints all it gets to stdout until configured."""
    if not structlog.is_configured():
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
            # The stream of the moment: a process that replaces sys.stderr may have closed the one of now.
            logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        )
