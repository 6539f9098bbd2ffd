"""What can keep conversation tests from being run, and the words for it."""

from collections.abc import Iterable

from parlance.errors import ParlanceError, did_you_mean


class BadTestFile(ParlanceError):
    """A test file or the settings of a run are wrong."""

    exit_status = 2


class AssistantUnreachable(ParlanceError):
    """The assistant cannot be started or reached, or ended in the middle of a run."""

    exit_status = 3


class AssistantFault(ParlanceError):
    """The assistant did not answer one message as an assistant should: an error, a time-out, something unreadable."""


def nearest(name: str, names: Iterable[str]) -> str:
    """ "Did you mean ...?" with the most similar of the names; empty where none is similar."""
    return did_you_mean(name, names, quote="'", cutoff=0.6)


def listed(names: Iterable[str]) -> str:
    """Names as a sentence lists them: "a, b or c"."""
    *head, last = names
    return f"{', '.join(head)} or {last}" if head else last
