"""Embeddings of the products' texts and of what customers ask for, by an encoder in ONNX: no torch here.

The encoder is a folder with ``model.onnx`` and ``tokenizer.json``: ``models/encoder``, which ``make train`` writes, or
what ENCODER_PATH names. A folder of ``parlance finetune`` will do too. Products' embeddings are kept beside the graph,
in a file named after the hash of graph and texts.
"""

import hashlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from onnxruntime import InferenceSession
from safetensors import SafetensorError  # type: ignore[attr-defined]
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

from parlance.inference.folder import GRAPH, TOKENIZER, sha256
from parlance.inference.model import open_session, unit_length

logger = logging.getLogger(__name__)

DEFAULT_FOLDER = Path(__file__).resolve().parent.parent / "models" / "encoder"
LONGEST = 128
"""Tokens of a text that are read, where the tokenizer does not say."""


class TextEncoder:
    """Texts to vectors of length one. Safe to use from several threads."""

    def __init__(self, folder: Path, tokenizer: Tokenizer, session: InferenceSession) -> None:
        self.folder = folder
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        if self._tokenizer.truncation is None:
            self._tokenizer.enable_truncation(LONGEST)
        self._session = session

    @classmethod
    def load(cls, folder: Path) -> "TextEncoder":
        """Load a folder with ``model.onnx`` and ``tokenizer.json``.

        Raises:
            ParlanceError: The graph is missing or damaged.
        """
        session = open_session(folder / GRAPH)
        return cls(folder, Tokenizer.from_file(str(folder / TOKENIZER)), session)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """The embeddings of texts, shape (texts, dimensions), float32."""
        return np.concatenate([self._embed_one(text) for text in texts])

    def embed_and_keep(self, texts: Sequence[str]) -> np.ndarray:
        """The same, from a file where they were embedded before."""
        key = hashlib.sha256("\n".join([sha256(self.folder / GRAPH), *texts]).encode()).hexdigest()[:16]
        file = self.folder / f"embeddings-{key}.safetensors"
        try:
            return load_file(file)["embeddings"]
        except (OSError, SafetensorError, KeyError):
            embeddings = self.embed(texts)
        try:
            fresh = file.with_suffix(f".{os.getpid()}")
            save_file({"embeddings": embeddings}, fresh)
            fresh.replace(file)
        except (OSError, SafetensorError) as error:
            logger.info("The embeddings of the products are not kept: %s", error)
        return embeddings

    def _embed_one(self, text: str) -> np.ndarray:
        ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        return unit_length(self._session.run(["embedding"], inputs)[0])


def encoder_folder() -> Path | None:
    """Where the encoder is; None where there is none."""
    folder = Path(os.environ.get("ENCODER_PATH") or DEFAULT_FOLDER)
    return folder if (folder / GRAPH).is_file() and (folder / TOKENIZER).is_file() else None
