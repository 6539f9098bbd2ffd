"""What the commands write to a terminal beside their results."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text


def progress(what: str) -> Progress:
    """A progress bar on stderr, so that stdout can be piped; none in a log file."""
    console = stderr()
    return Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def stderr() -> Console:
    """Where everything goes that is no result."""
    return Console(stderr=True)


def say(message: str | Text) -> None:
    """A line on stderr, however long."""
    stderr().print(message if isinstance(message, Text) else Text(message), soft_wrap=True)
