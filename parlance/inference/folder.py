"""A model folder on disk: its metadata, its files and the check that nobody changed them.

A folder holds ``parlance.json`` (labels, calibration, figures, and a SHA-256 of every other file), ``model.onnx``,
``tokenizer.json``, ``scope.safetensors`` and what further training needs: ``weights.safetensors`` and ``encoder/``.
None of these formats can run code.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from parlance.errors import ParlanceError

METADATA = "parlance.json"
GRAPH = "model.onnx"
TOKENIZER = "tokenizer.json"
SCOPE = "scope.safetensors"
WEIGHTS = "weights.safetensors"
ENCODER = "encoder"
FORMAT_VERSION = 1


def read_metadata(folder: Path, *needs: str) -> dict[str, Any]:
    """Read a model's metadata and check the folder against it.

    Args:
        folder: The model.
        needs: Keys of the metadata and names of files that the caller cannot do without.

    Raises:
        ParlanceError: The folder is no model, is of another version of the format, or a file was changed or lost.
    """
    path = folder / METADATA
    try:
        metadata = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParlanceError(f"{folder} is not a model: it has no {METADATA}.", "Train one with `rasa train`.") from None
    except (OSError, ValueError) as error:
        raise ParlanceError(f"{path} cannot be read: {error}.", "Restore the model, or train again.") from None
    version = metadata.get("format_version") if isinstance(metadata, dict) else None
    if version != FORMAT_VERSION:
        age = "a newer" if isinstance(version, int) and version > FORMAT_VERSION else "an older"
        raise ParlanceError(
            f"The model in {folder} was made by {age} version of parlance "
            f"(format {version}; this one reads format {FORMAT_VERSION}).",
            "Update parlance, then start again." if age == "a newer" else "Train it again with `rasa train`.",
        )
    files = metadata.get("files")
    known = {*metadata, *files} if isinstance(files, dict) else set()
    if missing := [need for need in ("files", *needs) if need not in known]:
        raise ParlanceError(
            f"The model in {folder} is damaged: {METADATA} says nothing of {', '.join(missing)}.",
            "Restore it from a copy, or train again.",
        )
    _verify(folder, metadata["files"])
    return metadata


def _verify(folder: Path, files: dict[str, str]) -> None:
    for name, expected in files.items():
        path = folder / name
        if not path.is_file():
            raise ParlanceError(
                f"The model in {folder} is incomplete: {name} is missing.", "Restore it, or train again."
            )
        if sha256(path) != expected:
            raise ParlanceError(
                f"The model in {folder} is damaged: {name} is not the file that training wrote.",
                "Restore it from a copy, or train again.",
            )


def sha256(path: Path) -> str:
    """The SHA-256 of a file, as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def check_place(folder: Path) -> None:
    """Refuse a place for a model where something else is; it would never be deleted.

    Raises:
        ParlanceError: It is a file, or a folder with files that are not a model.
    """
    if folder.exists() and not folder.is_dir():
        raise ParlanceError(f"{folder} is a file.", "Name an empty or new folder for the model.")
    if folder.exists() and any(folder.iterdir()) and not (folder / METADATA).exists():
        raise ParlanceError(f"{folder} holds files that are not a model.", "Name an empty or new folder.")


def write_folder(folder: Path, metadata: dict[str, Any], fill: Callable[[Path], None]) -> None:
    """Write a model beside its place and move it there when it is whole, so that a failure leaves the old model.

    Args:
        folder: Where the model goes; an older model there is replaced.
        metadata: What ``parlance.json`` says, without ``format_version`` and ``files``, which are added.
        fill: Writes every other file into the folder that it is given.

    Raises:
        ParlanceError: The disk is full or the folder cannot be written; what was there is untouched.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise _cannot_save(folder, error) from error
    try:
        fill(fresh)
        files = {str(path.relative_to(fresh)): sha256(path) for path in sorted(fresh.rglob("*")) if path.is_file()}
        content = {"format_version": FORMAT_VERSION, **metadata, "files": files}
        (fresh / METADATA).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        fresh.chmod(0o755)  # mkdtemp makes it private
        _replace(folder, fresh)
    except OSError as error:
        raise _cannot_save(folder, error) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _replace(folder: Path, fresh: Path) -> None:
    """Put ``fresh`` in the place of ``folder``."""
    check_place(folder)
    if not folder.exists():
        os.replace(fresh, folder)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
    os.replace(folder, old / "model")
    try:
        os.replace(fresh, folder)
    except BaseException:  # Ctrl-C too: the old model is back before what is left over is deleted
        os.replace(old / "model", folder)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _cannot_save(folder: Path, error: OSError) -> ParlanceError:
    return ParlanceError(
        f"The model could not be saved in {folder}: {error.strerror or error}.",
        "Free some space or choose another folder; a model that was there before is untouched.",
    )
