"""The library's errors as Rasa's command line shows them."""

from collections.abc import Iterator
from contextlib import contextmanager

from rasa.shared.exceptions import RasaException
from rasa.shared.utils.cli import print_warning

from parlance.errors import ParlanceError
from parlance.stopping import exit_status, stopped_by_signals


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


@contextmanager
def while_training() -> Iterator[None]:
    """The same, and Ctrl-C or a signal ends the command with a sentence on how it goes on, in place of a traceback."""
    try:
        with stopped_by_signals(), as_rasa_errors():
            yield
    except KeyboardInterrupt as stop:
        print_warning(str(stop))
        raise SystemExit(exit_status(stop)) from None
