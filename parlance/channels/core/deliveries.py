"""An inbox of what a messaging service delivers: stored before it is acknowledged, answered though a process dies.

The keys of a delivery stay for as long as the service may repeat it. Its payload stays until it is answered, or, where
it was set aside, as long as the keys.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Float, Integer, MetaData, String, Table, Text, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from parlance.channels.core.databases import Database
from parlance.rasa.retention import Erased, Keeper

KEEP_SECONDS = 2 * 24 * 3600.0  # Slack repeats what failed for a day at most
LEASE_SECONDS = 20.0
"""How long a process that no longer renews its claim on what is pending counts as alive."""

PENDING, SET_ASIDE = "pending", "set aside"

_metadata = MetaData()
_deliveries = Table(
    "channel_deliveries",
    _metadata,
    Column("key", String(255), primary_key=True),
    Column("received_at", Float, nullable=False, index=True),
)
_inbox = Table(
    "channel_inbox",
    _metadata,
    Column("key", String(255), primary_key=True),
    Column("order", String(255), nullable=False, index=True),
    Column("received_at", Float, nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("tries", Integer, nullable=False),
    Column("owner", String(32), nullable=False),
    Column("leased_until", Float, nullable=False),
)


@dataclass(frozen=True)
class Delivery:
    """What is to be answered. Those of one ``order`` are answered in the sequence of ``received_at``."""

    key: str
    order: str
    received_at: float
    payload: dict[str, Any]
    tries: int


class DeliveryLog(Database):
    """The inbox."""

    tables = _metadata
    what = "deliveries"

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._owner = uuid.uuid4().hex
        self._last = 0.0

    def stamp(self) -> float:
        """The time of now, later than each that this process was given before."""
        self._last = max(time.time(), self._last + 1e-6)
        return self._last

    async def take_in(
        self, keys: tuple[str, ...], order: str, payload: dict[str, Any], received_at: float | None = None
    ) -> bool:
        """Store a delivery as pending, unless one of its keys was stored before, here or in another process.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: It cannot be stored, so it should be asked for again.
        """
        return await asyncio.to_thread(self._take_in, keys, order, payload, received_at or self.stamp())

    def _take_in(self, keys: tuple[str, ...], order: str, payload: dict[str, Any], received_at: float) -> bool:
        now = time.time()
        # In one order everywhere: two processes that wait for each other's keys would wait in vain.
        rows = [{"key": key, "received_at": now} for key in sorted(keys)]
        entry = {"key": keys[0], "order": order, "received_at": received_at, "payload": json.dumps(payload)}
        claim = {"state": PENDING, "tries": 0, "owner": self._owner, "leased_until": now + LEASE_SECONDS}
        try:
            with self._engine.begin() as connection:
                # The primary key decides between two processes that try at once.
                connection.execute(insert(_deliveries), rows)
                connection.execute(insert(_inbox).values(**entry, **claim))
        except IntegrityError:
            return False
        return True

    async def next(self, order: str, until: float) -> Delivery | None:
        """Begin the first pending delivery of an order, of those received by ``until``; None where none is left.

        Counts the try before it is made. Waits for what another living process has begun.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: The database is away.
        """
        while True:
            is_others, delivery = await asyncio.to_thread(self._next, order, until)
            if not is_others:
                return delivery
            await asyncio.sleep(0.5)

    def _next(self, order: str, until: float) -> tuple[bool, Delivery | None]:
        first = select(_inbox).where(_inbox.c.order == order, _inbox.c.state == PENDING, _inbox.c.received_at <= until)
        with self._engine.begin() as connection:
            row = connection.execute(first.order_by(_inbox.c.received_at).limit(1)).mappings().first()
            if row is None:
                return False, None
            now = time.time()
            if row["owner"] != self._owner and row["leased_until"] > now:
                return True, None
            same = (_inbox.c.key == row["key"], _inbox.c.owner == row["owner"], _inbox.c.tries == row["tries"])
            claim = {"tries": row["tries"] + 1, "owner": self._owner, "leased_until": now + LEASE_SECONDS}
            if connection.execute(update(_inbox).where(*same).values(**claim)).rowcount != 1:
                return True, None
        payload = json.loads(row["payload"])
        return False, Delivery(row["key"], order, row["received_at"], payload, row["tries"] + 1)

    async def finish(self, key: str) -> None:
        """A delivery is answered: its payload goes, its keys stay for when it is repeated."""
        await asyncio.to_thread(self._run, delete(_inbox).where(_inbox.c.key == key))

    async def set_aside(self, key: str) -> None:
        """A delivery is given up; it stays to be looked at."""
        await asyncio.to_thread(self._run, update(_inbox).where(_inbox.c.key == key).values(state=SET_ASIDE))

    async def renew(self) -> None:
        """Say that this process lives, so that no other takes over what it has pending."""
        mine = update(_inbox).where(_inbox.c.owner == self._owner)
        await asyncio.to_thread(self._run, mine.values(leased_until=time.time() + LEASE_SECONDS))

    async def release(self) -> None:
        """Leave what is pending to whichever process comes next."""
        await asyncio.to_thread(self._run, update(_inbox).where(_inbox.c.owner == self._owner).values(leased_until=0.0))

    async def abandoned(self) -> list[tuple[str, float]]:
        """Orders that a process which is gone left pending, each with the time of its last such delivery."""
        return await asyncio.to_thread(self._abandoned)

    def _abandoned(self) -> list[tuple[str, float]]:
        gone = (_inbox.c.state == PENDING, _inbox.c.owner != self._owner, _inbox.c.leased_until <= time.time())
        rows = select(_inbox.c.order, _inbox.c.received_at).where(*gone).order_by(_inbox.c.received_at)
        with self._engine.connect() as connection:
            return list({row.order: (row.order, row.received_at) for row in connection.execute(rows)}.values())

    async def forget_old(self) -> None:
        """Remove what is older than it is kept for."""
        before = time.time() - KEEP_SECONDS
        await asyncio.to_thread(self._run, delete(_deliveries).where(_deliveries.c.received_at < before))
        is_old = (_inbox.c.state == SET_ASIDE, _inbox.c.received_at < before)
        await asyncio.to_thread(self._run, delete(_inbox).where(*is_old))

    async def forget(self, orders: Collection[str]) -> None:
        """Remove what is stored of these orders, answered or not."""
        await asyncio.to_thread(self._run, delete(_inbox).where(_inbox.c.order.in_(orders)))


class DeliveryKeeper(Keeper):
    """The inbox as a store of which the server's retention knows."""

    def __init__(self, deliveries: DeliveryLog) -> None:
        self._deliveries = deliveries

    async def forget(self, erased: Erased) -> None:
        """Remove what came for these conversations, answered or not."""
        if erased.conversations:
            await self._deliveries.forget(erased.conversations)

    async def forget_old(self) -> None:
        """Remove the keys of what Slack does not repeat any more, and what was set aside."""
        await self._deliveries.forget_old()
