"""Checks of readiness: what fails is named, nothing hangs, and nothing secret is said."""

import asyncio
import sqlite3
import threading

import pytest

from parlance.errors import ParlanceError
from parlance.readiness import NotReady, Readiness, load_check


async def is_well() -> None:
    """A check that passes."""


def test_each_fault_is_named_and_a_strange_error_is_not_told_to_strangers(caplog: pytest.LogCaptureFixture) -> None:
    def is_down() -> None:
        raise ConnectionError("postgresql://fern:secret@10.0.0.7/shop")

    async def is_full() -> None:
        raise sqlite3.OperationalError("database or disk is full")

    async def is_away() -> None:
        raise NotReady("it does not answer")

    readiness = Readiness()
    for name, check in {"well": is_well, "shop": is_down, "web chat": is_full, "actions": is_away}.items():
        readiness.add(name, check)
    assert asyncio.run(readiness.faults()) == {
        "shop": "it failed (ConnectionError); the server's log says why",
        "web chat": "database or disk is full",
        "actions": "it does not answer",
    }
    assert "10.0.0.7" in caplog.text


def test_a_check_that_hangs_holds_one_thread_however_often_it_is_asked() -> None:
    begun, goes_on = [], threading.Event()

    def hangs() -> None:
        begun.append(1)
        goes_on.wait(60)

    async def ask() -> list[dict[str, str]]:
        readiness = Readiness(seconds=0.05, kept_seconds=0)
        readiness.add("shop", hangs)
        readiness.add("well", is_well)
        asked = [await readiness.faults() for _ in range(3)]
        goes_on.set()
        while await readiness.faults():
            pass
        return asked

    assert asyncio.run(ask()) == [{"shop": "no answer within 0.05 s"}] * 3
    assert len(begun) <= 2


def test_many_who_ask_at_once_cause_one_look() -> None:
    looks = []

    async def look() -> None:
        looks.append(1)
        await asyncio.sleep(0)

    async def ask() -> None:
        readiness = Readiness(kept_seconds=600)
        readiness.add("shop", look)
        await asyncio.gather(*(readiness.faults() for _ in range(100)))
        await readiness.faults()

    asyncio.run(ask())
    assert looks == [1]


@pytest.mark.parametrize(
    "path", ["", "check", "shop.nothing.check", "shop.database.nothing", "shop.database.TIMEOUT_S"]
)
def test_a_check_that_is_none_is_refused_with_what_to_write(path: str) -> None:
    with pytest.raises(ParlanceError, match="check"):
        load_check(path)
