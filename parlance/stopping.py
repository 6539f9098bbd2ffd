"""Stopping a training by Ctrl-C or a signal, with a word for the person instead of a traceback."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(KeyboardInterrupt):
    """Somebody stopped a training by a signal; the text says how to go on; who knows more replaces it."""

    def __init__(self, number: int) -> None:
        super().__init__("Training was stopped before its model was written. Run the same command again.")
        self.exit_status = 128 + number


def exit_status(stop: KeyboardInterrupt) -> int:
    """The status that a shell knows for an end by a signal."""
    return getattr(stop, "exit_status", 128 + signal.SIGINT)


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """SIGINT and SIGTERM raise ``Stopped`` meanwhile.

    A shell that starts a process in the background of a script has SIGINT ignored in it, and Python then leaves it so.
    In a thread other than the main one nothing is changed: Python allows no handlers there.
    """

    def stop(number: int, _: FrameType | None) -> None:
        raise Stopped(number)

    try:
        before = {number: signal.signal(number, stop) for number in _SIGNALS}
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
