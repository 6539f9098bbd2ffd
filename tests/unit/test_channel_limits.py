"""How much one visitor may send."""

from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest

from parlance.channels.core.limits import ConcurrencyLimiter, RateLimiter, TooManyAtOnce, client_address


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_visitor_waits_for_the_oldest_message_to_leave_the_window() -> None:
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


def test_a_refused_message_does_not_lengthen_the_wait() -> None:
    clock = Clock()
    limiter = RateLimiter(messages=1, seconds=60, clock=clock)
    limiter.allow("ada")
    for _ in range(30):
        clock.now += 1
        assert not limiter.allow("ada")
    clock.now += 30
    assert limiter.allow("ada")


def test_visitors_do_not_share_a_limit() -> None:
    limiter = RateLimiter(messages=1, clock=Clock())

    assert limiter.allow("ada") and limiter.allow("tom")
    assert not limiter.allow("ada")


def test_those_silent_longest_are_forgotten_first() -> None:
    limiter = RateLimiter(messages=2, visitors=2, clock=Clock())
    for visitor in ("ada", "ada", "tom", "zoe"):
        assert limiter.allow(visitor)

    assert limiter.allow("ada"), "forgotten when zoe came"
    assert len(limiter._sent) == 2


@pytest.mark.parametrize("options", [{"messages": 0}, {"seconds": 0}, {"visitors": 0}])
def test_a_limit_that_lets_nothing_through_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        RateLimiter(**options)


def test_what_is_open_at_once_is_limited_for_each_and_for_all() -> None:
    limiter = ConcurrencyLimiter(total=3, each=2)
    with ExitStack() as ada, ExitStack() as tom:
        ada.enter_context(limiter.one("ada"))
        ada.enter_context(limiter.one("ada"))
        with pytest.raises(TooManyAtOnce), limiter.one("ada"):
            pass
        tom.enter_context(limiter.one("tom"))
        with pytest.raises(TooManyAtOnce), limiter.one("zoe"):
            pass
        ada.close()
        tom.enter_context(limiter.one("tom"))
    with pytest.raises(KeyError), limiter.one("ada"):
        raise KeyError
    assert not limiter._in_use


@pytest.mark.parametrize(
    ("forwarded", "peer", "expected"),
    [
        ("", "203.0.113.7", "203.0.113.7"),
        ("198.51.100.2", "10.0.0.1", "198.51.100.2"),
        ("", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", "2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("", "::ffff:203.0.113.7", "203.0.113.7"),
        ("unknown" * 30, "10.0.0.1", ("unknown" * 30)[:64]),
    ],
)
def test_an_address_is_that_of_a_household(forwarded: str, peer: str, expected: str) -> None:
    assert client_address(SimpleNamespace(remote_addr=forwarded, ip=peer)) == expected  # type: ignore[arg-type]
