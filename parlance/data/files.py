"""Text files: read as UTF-8 with an error that says where, and written so that a reader never sees half a file."""

import os
from pathlib import Path

from parlance.errors import ParlanceError


def read_text(path: Path) -> str:
    """The file's text, without a byte order mark (Excel and Notepad put one there).

    Raises:
        ParlanceError: The file is missing, is not readable, or is not UTF-8.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ParlanceError(f"{path} does not exist.", "Check the path.") from error
    except OSError as error:
        raise ParlanceError(
            f"{path} cannot be read: {error.strerror}.", "Check the path and its permissions."
        ) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ParlanceError(
            f"{path}:{line}: the byte 0x{content[error.start]:02x} is not UTF-8.", "Save the file as UTF-8."
        ) from error


def write_text_atomically(path: Path, text: str) -> None:
    """Write ``text`` beside ``path`` and move it there; parent folders are made.

    A fault half-way (a full disk, Ctrl-C) leaves what was at ``path`` before.

    Raises:
        ParlanceError: The file cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        raise ParlanceError(
            f"{path} cannot be written: {error.strerror}.", "Free space on the disk or choose another path."
        ) from error
    finally:
        _remove_if_there(partial)


def _remove_if_there(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # the parent is a file or not writable: nothing of ours is there, and the first error matters more
        pass
