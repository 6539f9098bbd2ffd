"""A delivery is taken on once, whoever tries, and that is remembered: on a SQLite file and on a PostgreSQL server."""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from parlance.channels.core import deliveries
from parlance.channels.core.databases import BUSY_SECONDS
from parlance.channels.core.deliveries import DeliveryLog
from parlance.errors import ParlanceError

# Forked: to import Rasa once more would take a minute.
FORK = multiprocessing.get_context("fork")


def claimed_in_a_process(url: str, keys: list[str], barrier: Barrier) -> list[str]:
    """The keys that a process gets which opens the log, and tries for each key, at the same moment as the others."""
    barrier.wait(30)
    log = DeliveryLog(url)
    log.open()

    async def claim() -> list[str]:
        got = []
        for key in keys:
            barrier.wait(30)
            got += [key] if await log.take_in((key, f"{key} once more"), "C1", {}) else []
        return got

    return asyncio.run(claim())


def run(url: str, sql: str) -> None:
    with create_engine(url, poolclass=NullPool).begin() as connection:
        connection.execute(text(sql))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without the table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'made' / 'deliveries.db'}"
        return
    server: URL = request.getfixturevalue("postgresql")
    address = server.render_as_string(hide_password=False)
    yield address
    run(address, "DROP TABLE IF EXISTS channel_deliveries, channel_inbox")


@pytest.fixture
def log(url: str) -> Iterator[DeliveryLog]:
    log = DeliveryLog(url)
    log.open()
    yield log
    log.close()


@pytest.mark.parametrize("processes", [2, 3])
def test_of_several_processes_that_compete_one_gets_each_delivery(url: str, processes: int) -> None:
    keys = [f"Ev{number}" for number in range(30)]
    with FORK.Manager() as manager, FORK.Pool(processes) as pool:
        barrier = manager.Barrier(processes)
        claimed = pool.starmap(claimed_in_a_process, [(url, keys, barrier)] * processes)

    assert sorted(key for part in claimed for key in part) == sorted(keys)


def test_a_claim_outlives_the_process(url: str, log: DeliveryLog) -> None:
    assert asyncio.run(log.take_in(("Ev1", "C1-1.0"), "C1", {}))
    log.close()

    again = DeliveryLog(url)
    again.open()
    assert not asyncio.run(again.take_in(("Ev1",), "C1", {}))
    again.close()


def test_where_one_key_is_taken_none_is_claimed(log: DeliveryLog) -> None:
    assert asyncio.run(log.take_in(("Ev1", "C1-1.0"), "C1", {}))

    assert not asyncio.run(log.take_in(("Ev2", "C1-1.0"), "C1", {}))
    assert asyncio.run(log.take_in(("Ev2",), "C1", {}))


def test_old_claims_are_forgotten(log: DeliveryLog, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asyncio.run(log.take_in(("Ev1",), "C1", {}))
    asyncio.run(log.finish("Ev1"))
    later = deliveries.time.time() + deliveries.KEEP_SECONDS + 1
    monkeypatch.setattr(deliveries.time, "time", lambda: later)
    assert asyncio.run(log.take_in(("Ev2",), "C1", {}))
    asyncio.run(log.forget_old())

    assert asyncio.run(log.take_in(("Ev1",), "C1", {}))
    assert not asyncio.run(log.take_in(("Ev2",), "C1", {}))


def test_what_is_stored_of_a_conversation_can_be_forgotten(log: DeliveryLog) -> None:
    for key, order in (("Ev1", "C1"), ("Ev2", "C1"), ("Ev3", "C2")):
        assert asyncio.run(log.take_in((key,), order, {"text": order}))
    asyncio.run(log.set_aside("Ev2"))
    asyncio.run(log.forget({"C1"}))

    assert asyncio.run(log.next("C1", time.time() + 1)) is None
    assert asyncio.run(log.next("C2", time.time() + 1))
    assert not asyncio.run(log.take_in(("Ev1",), "C1", {})), "it is not answered when it is repeated"


def test_a_database_that_is_busy_is_told_while_slack_still_waits(url: str, log: DeliveryLog) -> None:
    lock = "BEGIN IMMEDIATE" if url.startswith("sqlite") else "LOCK TABLE channel_deliveries"
    holder = create_engine(url, poolclass=NullPool).connect()
    holder.exec_driver_sql(lock)
    began = time.monotonic()
    with pytest.raises(OperationalError):
        asyncio.run(log.take_in(("Ev1",), "C1", {}))
    assert BUSY_SECONDS - 0.5 < time.monotonic() - began < 3
    holder.close()
    assert asyncio.run(log.take_in(("Ev1",), "C1", {}))


def test_a_database_without_a_right_to_make_tables_says_what_to_do(postgresql: URL) -> None:
    address = postgresql.render_as_string(hide_password=False)
    run(address, "CREATE ROLE guest LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    with pytest.raises(ParlanceError, match="permission denied") as raised:
        DeliveryLog(postgresql.set(username="guest").render_as_string(hide_password=False)).open()
    assert raised.value.remedy


def test_what_is_pending_is_taken_over_in_order_once_its_process_is_gone(
    url: str, log: DeliveryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        assert asyncio.run(log.take_in((f"Ev{number}", f"C1-{number}"), "C1", {"number": number}))
    other = DeliveryLog(url)
    other.open()
    assert asyncio.run(other.abandoned()) == []  # its process lives

    later = deliveries.time.time() + deliveries.LEASE_SECONDS + 1
    monkeypatch.setattr(deliveries.time, "time", lambda: later)
    [(order, until)] = asyncio.run(other.abandoned())
    for number in (1, 2):
        delivery = asyncio.run(other.next(order, until))
        assert delivery and (delivery.payload, delivery.tries) == ({"number": number}, 1)
        asyncio.run(other.finish(delivery.key))
    assert asyncio.run(other.next(order, until)) is None
    assert not asyncio.run(log.take_in(("Ev1",), "C1", {}))  # repeated once more, after it was answered
    other.close()


def test_each_try_counts_until_a_delivery_is_set_aside(log: DeliveryLog) -> None:
    for key in ("Ev1", "Ev2"):
        assert asyncio.run(log.take_in((key,), "C1", {}))
    tries = [asyncio.run(log.next("C1", log.stamp())) for _ in range(3)]
    assert [(delivery.key, delivery.tries) for delivery in tries if delivery] == [("Ev1", 1), ("Ev1", 2), ("Ev1", 3)]
    asyncio.run(log.set_aside("Ev1"))
    following = asyncio.run(log.next("C1", log.stamp()))
    assert following and following.key == "Ev2"
