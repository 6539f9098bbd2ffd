"""How much one visitor may send."""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable


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
