"""Pictures that people send: checked, written anew without their metadata, and stored out of the web's reach."""

import asyncio
import json
import os
import re
import secrets
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from parlance.errors import ParlanceError

# What Pillow calls a format that is taken, and the one in which it is stored.
FORMATS = {"JPEG": "JPEG", "PNG": "PNG", "WEBP": "WEBP", "GIF": "PNG"}
MAX_PIXELS = 40_000_000
# JPEG is unpacked at a fraction of its size; of other formats every pixel stands in memory, with four bytes.
MAX_PIXELS_WHOLE = 16_000_000
MAX_SIDE = 2048
NAME_LENGTH = 80
MEDIA_TYPES = tuple(f"image/{name.lower()}" for name in FORMATS)

STORAGE_BYTES = 2_000_000_000
MOST_WAITING = 8
BUSY_SECONDS = 5

# Unpacked, a picture may take 200 MB of memory, so few are unpacked at once, and few wait with their data in memory.
_threads = ThreadPoolExecutor(2, thread_name_prefix="pictures")
_waiting: set["asyncio.Future[StoredUpload]"] = set()


@dataclass(frozen=True)
class StoredUpload:
    """A stored picture.

    Attributes:
        id: Random, and its file's name in the folder.
        name: What the sender called it, for people to read; never a path.
        type: Media type.
        size: In bytes, as stored.
    """

    id: str
    name: str
    type: str
    size: int

    def as_dict(self) -> dict[str, str | int]:
        """The metadata ``attachment`` of the message that tells the assistant of it."""
        return asdict(self)

    @property
    def payload(self) -> str:
        """The text of that message."""
        return f"/send_photo{json.dumps({'photo': self.id})}"


@dataclass(frozen=True)
class PictureFolder:
    """Where a channel takes pictures in.

    Attributes:
        path: The folder; outside of anything that a web server shows.
        limit: Bytes of one picture as it is sent.
        storage: Bytes that all files in the folder may take together.
    """

    path: Path
    limit: int
    storage: int = STORAGE_BYTES

    async def take_in(self, data: bytes, name: str) -> StoredUpload:
        """Check and store a picture; ``store`` says what may be wrong with it."""
        return await take_in(data, name, self.path, self.limit, self.storage)


class UploadRefused(ParlanceError):
    """A file that is not a picture of a kind that is taken."""


class UploadTooLarge(UploadRefused):
    """A picture over the limit, as a file or when unpacked."""


class UploadNotNow(ParlanceError):
    """A picture that may be good, and cannot be taken at the moment."""


class UploadsBusy(UploadNotNow):
    """Too many pictures wait to be unpacked."""


class StorageFull(UploadNotNow):
    """The folder holds as much as it may, or the disk is full."""


async def take_in(data: bytes, name: str, folder: Path, limit: int, storage: int = STORAGE_BYTES) -> StoredUpload:
    """``store`` in a thread, when its turn comes.

    Raises:
        UploadsBusy: Too many are waiting already.
    """
    if len(_waiting) >= MOST_WAITING:
        raise UploadsBusy("Too many pictures are being taken in just now.", "Send it again in a few seconds.")
    work = asyncio.get_running_loop().run_in_executor(_threads, store, data, name, folder, limit, storage)
    _waiting.add(work)
    # A sender that goes away does not stop the work, so that it counts to its end.
    work.add_done_callback(_waiting.discard)
    return await asyncio.shield(work)


def store(data: bytes, name: str, folder: Path, limit: int, storage: int = STORAGE_BYTES) -> StoredUpload:
    """Check a picture and store it, readable by this user alone.

    What the file is comes from its content. It is decoded and written anew, at most 2,048 pixels a side: what else was
    in the file, above all the place where a photo was taken, is gone. Of a moving GIF the first picture is kept.

    Args:
        data: The file.
        name: The sender's name for it.
        folder: Where uploads are kept, outside of anything that a web server shows. It is made if need be.
        limit: Bytes.
        storage: Bytes that all files in the folder may take together.

    Raises:
        UploadTooLarge: It is over the limit, or would be huge when unpacked.
        UploadRefused: It is no picture of a kind that is taken, or is damaged.
        StorageFull: There is no room for it.
    """
    if len(data) > limit:
        raise UploadTooLarge(f"The file has {len(data):,} bytes, more than {limit:,}.", "Send a smaller picture.")
    clean, kind = _decoded(data)
    written = BytesIO()
    clean.save(written, kind)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _bytes_in(folder) + written.tell() > storage:
        raise StorageFull(f"The folder {folder} holds as many pictures as it may, {storage:,} bytes.")
    upload = StoredUpload(secrets.token_hex(16), _tidy(name), f"image/{kind.lower()}", written.tell())
    _write(folder / upload.id, written.getvalue())
    return upload


def _bytes_in(folder: Path) -> int:
    return sum(entry.stat().st_size for entry in os.scandir(folder) if entry.is_file())


def _write(file: Path, content: bytes) -> None:
    # Fails where the name is taken, rather than write over somebody's picture.
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
    except OSError as error:
        file.unlink(missing_ok=True)
        raise StorageFull(f"A picture cannot be written to {file.parent}: {error.strerror}.") from error


def _decoded(data: bytes) -> tuple[Image.Image, str]:
    """The pixels of a picture, and the format to store them in."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=list(FORMATS)) as opened:
                kind = FORMATS[opened.format or ""]
                # By what the header says: nothing is unpacked yet.
                most = MAX_PIXELS if kind == "JPEG" else min(MAX_PIXELS, MAX_PIXELS_WHOLE)
                if opened.width * opened.height > most:
                    raise UploadTooLarge(f"The picture has over {most:,} pixels.", "Send a smaller picture.")
                # Smaller first, a JPEG while it is unpacked, and turned then: it never stands in memory twice.
                opened.draft(None, (MAX_SIDE, MAX_SIDE))
                opened.thumbnail((MAX_SIDE, MAX_SIDE))
                picture = ImageOps.exif_transpose(opened).convert("RGB" if kind == "JPEG" else "RGBA")
                # Into a new picture, because a copy would carry the old one's metadata along.
                clean = Image.new(picture.mode, picture.size)
                clean.paste(picture)
                return clean, kind
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UploadTooLarge("The picture is huge when unpacked.", "Send a smaller picture.") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise UploadRefused(
            "The file is not a picture that can be opened.", "Send a JPEG, PNG, GIF or WebP."
        ) from error


def _tidy(name: str) -> str:
    """The last part of a file name, without what cannot be shown."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(letter for letter in last if letter.isprintable())[:NAME_LENGTH].strip() or "picture"
