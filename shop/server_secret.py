"""The shop's own secret: it keys what is stored of one-time codes and of links, so that the database gives none away.

The environment variable ``SHOP_SECRET``, or one that is made once and kept beside the database's default file.
"""

import hashlib
import hmac
from pathlib import Path

from parlance.errors import ParlanceError
from parlance.kept_secret import kept_secret
from shop.errors import ShopUnavailable

VARIABLE = "SHOP_SECRET"
FILE = Path(__file__).resolve().parents[1] / ".shop_secret"


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
    try:
        return kept_secret("The shop's", VARIABLE, FILE)
    except ParlanceError as error:
        raise ShopUnavailable(error.problem, error.remedy) from error
