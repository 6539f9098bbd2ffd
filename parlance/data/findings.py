"""What an audit of training data finds."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """Something to look at in the data. An error keeps the data from being trained on, a warning does not."""

    level: Literal["error", "warning"]
    kind: str
    """What was found, in a few words that are the same for every finding of the kind."""
    message: str
    source: str = ""
