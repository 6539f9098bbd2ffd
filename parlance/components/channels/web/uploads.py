"""Pictures that visitors send: checked, written anew without their metadata, and stored out of the web's reach."""

import re
import secrets
import warnings
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

# What Pillow calls a format, what it is called on the web, and what it is stored as.
FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
MAX_PIXELS = 40_000_000
MAX_SIDE = 2048


class RefusedUpload(Exception):
    """A file that is not taken; ``code`` says why, in a word that the widget has a sentence for."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def store_picture(data: bytes, folder: Path) -> tuple[str, str, int]:
    """Checks a picture and stores it; its id, media type and size in bytes as stored.

    What the file is comes from its content, not from its name. It is decoded and written anew, at most 2,048 pixels a
    side: what else was in the file, the place where it was taken above all, is gone.

    Raises:
        RefusedUpload: it is not a picture of a kind that is taken, is damaged, or would be huge when unpacked.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=list(FORMATS)) as opened:
                kind = opened.format or ""
                if opened.width * opened.height > MAX_PIXELS:
                    raise RefusedUpload("picture_too_large")
                picture = ImageOps.exif_transpose(opened)
                picture.thumbnail((MAX_SIDE, MAX_SIDE))
                # Into a new picture, because a copy would carry the old one's metadata along.
                clean = Image.new(picture.mode, picture.size)
                if picture.mode == "P":
                    picture = picture.convert("RGBA")
                    clean = Image.new("RGBA", picture.size)
                clean.paste(picture)
                if kind == "JPEG" and clean.mode not in ("RGB", "L"):
                    clean = clean.convert("RGB")
                written = BytesIO()
                clean.save(written, kind)
    except UnidentifiedImageError as error:
        raise RefusedUpload("not_a_picture") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise RefusedUpload("picture_too_large") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise RefusedUpload("not_a_picture") from error
    upload = secrets.token_hex(16)
    folder.mkdir(parents=True, exist_ok=True)
    content = written.getvalue()
    (folder / upload).write_bytes(content)
    return upload, FORMATS[kind], len(content)


def tidy_name(name: str) -> str:
    """A file's name for people to read: no path, nothing that cannot be shown, at most 80 characters."""
    name = re.split(r"[/\\]", name)[-1]
    return "".join(letter for letter in name if letter.isprintable())[:80].strip() or "photo"
