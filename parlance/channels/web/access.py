"""Who may use the web chat: tokens for visitors, and the pages that may embed it."""

import base64
import binascii
import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Collection
from pathlib import Path
from urllib.parse import urlsplit

from parlance.errors import ParlanceError
from parlance.kept_secret import kept_secret

logger = logging.getLogger(__name__)

SECRET_VARIABLE = "WEB_CHAT_SECRET"


def load_secret(file: Path) -> bytes:
    """The secret that visitors' tokens are signed with: ``WEB_CHAT_SECRET``, or one made here once and kept in a file.

    Raises:
        ParlanceError: the secret is too short, or the file cannot be written.
    """
    return kept_secret("The web chat's", SECRET_VARIABLE, file)


def new_conversation_id() -> str:
    """An id that cannot be guessed: 192 random bits."""
    return f"web-{secrets.token_urlsafe(24)}"


class VisitorTokens:
    """Tokens that let a browser use one conversation: the id and the time of issue, signed with HMAC-SHA256.

    Args:
        secret: The key.
        days: How long a token is good for.
    """

    def __init__(self, secret: bytes, days: float = 30.0) -> None:
        self._secret = secret
        self._seconds = days * 86_400

    def issue(self, conversation: str) -> str:
        """A token for a conversation."""
        claim = f"{conversation}.{int(time.time())}"
        return f"{claim}.{self._signature(claim)}"

    def read(self, token: str) -> str | None:
        """The conversation that a token is for; None where it is forged, damaged or out of date."""
        claim, _, signature = token.rpartition(".")
        if not token.isascii() or not hmac.compare_digest(self._signature(claim), signature):
            return None
        conversation, _, issued = claim.rpartition(".")
        return conversation if time.time() - int(issued) < self._seconds else None

    def _signature(self, claim: str) -> str:
        digest = hmac.new(self._secret, claim.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def check_origins(origins: Collection[str]) -> frozenset[str]:
    """The origins of ``credentials.yml``, checked: a scheme and a host, and a port where it is not the usual one.

    Raises:
        ParlanceError: one is not an origin. A wildcard is none either: name the pages that may speak for the shop.
    """
    for origin in origins:
        if not _is_origin(origin):
            raise ParlanceError(
                f"allowed_origins names {origin!r}, which is not an origin.",
                "Write it as https://www.example.com, with neither a path nor a slash at the end.",
            )
    return frozenset(origins)


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        named = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # half an IPv6 address, or a port that is no number
        return False
    return named and f"{parts.scheme}://{parts.netloc}" == text and "*" not in text and "@" not in text


def may_embed(origin: str | None, host: str, allowed: Collection[str]) -> bool:
    """Whether a page of ``origin`` may speak to the server at ``host``: its own pages, and those that are allowed.

    Browsers send no origin where they fetch from their own; other programs may leave it out, and are stopped by the
    token, not by this.
    """
    if origin is None or origin in allowed:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return bool(parts.netloc) and parts.netloc == host


def decoded_header(value: str | None) -> str:
    """A header in which a browser sent text as base64 of UTF-8, since headers carry Latin-1 only."""
    try:
        return base64.b64decode(value or "", validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
