"""The library's errors as Rasa's command line shows them, and what training needs beyond a serving install."""

from collections.abc import Iterator
from contextlib import contextmanager

from rasa.shared.exceptions import RasaException

from parlance.errors import ParlanceError


class ComponentError(RasaException):
    """A ParlanceError as Rasa's command line shows it: the sentence, without a traceback."""


@contextmanager
def as_rasa_errors(kind: type[RasaException] = ComponentError) -> Iterator[None]:
    """Turn ParlanceError into an exception of Rasa."""
    try:
        yield
    except ParlanceError as error:
        raise kind(str(error)) from error


@contextmanager
def importing_for_training() -> Iterator[None]:
    """Say what to install where an import fails; torch is imported only when something is trained."""
    try:
        yield
    except ImportError as error:
        raise ParlanceError(
            f"Training needs the package {error.name}, which a serving install does not have.",
            "Install the extra `train`: pip install 'parlance[train]'.",
        ) from error
