"""Embeddings of the products' texts, by the fine-tuned encoder of the assistant's newest model.

The model is read from ``models/*.tar.gz`` (or the archive or folder that MODEL_PATH names) on first use. Embeddings are
kept beside it, in a file named after the hashes of the model and the texts.
"""

import hashlib
import logging
import os
import tarfile
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from safetensors import SafetensorError  # type: ignore[attr-defined]
from safetensors.numpy import load_file, save_file

from parlance.errors import ParlanceError
from parlance.inference import NLUModel
from parlance.inference.folder import METADATA, sha256

logger = logging.getLogger(__name__)

MODELS = Path(__file__).resolve().parent.parent / "models"
CACHE = ".embeddings"
_CHUNK = 1 << 20


def newest_model() -> Path | None:
    """The Rasa model to take the encoder from: what MODEL_PATH names, or the newest archive of ``models/``."""
    named = os.environ.get("MODEL_PATH")
    if named:
        path = Path(named)
        return path if path.is_file() else _newest_in(path)
    return _newest_in(MODELS)


def embed_products(archive: Path, texts: Sequence[str]) -> np.ndarray:
    """The embeddings of texts, shape (texts, dimensions), float32; made once for a model and kept.

    Raises:
        ParlanceError: The archive holds no model of parlance, or is damaged.
    """
    key = hashlib.sha256("\n".join([_hash_of(archive), *texts]).encode()).hexdigest()[:16]
    file = archive.parent / CACHE / f"{key}.safetensors"
    try:
        return load_file(file)["embeddings"]
    except (OSError, SafetensorError, KeyError):
        pass
    embeddings = embed(archive, texts)
    try:
        file.parent.mkdir(exist_ok=True)
        fresh = file.with_suffix(f".{os.getpid()}")
        save_file({"embeddings": embeddings}, fresh)
        fresh.replace(file)
    except OSError as error:
        logger.info("The embeddings of the products are not kept: %s", error)
    return embeddings


def embed(archive: Path, texts: Sequence[str]) -> np.ndarray:
    """The embeddings of texts, shape (texts, dimensions), float32, by the encoder in a Rasa model.

    Raises:
        ParlanceError: The archive holds no model of parlance, or is damaged.
    """
    return np.stack([prediction.embedding for prediction in _model(archive).predict_batch(list(texts))])


@lru_cache(maxsize=1)
def _model(archive: Path) -> NLUModel:
    """Loaded once: a message is embedded for each recommendation."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            _unpack(archive, Path(folder))
        except (OSError, tarfile.TarError, EOFError) as error:
            raise ParlanceError(f"The model {archive} cannot be read: {error}.", "Train again.") from error
        found = next(Path(folder).rglob(METADATA), None)
        if found is None:
            raise ParlanceError(f"{archive} holds no model of TransformerNLU.", "Train with it in config.yml.")
        return NLUModel.load(found.parent)


def _unpack(archive: Path, folder: Path) -> None:
    """The files of the component TransformerNLU, and nothing else, so that no path leads out of the folder."""
    with tarfile.open(archive) as files:
        for member in files:
            parts = Path(member.name).parts
            if not member.isfile() or "model" not in parts or ".." in parts:
                continue
            if not any("TransformerNLU" in part for part in parts):
                continue
            target = folder / Path(*parts[parts.index("model") :])
            target.parent.mkdir(parents=True, exist_ok=True)
            content = files.extractfile(member)
            if content is not None:
                with content, target.open("wb") as file:
                    while chunk := content.read(_CHUNK):
                        file.write(chunk)


@lru_cache(maxsize=4)
def _hash_of(archive: Path) -> str:
    return sha256(archive)


def _newest_in(folder: Path) -> Path | None:
    archives = sorted(folder.glob("*.tar.gz"), key=lambda file: file.stat().st_mtime)
    return archives[-1] if archives else None
