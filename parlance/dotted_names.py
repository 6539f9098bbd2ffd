"""Functions that files and command lines name, as ``package.module.function``."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from parlance.errors import ParlanceError


def named_function(path: str, what: str) -> Callable[..., Any]:
    """The function that a path names.

    Args:
        what: What names it, for the error: "The web chat's option page".

    Raises:
        ParlanceError: There is no such function.
    """
    module, _, name = path.rpartition(".")
    try:
        function = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ParlanceError(
            f"{what} names '{path}', which cannot be loaded: {error}.",
            "Write it as package.module.function, as seen from the project's folder.",
        ) from error
    if not callable(function):
        raise ParlanceError(f"{what} names '{path}', which is not a function.", "Name one.")
    loaded: Callable[..., Any] = function
    return loaded
