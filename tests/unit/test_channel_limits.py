"""How much one visitor may send."""

import pytest

from parlance.components.channels.limits import RateLimiter


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_visitor_waits_for_the_oldest_message_to_leave_the_window():
    clock = Clock()
    limiter = RateLimiter(messages=2, seconds=60, clock=clock)

    assert limiter.allow("ada")
    clock.now += 10
    assert limiter.allow("ada")
    assert not limiter.allow("ada")
    assert limiter.wait("ada") == 50
    clock.now += 50
    assert limiter.wait("ada") == 0
    assert limiter.allow("ada")
    assert not limiter.allow("ada"), "the second message is still in the window"


def test_a_refused_message_does_not_lengthen_the_wait():
    clock = Clock()
    limiter = RateLimiter(messages=1, seconds=60, clock=clock)
    limiter.allow("ada")
    for _ in range(30):
        clock.now += 1
        assert not limiter.allow("ada")
    clock.now += 30
    assert limiter.allow("ada")


def test_visitors_do_not_share_a_limit():
    limiter = RateLimiter(messages=1, clock=Clock())

    assert limiter.allow("ada") and limiter.allow("tom")
    assert not limiter.allow("ada")


def test_those_silent_longest_are_forgotten_first():
    limiter = RateLimiter(messages=2, visitors=2, clock=Clock())
    for visitor in ("ada", "ada", "tom", "zoe"):
        assert limiter.allow(visitor)

    assert limiter.allow("ada"), "forgotten when zoe came"
    assert len(limiter._sent) == 2


@pytest.mark.parametrize("options", [{"messages": 0}, {"seconds": 0}, {"visitors": 0}])
def test_a_limit_that_lets_nothing_through_is_refused(options):
    with pytest.raises(ValueError):
        RateLimiter(**options)
