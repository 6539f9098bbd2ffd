"""The secret that Rasa and the action server share, so that nobody else tells the actions what to do."""

import os

from parlance.errors import ParlanceError

SECRET_VARIABLE = "ACTION_SERVER_SECRET"
LEAST_SECRET = 16


def authorization(secret: str) -> str:
    """The value of the header ``Authorization`` for a secret."""
    return f"Bearer {secret}"


def shared_secret() -> str:
    """The secret of the environment, empty where none is set.

    Raises:
        ParlanceError: It can be guessed, or does not fit a header.
    """
    secret = os.environ.get(SECRET_VARIABLE, "")
    if secret and (len(secret) < LEAST_SECRET or not secret.isascii() or not secret.isprintable() or " " in secret):
        raise ParlanceError(
            f"{SECRET_VARIABLE} is shorter than {LEAST_SECRET} characters, or has others than plain ones.",
            "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'",
        )
    return secret
