"""How much one visitor, and one address, may send and hold open."""

import hashlib
import hmac
import ipaddress
import math
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sanic.request import Request


class RateLimiter:
    """A sliding window for each visitor: at most ``messages`` in any ``seconds``.

    Memory is bounded: the visitors that were silent longest are forgotten first, and a forgotten visitor has a clean
    record, so ``visitors`` should exceed the number that are active in one window.

    Args:
        messages: How many a visitor may send in the window.
        seconds: Length of the window.
        visitors: How many visitors are remembered at once.
        clock: Seconds that never run backwards.
    """

    def __init__(
        self,
        messages: int = 20,
        seconds: float = 60.0,
        visitors: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if messages < 1 or seconds <= 0 or visitors < 1:
            raise ValueError("A rate limit needs at least one message, a window longer than nothing, and a visitor.")
        self.messages = messages
        self.seconds = seconds
        self._visitors = visitors
        self._clock = clock
        self._sent: OrderedDict[str, deque[float]] = OrderedDict()

    def allow(self, visitor: str) -> bool:
        """Whether the visitor may send a message now. One that is allowed counts; one that is refused does not."""
        if self.wait(visitor):
            return False
        self._sent.setdefault(visitor, deque()).append(self._clock())
        self._sent.move_to_end(visitor)
        if len(self._sent) > self._visitors:
            self._sent.popitem(last=False)
        return True

    def wait(self, visitor: str) -> int:
        """Whole seconds until the visitor may send the next message; 0 for now."""
        times = self._sent.get(visitor)
        if times is None:
            return 0
        now = self._clock()
        while times and now - times[0] >= self.seconds:
            times.popleft()
        if len(times) < self.messages:
            return 0
        return max(1, math.ceil(times[0] + self.seconds - now))


class TooManyAtOnce(Exception):
    """Everything that a client, or all together, may hold open at once is in use."""


class ConcurrencyLimiter:
    """How many of something are in use at once.

    Args:
        total: By all clients together.
        each: By one client.
    """

    def __init__(self, total: int, each: int) -> None:
        self.total = total
        self.each = each
        self._in_use: Counter[str] = Counter()

    @contextmanager
    def one(self, client: str) -> Iterator[None]:
        """One in use, until the block ends.

        Raises:
            TooManyAtOnce: There are too many already.
        """
        if self._in_use[client] >= self.each or self._in_use.total() >= self.total:
            raise TooManyAtOnce
        self._in_use[client] += 1
        try:
            yield
        finally:
            self._in_use[client] -= 1
            if not self._in_use[client]:
                del self._in_use[client]


def client_key(secret: bytes, client: str) -> str:
    """What an action is told of a client, in a message's metadata: enough to know it again and no more.

    A hash without a key would give the address away: there are few enough to try them all.
    """
    return hmac.new(secret, f"client\0{client}".encode(), hashlib.sha256).hexdigest()


def client_address(request: Request) -> str:
    """Where a request comes from, behind as many trusted proxies as the server is told of.

    Of IPv6 it is the network of 64 bits that one household or machine gets, since within it every request could have
    an address of its own.
    """
    text = str(request.remote_addr or request.ip or "")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text[:64]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
