"""A delivery is taken on once, whoever tries, and that is remembered."""

import asyncio
import multiprocessing
from pathlib import Path

import pytest

from parlance.components.channels import deliveries
from parlance.components.channels.deliveries import DeliveryLog
from parlance.errors import ParlanceError


def claimed_in_a_process(url: str, keys: list[str]) -> list[str]:
    log = DeliveryLog(url)
    log.open()

    async def claim() -> list[str]:
        return [key for key in keys if await log.claim(key)]

    return asyncio.run(claim())


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'made' / 'deliveries.db'}"


@pytest.fixture
def log(url: str) -> DeliveryLog:
    log = DeliveryLog(url)
    log.open()
    return log


def test_of_several_processes_one_gets_each_delivery(url: str) -> None:
    keys = [f"Ev{number}" for number in range(50)]
    # Forked: to import Rasa once more would take a minute.
    with multiprocessing.get_context("fork").Pool(3) as pool:
        claimed = pool.starmap(claimed_in_a_process, [(url, keys)] * 3)

    assert sorted(key for part in claimed for key in part) == sorted(keys)


def test_a_claim_outlives_the_process(url: str, log: DeliveryLog) -> None:
    assert asyncio.run(log.claim("Ev1", "C1-1.0"))
    log.close()

    again = DeliveryLog(url)
    again.open()
    assert not asyncio.run(again.claim("Ev1"))


def test_where_one_key_is_taken_none_is_claimed(log: DeliveryLog) -> None:
    assert asyncio.run(log.claim("Ev1", "C1-1.0"))

    assert not asyncio.run(log.claim("Ev2", "C1-1.0"))
    assert asyncio.run(log.claim("Ev2"))


def test_old_claims_are_forgotten(log: DeliveryLog, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asyncio.run(log.claim("Ev1"))
    later = deliveries.time.time() + deliveries.KEEP_SECONDS + 1
    monkeypatch.setattr(deliveries.time, "time", lambda: later)
    assert asyncio.run(log.claim("Ev2"))

    assert asyncio.run(log.claim("Ev1"))
    assert not asyncio.run(log.claim("Ev2"))


@pytest.mark.parametrize("url", ["no url", "sqlite:////proc/nowhere/deliveries.db", "nosuchdatabase://host/name"])
def test_a_database_that_cannot_be_used_says_what_to_do(url: str) -> None:
    with pytest.raises(ParlanceError, match="database") as raised:
        DeliveryLog(url).open()
    assert raised.value.remedy


def test_a_password_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ParlanceError) as raised:
        DeliveryLog("postgresql://fern:hunter2@127.0.0.1:9/fern").open()
    assert "hunter2" not in str(raised.value)
