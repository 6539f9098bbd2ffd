"""Whom a conversation has recognised: a JSON Web Token (RFC 7519) that the shop signs and only the shop believes.

It stands in the conversation, where others may write: it is good for that one conversation and for a while, and says
nothing of how much the customer may do.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from shop.errors import ShopUnavailable
from shop.server_secret import keyed_hash

logger = logging.getLogger(__name__)

AUDIENCE = "conversation"
LIFETIME_S = 12 * 3600
"""Who comes back to the same browser the next day says again who they are."""


@dataclass(frozen=True)
class Recognition:
    """A customer, and how they were recognised.

    ``signed_in`` is the e-mail address that the channel vouched for then; empty where an order and its e-mail address
    were all. ``since`` is in seconds since 1970.
    """

    customer_id: int
    first_name: str
    email: str
    signed_in: str
    since: float


def sign(recognition: Recognition, conversation: str, seconds: float = LIFETIME_S) -> str:
    """A token for a conversation, good for ``seconds``.

    Raises:
        ShopUnavailable: There is no usable secret.
    """
    claims = {
        "aud": AUDIENCE,
        "sub": str(recognition.customer_id),
        "conversation": conversation,
        "first_name": recognition.first_name,
        "email": recognition.email,
        "signed_in": recognition.signed_in,
        "since": recognition.since,
        "exp": int(time.time() + seconds),
    }
    return jwt.encode(claims, _key(), algorithm="HS256")


def recognition_in(token: object, conversation: str, even_if_expired: bool = False) -> Recognition | None:
    """What a token says; None where it is none, forged, out of date or for another conversation."""
    if not isinstance(token, str):
        return None
    try:
        claims = jwt.decode(
            token,
            _key(),
            algorithms=["HS256"],
            audience=AUDIENCE,
            options={"require": ["aud", "exp", "sub"], "verify_exp": not even_if_expired},
        )
    except jwt.InvalidTokenError as error:
        logger.info("A conversation's customer was refused: %s", error)
        return None
    except ShopUnavailable as error:
        logger.error("%s", error)
        return None
    if claims["conversation"] != conversation:
        logger.warning("A conversation's customer was refused: it is of another conversation.")
        return None
    kept = ("first_name", "email", "signed_in", "since")
    return Recognition(int(claims["sub"]), *(claims[name] for name in kept))


def recognised_in(slots: Mapping[str, Any], conversation: str) -> str | None:
    """The e-mail address of the customer whom a conversation with these slots has recognised, or had before the proof
    ran out; None where there is none."""
    known = recognition_in(slots.get("customer"), conversation, even_if_expired=True)
    return known.email if known else None


def _key() -> str:
    return keyed_hash("recognition")
