"""Loading a model folder and understanding messages with it."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Encoding, Tokenizer

from parlance.errors import ParlanceError
from parlance.inference.folder import GRAPH, SCOPE, TOKENIZER, read_metadata
from parlance.inference.prediction import EntitySpan, IntentScore, Prediction
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
    def out_of_scope_intents(self) -> tuple[str, ...]:
        """Intents that training was told to mean so, besides those that do by convention."""
        return tuple(self.metadata.get("options", {}).get("out_of_scope_intents", ()))

    def predict(self, text: str) -> Prediction:
        """Understand one message. One without anything that the encoder knows has no intent and no entities."""
        return self.predict_batch([text])[0]

    def predict_batch(self, texts: Sequence[str], batch_size: int = BATCH_SIZE) -> list[Prediction]:
        """Understand messages, in batches of like length; the predictions come in the messages' order."""
        return [prediction for prediction, _ in self._run(texts, batch_size, with_tokens=False)]

    def predict_with_tokens(
        self, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]], batch_size: int = BATCH_SIZE
    ) -> list[tuple[Prediction, np.ndarray]]:
        """Understand messages and give a vector for each of somebody else's tokens.

        Args:
            texts: The messages.
            spans: For each message the character spans of its tokens.
            batch_size: Messages in one run of the graph.

        Returns:
            For each message the prediction and an array of shape (its tokens, hidden), float32: the mean of the
            vectors of the encoder's tokens that overlap the span; zeros where none does.
        """
        results = self._run(texts, batch_size, with_tokens=True)
        return [
            (prediction, self._pool(hidden, wanted))
            for (prediction, hidden), wanted in zip(results, spans, strict=True)
        ]

    def _run(
        self, texts: Sequence[str], batch_size: int, with_tokens: bool
    ) -> list[tuple[Prediction, tuple[Encoding, np.ndarray] | None]]:
        results: list[Any] = [(self._nothing(text), None) for text in texts]
        encodings = self._tokenizer.encode_batch([tokenizable(text) for text in texts])
        spoken = [i for i, text in enumerate(texts) if text.strip() and self._is_known(encodings[i])]
        spoken.sort(key=lambda i: len(encodings[i].ids))
        names = ["intent_logits", "tag_logits", "embedding"] + ["tokens"] * with_tokens
        for start in range(0, len(spoken), batch_size):
            rows = spoken[start : start + batch_size]
            outputs = self._session.run(names, self._inputs([encodings[i] for i in rows]))
            unit = unit_length(outputs[2])
            confidences = self._scope.confidences(outputs[0][:, : len(self.intents)], unit)
            for n, i in enumerate(rows):
                entities = self._entities(texts[i], encodings[i], outputs[1][n])
                prediction = Prediction(texts[i], self._ranking(confidences[n]), entities, unit[n])
                results[i] = (prediction, (encodings[i], outputs[3][n]) if with_tokens else None)
        return results

    def _inputs(self, encodings: Sequence[Encoding]) -> dict[str, np.ndarray]:
        length = max(len(encoding.ids) for encoding in encodings)
        ids = np.full((len(encodings), length), self.metadata["padding"], dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        return {"input_ids": ids, "attention_mask": mask}

    def _is_known(self, encoding: Encoding) -> bool:
        """Whether the encoder's vocabulary has anything of a message: not so of spaces, or of a rare emoji alone."""
        pieces = zip(encoding.ids, encoding.special_tokens_mask, strict=True)
        return any(piece != self._unknown and not around for piece, around in pieces)

    def _nothing(self, text: str) -> Prediction:
        return Prediction(text, embedding=np.zeros(self.embedding_size, dtype=np.float32))

    def _ranking(self, confidences: np.ndarray) -> tuple[IntentScore, ...]:
        order = np.argsort(-confidences, kind="stable")
        return tuple(IntentScore(self.intents[i], float(confidences[i])) for i in order)

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
