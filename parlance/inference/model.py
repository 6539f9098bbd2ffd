"""Loading a model folder and understanding messages with it."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Encoding, Tokenizer

from parlance.errors import ParlanceError
from parlance.inference.context import Context, ContextReader
from parlance.inference.folder import GRAPH, SCOPE, TOKENIZER, read_metadata
from parlance.inference.prediction import ActScore, EntitySpan, IntentScore, Prediction
from parlance.inference.scope import Scope
from parlance.inference.tagging import Span, SpanLabel, Words, decode_spans, join_pieces, words_of
from parlance.inference.text import tokenizable

BATCH_SIZE = 32

NEEDED = ("intents", "labels", "calibration", "hidden_size", "max_length", "padding")
"""What a model's metadata must say."""


class NLUModel:
    """A fine-tuned model, ready to predict. One ONNX Runtime session, safe to use from several threads."""

    def __init__(
        self, metadata: dict[str, Any], tokenizer: Tokenizer, session: onnxruntime.InferenceSession, scope: Scope
    ) -> None:
        self.metadata = metadata
        self.intents: tuple[str, ...] = tuple(metadata["intents"])
        self.labels = tuple(SpanLabel(*label) for label in metadata["labels"])
        # Models of earlier versions do not say, and are read as they were.
        self._never_touching = frozenset(metadata.get("never_touching", ()))
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(metadata["max_length"])
        self._unknown = tokenizer.token_to_id(getattr(tokenizer.model, "unk_token", None) or "<unk>")
        self._session = session
        self._scope = scope
        self.acts: tuple[str, ...] = tuple(metadata.get("acts", ()))
        context = metadata.get("context")  # None for a model that reads messages alone
        self._reader = ContextReader(tokenizer, context["tokens"], context["said"]) if context else None

    @classmethod
    def load(cls, folder: Path, threads: int = 1) -> "NLUModel":
        """Load a model folder.

        Args:
            folder: What ``parlance finetune`` wrote.
            threads: Cores that one prediction uses. One is fastest for a short message and a small encoder.

        Raises:
            ParlanceError: The folder is no model, is damaged, or is of another version of the format.
        """
        metadata = read_metadata(Path(folder), GRAPH, TOKENIZER, SCOPE, *NEEDED)
        return cls(
            metadata,
            Tokenizer.from_file(str(folder / TOKENIZER)),
            open_session(folder / GRAPH, threads),
            Scope.load(folder / SCOPE, metadata["calibration"]),
        )

    @property
    def embedding_size(self) -> int:
        """Length of the sentence and token embeddings."""
        return int(self.metadata["hidden_size"])

    @property
    def is_contextual(self) -> bool:
        """Whether it reads what was said before a message."""
        return self._reader is not None

    @property
    def out_of_scope_intents(self) -> tuple[str, ...]:
        """Intents that training was told to mean so, besides those that do by convention."""
        return tuple(self.metadata.get("options", {}).get("out_of_scope_intents", ()))

    def predict(self, text: str, context: Context | None = None) -> Prediction:
        """Understand one message, after what was said in ``context`` or alone.

        One without anything that the encoder knows has no intent and no entities.
        """
        return self.predict_batch([text], [context])[0]

    def predict_batch(
        self, texts: Sequence[str], contexts: Sequence[Context | None] | None = None, batch_size: int = BATCH_SIZE
    ) -> list[Prediction]:
        """Understand messages, in batches of like length; the predictions come in the messages' order."""
        return [prediction for prediction, _ in self._run(texts, contexts, batch_size, with_tokens=False)]

    def predict_with_tokens(
        self,
        texts: Sequence[str],
        spans: Sequence[Sequence[tuple[int, int]]],
        contexts: Sequence[Context | None] | None = None,
        batch_size: int = BATCH_SIZE,
    ) -> list[tuple[Prediction, np.ndarray]]:
        """Understand messages and give a vector for each of somebody else's tokens.

        Args:
            texts: The messages.
            spans: For each message the character spans of its tokens.
            contexts: What was said before each message; None where nothing was, or for all.
            batch_size: Messages in one run of the graph.

        Returns:
            For each message the prediction and an array of shape (its tokens, hidden), float32: the mean of the
            vectors of the encoder's tokens that overlap the span; zeros where none does.
        """
        results = self._run(texts, contexts, batch_size, with_tokens=True)
        return [
            (prediction, self._pool(hidden, wanted))
            for (prediction, hidden), wanted in zip(results, spans, strict=True)
        ]

    def _run(
        self, texts: Sequence[str], contexts: Sequence[Context | None] | None, batch_size: int, with_tokens: bool
    ) -> list[tuple[Prediction, tuple[Encoding, np.ndarray] | None]]:
        results: list[Any] = [(self._nothing(text), None) for text in texts]
        before = self._context_tokens(contexts or [None] * len(texts))
        encodings = self._tokenizer.encode_batch([tokenizable(text) for text in texts])
        spoken = [i for i, text in enumerate(texts) if text.strip() and self._is_known(encodings[i])]
        spoken.sort(key=lambda i: len(encodings[i].ids) + len(before[i]))
        names = ["intent_logits", "tag_logits", "embedding"]
        names += ["act_logits"] * bool(self.acts) + ["tokens"] * with_tokens
        for start in range(0, len(spoken), batch_size):
            rows = spoken[start : start + batch_size]
            inputs = self._inputs([encodings[i].ids for i in rows], [before[i] for i in rows])
            outputs = dict(zip(names, self._session.run(names, inputs), strict=True))
            unit = unit_length(outputs["embedding"])
            confidences = self._scope.confidences(outputs["intent_logits"][:, : len(self.intents)], unit)
            for n, i in enumerate(rows):
                entities = self._entities(texts[i], encodings[i], outputs["tag_logits"][n])
                act = self._act(outputs["act_logits"][n]) if self.acts and before[i] else None
                prediction = Prediction(texts[i], self._ranking(confidences[n]), entities, unit[n], act)
                results[i] = (prediction, (encodings[i], outputs["tokens"][n]) if with_tokens else None)
        return results

    def _context_tokens(self, contexts: Sequence[Context | None]) -> list[list[int]]:
        if not self._reader or not any(contexts):
            return [[] for _ in contexts]
        return self._reader.tokens([context or Context("") for context in contexts])

    def _inputs(self, messages: Sequence[list[int]], contexts: Sequence[list[int]]) -> dict[str, np.ndarray]:
        length = max(len(ids) + len(more) for ids, more in zip(messages, contexts, strict=True))
        ids = np.full((len(messages), length), self.metadata["padding"], dtype=np.int64)
        mask, types = np.zeros_like(ids), np.zeros_like(ids)
        for row, (message, context) in enumerate(zip(messages, contexts, strict=True)):
            whole = len(message) + len(context)
            ids[row, :whole] = message + context
            mask[row, :whole] = 1
            types[row, len(message) : whole] = 1
        return {"input_ids": ids, "attention_mask": mask} | ({"token_type_ids": types} if self._reader else {})

    def _is_known(self, encoding: Encoding) -> bool:
        """Whether the encoder's vocabulary has anything of a message: not so of spaces, or of a rare emoji alone."""
        pieces = zip(encoding.ids, encoding.special_tokens_mask, strict=True)
        return any(piece != self._unknown and not around for piece, around in pieces)

    def _nothing(self, text: str) -> Prediction:
        return Prediction(text, embedding=np.zeros(self.embedding_size, dtype=np.float32))

    def _ranking(self, confidences: np.ndarray) -> tuple[IntentScore, ...]:
        order = np.argsort(-confidences, kind="stable")
        return tuple(IntentScore(self.intents[i], float(confidences[i])) for i in order)

    def _act(self, logits: np.ndarray) -> ActScore:
        probabilities = np.exp(_log_softmax(logits / self._scope.calibration.act_temperature))
        best = int(probabilities.argmax())
        return ActScore(self.acts[best], float(probabilities[best]))

    def _entities(self, text: str, encoding: Encoding, logits: np.ndarray) -> tuple[EntitySpan, ...]:
        if not self.labels:
            return ()
        words = words_of(text, encoding.offsets)
        if not len(words):
            return ()
        spans = decode_spans(_log_softmax(logits[list(words.tokens)]), self._never_touching)
        return tuple(self._span(text, words, span) for span in join_pieces(spans, text, words, self._never_touching))

    def _span(self, text: str, words: Words, span: Span) -> EntitySpan:
        first, last, label, confidence = span
        start, end = words.starts[first], words.ends[last]
        kind = self.labels[label]
        return EntitySpan(
            start, end, kind.type, text[start:end], confidence, role=kind.role or None, group=kind.group or None
        )

    def _pool(self, hidden: tuple[Encoding, np.ndarray] | None, spans: Sequence[tuple[int, int]]) -> np.ndarray:
        pooled = np.zeros((len(spans), self.embedding_size), dtype=np.float32)
        if hidden is None:
            return pooled
        encoding, vectors = hidden
        starts, ends = np.array(encoding.offsets).T
        for row, (start, end) in enumerate(spans):
            inside = np.flatnonzero((starts < end) & (ends > start))
            if len(inside):
                pooled[row] = vectors[inside].mean(axis=0)
        return pooled


def open_session(graph: Path, threads: int = 1) -> onnxruntime.InferenceSession:
    """An ONNX Runtime session on the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(threads, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    # Threads that wait for work in a loop would take the cores from the server's other work.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises a class of its own for every status
        raise ParlanceError(f"The graph {graph} cannot be loaded: {error}.", "Restore it, or train again.") from error


def unit_length(embeddings: np.ndarray) -> np.ndarray:
    """Embeddings, shape (n, H), scaled to length one."""
    return embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-12)


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
