"""How much a visitor of the web chat, and an address, may send and hold open."""

from collections.abc import Iterator
from contextlib import contextmanager

from sanic.request import Request

from parlance.channels.core.limits import ConcurrencyLimiter, RateLimiter, TooManyAtOnce, client_address
from parlance.channels.core.uploads import BUSY_SECONDS
from parlance.channels.web.options import WebOptions
from parlance.channels.web.request_parsing import Refused

UPLOADS_AT_ONCE = (24, 2)  # of all addresses together, and of one


class VisitorLimits:
    """Counts what comes in; all of it raises ``Refused`` where it is too much."""

    def __init__(self, options: WebOptions) -> None:
        self._messages = RateLimiter(options.messages_per_minute)
        self._visitors = RateLimiter(options.visitors_per_minute)
        self._addresses = RateLimiter(options.address_messages_per_minute)
        self._streams = ConcurrencyLimiter(options.streams, options.address_streams)
        self._uploads = ConcurrencyLimiter(*UPLOADS_AT_ONCE)

    def admit_visitor(self, request: Request) -> None:
        """Counts a new conversation."""
        if not self._visitors.allow(client_address(request)):
            raise Refused(429, "too_many_visitors", "Too many conversations from this address.", wait=60)

    def count(self, conversation: str, request: Request, what: str) -> None:
        """Counts something that a visitor sends."""
        address = client_address(request)
        for limiter, sender in ((self._messages, conversation), (self._addresses, address)):
            if not limiter.allow(sender):
                raise Refused(429, "too_fast", f"Too many {what} in a minute.", wait=limiter.wait(sender))

    @contextmanager
    def stream(self, request: Request) -> Iterator[None]:
        """One open stream, until the block ends."""
        try:
            with self._streams.one(client_address(request)):
                yield
        except TooManyAtOnce as many:
            raise Refused(429, "too_many_visitors", "Too many streams are open.", wait=BUSY_SECONDS) from many

    @contextmanager
    def upload(self, request: Request) -> Iterator[None]:
        """One picture on its way, until the block ends."""
        try:
            with self._uploads.one(client_address(request)):
                yield
        except TooManyAtOnce as many:
            raise Refused(429, "uploads_busy", "Too many pictures are being sent.", wait=BUSY_SECONDS) from many
