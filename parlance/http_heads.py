"""Heads of requests that Sanic would read on and on: a negative Content-Length stopped the whole server."""

from functools import wraps
from typing import Any

from sanic.exceptions import InvalidUsage
from sanic.request import Request

MOST_DIGITS = 15


def refuse_odd_lengths() -> None:
    """Teach Sanic to answer 400 to a length that is no plain number, or told in two ways, before any handler, whatever
    the address; calling this again changes nothing.

    Sanic takes what Python takes for a number, and waits in a loop, which nothing else gets into, for less than nothing
    to come. It makes the request before it looks at the length; its parser it writes anew at the start.
    """
    original = Request.__init__
    if hasattr(original, "__refuses_odd_lengths__"):
        return

    @wraps(original)
    def __init__(self: Request, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        lengths, codings = (self.headers.getall(name, []) for name in ("content-length", "transfer-encoding"))
        if len(lengths) > 1 or not all(is_length(length) for length in lengths):
            raise InvalidUsage("Bad Content-Length")
        # With both a proxy in front may see the end of the request elsewhere; no other coding is read.
        if codings and (lengths or codings != ["chunked"]):
            raise InvalidUsage("Bad Transfer-Encoding")

    __init__.__refuses_odd_lengths__ = True  # type: ignore[attr-defined]
    Request.__init__ = __init__  # type: ignore[method-assign]


def is_length(text: str) -> bool:
    """Whether a text is a length as HTTP has it: digits, and nothing else."""
    plain = text.strip(" \t")
    return plain.isascii() and plain.isdigit() and len(plain) <= MOST_DIGITS
