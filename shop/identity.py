"""Who a customer is, as the shop's own sign-in says: a JSON Web Token (RFC 7519) signed with a shared secret.

The secret is the environment variable ``IDENTITY_SECRET`` (HS256; at least 32 bytes, as RFC 7518 asks). Without one
nobody is recognised, and nothing can be minted.
"""

import logging
import os
import time
from dataclasses import dataclass

import jwt

logger = logging.getLogger(__name__)

AUDIENCE = "fern"
SECRET_BYTES = 32


@dataclass(frozen=True)
class Identity:
    """A customer who has proved who they are; ``email`` is in lower case, as the shop's database has it."""

    email: str
    name: str = ""


def identity_of(token: str | None, even_if_expired: bool = False) -> Identity | None:
    """The customer whom a token speaks of; None where it is missing, forged, out of date or for somebody else.

    Args:
        token: As the channel passed it on.
        even_if_expired: For whom an earlier message came from, which says nothing about now.
    """
    secret = _secret()
    if not secret or not isinstance(token, str):
        return None
    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            audience=AUDIENCE,
            options={"require": ["aud", "email", "exp"], "verify_exp": not even_if_expired},
        )
    except jwt.InvalidTokenError as error:
        logger.info("An identity token was refused: %s", error)
        return None
    email, name = claims["email"], claims.get("name")
    if not isinstance(email, str) or "@" not in email:
        return None
    return Identity(email=email.strip().lower(), name=name.strip() if isinstance(name, str) else "")


def mint(email: str, name: str, channel: str, seconds: float) -> str | None:
    """A token for a customer whom ``channel`` has recognised, good for ``seconds``; None where no secret is set."""
    secret = _secret()
    if not secret:
        return None
    claims = {"aud": AUDIENCE, "email": email, "name": name, "channel": channel, "exp": int(time.time() + seconds)}
    return jwt.encode(claims, secret, algorithm="HS256")


def _secret() -> str | None:
    secret = os.environ.get("IDENTITY_SECRET")
    if not secret:
        return None
    if len(secret.encode()) < SECRET_BYTES:
        logger.error(
            "IDENTITY_SECRET is shorter than %d bytes, so no customer is recognised. "
            "Make one with: python -c 'import secrets; print(secrets.token_hex(32))'",
            SECRET_BYTES,
        )
        return None
    return secret
