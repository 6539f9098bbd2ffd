"""The shop's own secret: it keys what is stored of one-time codes and of links, so that the database gives none away.

The environment variable ``SHOP_SECRET``, or one that is made once and kept beside the database's default file.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from shop.errors import ShopUnavailable

VARIABLE = "SHOP_SECRET"
FILE = Path(__file__).resolve().parents[1] / ".shop_secret"
LEAST_LENGTH = 32


def keyed_hash(purpose: str, *parts: object) -> str:
    """HMAC-SHA-256 as hexadecimal digits; what was hashed for one purpose or order of parts fits no other.

    Raises:
        ShopUnavailable: There is no usable secret.
    """
    message = "\0".join([purpose, *map(str, parts)])
    return hmac.new(server_secret(), message.encode(), hashlib.sha256).hexdigest()


def server_secret() -> bytes:
    """The secret's bytes.

    Raises:
        ShopUnavailable: It is too short, or its file cannot be written or read.
    """
    text, where = os.environ.get(VARIABLE), VARIABLE
    if not text:
        where = str(FILE)
        try:
            if not FILE.exists():
                _write()
            text = FILE.read_text().strip()
        except OSError as error:
            raise ShopUnavailable(
                f"The shop's secret cannot be kept in {FILE}: {error.strerror}.",
                f"Make the folder writable, or set {VARIABLE}.",
            ) from error
    if len(text) < LEAST_LENGTH:
        raise ShopUnavailable(
            f"The shop's secret in {where} is shorter than {LEAST_LENGTH} characters.",
            "Make one with: python -c 'import secrets; print(secrets.token_hex(32))'",
        )
    return text.encode()


def _write() -> None:
    # Written beside and then linked in place: of two servers that start at once, the second takes the first's.
    draft = FILE.with_name(f"{FILE.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_hex(LEAST_LENGTH))
        os.link(draft, FILE)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
