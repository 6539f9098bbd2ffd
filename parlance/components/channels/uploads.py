"""Pictures that people send: checked by what is in them, and stored under random names."""

import os
import re
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from parlance.errors import ParlanceError

NAME_LENGTH = 120


@dataclass(frozen=True)
class StoredUpload:
    """A stored picture.

    Attributes:
        id: Random, and its file's name in the folder.
        name: What the sender called it, for people to read; never a path.
        type: Media type, by content.
        size: In bytes.
    """

    id: str
    name: str
    type: str
    size: int

    def as_dict(self) -> dict[str, str | int]:
        return asdict(self)


class UploadRefused(ParlanceError):
    """A file that is not stored."""


class UploadTooLarge(UploadRefused):
    """A file over the limit."""


def picture_type(data: bytes) -> str | None:
    """Media type of a JPEG, PNG, GIF or WebP by its first bytes; None for anything else."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None


def store(data: bytes, name: str, folder: Path, limit: int) -> StoredUpload:
    """Check a picture and write it to ``folder``, readable by this user alone.

    Args:
        data: The file.
        name: The sender's name for it.
        folder: Where uploads are kept, outside of anything that a web server shows. It is made if need be.
        limit: Bytes.

    Raises:
        UploadTooLarge: It is over the limit.
        UploadRefused: It is not a picture of a known type, whatever its name says.
    """
    if len(data) > limit:
        raise UploadTooLarge(f"The file has {len(data):,} bytes, more than {limit:,}.", "Send a smaller picture.")
    media_type = picture_type(data)
    if media_type is None:
        raise UploadRefused("The file is not a picture that can be opened.", "Send a JPEG, PNG, GIF or WebP.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    upload = StoredUpload(f"{secrets.token_hex(16)}.{media_type.split('/')[1]}", _safe(name), media_type, len(data))
    # Fails where the name is taken, rather than write over somebody's picture.
    descriptor = os.open(folder / upload.id, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    return upload


def _safe(name: str) -> str:
    """The last part of a file name, without control and direction characters."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(letter for letter in last if letter.isprintable())[:NAME_LENGTH] or "picture"
