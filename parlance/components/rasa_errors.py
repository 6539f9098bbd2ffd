"""The library's errors as Rasa's command line shows them."""

from collections.abc import Iterator
from contextlib import contextmanager

from rasa.shared.exceptions import RasaException

from parlance.errors import ParlanceError


class ComponentError(RasaException):
    """A ParlanceError as Rasa's command line shows it: the sentence, without a traceback."""


class ChannelError(ParlanceError, RasaException):
    """A fault in a channel's part of ``credentials.yml``, for Rasa's command line, too."""


@contextmanager
def as_rasa_errors(kind: type[RasaException] = ComponentError) -> Iterator[None]:
    """Turn ParlanceError into an exception of Rasa."""
    try:
        yield
    except ParlanceError as error:
        raise kind(str(error)) from error
