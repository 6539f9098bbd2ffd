"""A secret of this server: from the environment, or made once and kept in a file that nobody else may read."""

import os
import secrets
from pathlib import Path

from parlance.errors import ParlanceError

LEAST_LENGTH = 32
"""Characters of a secret."""


def kept_secret(whose: str, variable: str, file: Path) -> bytes:
    """The secret's bytes: the environment variable's, or else those of the file, which is made where there is none.

    Args:
        whose: Of what it is the secret, for messages.
        variable: The environment variable.
        file: Where it is kept otherwise.

    Raises:
        ParlanceError: It is too short, or its file cannot be written or read.
    """
    text, where = os.environ.get(variable), variable
    if not text:
        where = str(file)
        try:
            if not file.exists():
                _write(file)
            text = file.read_text().strip()
        except OSError as error:
            raise ParlanceError(
                f"{whose} secret cannot be kept in {file}: {error.strerror}.",
                f"Make the folder writable, or set {variable}.",
            ) from error
    if len(text) < LEAST_LENGTH:
        raise ParlanceError(
            f"{whose} secret in {where} is shorter than {LEAST_LENGTH} characters.",
            "Make one with: python -c 'import secrets; print(secrets.token_hex(32))'",
        )
    return text.encode()


def _write(file: Path) -> None:
    # Written beside and then linked in place: of two servers that start at once, the second takes the first's.
    draft = file.with_name(f"{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_hex(LEAST_LENGTH))
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
