"""The one exception that a user's mistake or a fault of the machine ends in, and what is said of misspelt names."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, names: Iterable[str], quote: str = "`", cutoff: float = 0.5) -> str:
    """The question whether the most similar of the names is meant; empty where none is similar enough."""
    near = get_close_matches(name, list(names), n=1, cutoff=cutoff)
    return f"Did you mean {quote}{near[0]}{quote}?" if near else ""


class ParlanceError(Exception):
    """Something a person can put right.

    Args:
        problem: What is wrong, as one sentence that names the file, option or label.
        remedy: What to do about it, as one sentence.

    The command line prints ``str(error)`` without a traceback and ends with ``exit_status``.
    """

    exit_status = 1

    def __init__(self, problem: str, remedy: str = "") -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{problem} {remedy}".strip())
