"""Pictures that people send: checked, written anew without their metadata, and stored out of the web's reach."""

import asyncio
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
MAX_SIDE = 2048
NAME_LENGTH = 80
MEDIA_TYPES = tuple(f"image/{name.lower()}" for name in FORMATS)

# Unpacked, a picture may take 300 MB of memory, so few are unpacked at once.
_threads = ThreadPoolExecutor(2, thread_name_prefix="pictures")


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
        return asdict(self)


class UploadRefused(ParlanceError):
    """A file that is not a picture of a kind that is taken."""


class UploadTooLarge(UploadRefused):
    """A picture over the limit, as a file or when unpacked."""


async def take_in(data: bytes, name: str, folder: Path, limit: int) -> StoredUpload:
    """``store`` in a thread, when its turn comes."""
    return await asyncio.get_running_loop().run_in_executor(_threads, store, data, name, folder, limit)


def store(data: bytes, name: str, folder: Path, limit: int) -> StoredUpload:
    """Check a picture and store it, readable by this user alone.

    What the file is comes from its content. It is decoded and written anew, at most 2,048 pixels a side: what else was
    in the file, above all the place where a photo was taken, is gone. Of a moving GIF the first picture is kept.

    Args:
        data: The file.
        name: The sender's name for it.
        folder: Where uploads are kept, outside of anything that a web server shows. It is made if need be.
        limit: Bytes.

    Raises:
        UploadTooLarge: It is over the limit, or would be huge when unpacked.
        UploadRefused: It is no picture of a kind that is taken, or is damaged.
    """
    if len(data) > limit:
        raise UploadTooLarge(f"The file has {len(data):,} bytes, more than {limit:,}.", "Send a smaller picture.")
    clean, kind = _decoded(data)
    written = BytesIO()
    clean.save(written, kind)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    upload = StoredUpload(secrets.token_hex(16), _tidy(name), f"image/{kind.lower()}", written.tell())
    # Fails where the name is taken, rather than write over somebody's picture.
    descriptor = os.open(folder / upload.id, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(written.getvalue())
    return upload


def _decoded(data: bytes) -> tuple[Image.Image, str]:
    """The pixels of a picture, and the format to store them in."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=list(FORMATS)) as opened:
                kind = FORMATS[opened.format or ""]
                if opened.width * opened.height > MAX_PIXELS:
                    raise UploadTooLarge(f"The picture has over {MAX_PIXELS:,} pixels.", "Send a smaller picture.")
                picture = ImageOps.exif_transpose(opened)
                picture.thumbnail((MAX_SIDE, MAX_SIDE))
                picture = picture.convert("RGB" if kind == "JPEG" else "RGBA")
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
