"""What training needs beyond a serving install: the extra ``train``."""

from collections.abc import Iterator
from contextlib import contextmanager

from parlance.errors import ParlanceError

PACKAGES = {"torch", "transformers", "accelerate", "onnx"}


@contextmanager
def importing_for_training() -> Iterator[None]:
    """Say what to install where one of the packages is missing; they are imported only when something is trained."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in PACKAGES:
            raise
        raise ParlanceError(
            f"Training needs the package {error.name}, which a serving install does not have.",
            "Install the extra `train`: pip install 'parlance[train]'.",
        ) from error
