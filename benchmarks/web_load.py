"""Many visitors at once in the web chat of a running assistant, on this machine alone.

    make run                                              # in another terminal
    .venv/bin/python benchmarks/web_load.py --visitors 200 --seconds 300

Every visitor is connected to the event stream and sends a message every ten seconds: asks for an order, and gives a
number and an address of their own, which Fern repeats, so that an answer in the wrong conversation shows. Counted are
messages without an answer (lost), entries that came twice or out of their numbers (doubled), and answers with somebody
else's number (crossed). Before it, one visitor's answers are timed beside the same messages over REST.
"""

import argparse
import asyncio
import ipaddress
import json
import os
import re
import secrets
import socket
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from machine import machine, versions

NUMBER = re.compile(r"FH-(\d{5})")
EXAMPLE = "10432"  # in Fern's own question for the number
WAIT_SECONDS = 30.0  # for the last answers
RETRY_SECONDS = 1.0
TIMED = 60
QUESTION = "what can you do?"


@dataclass
class Tally:
    """What all visitors saw; latencies in seconds, from sending to the first bubble."""

    sent: int = 0
    lost: int = 0
    doubled: int = 0
    crossed: int = 0
    refused: int = 0
    apologies: int = 0  # the assistant took too long or failed, and the visitor was told
    retried: int = 0
    reconnected: int = 0
    latencies: list[float] = field(default_factory=list)


class Visitor:
    """One browser: a conversation, its event stream, and what it waits for."""

    def __init__(self, chat: str, client: aiohttp.ClientSession, number: int, tally: Tally) -> None:
        self.chat = chat
        self.client = client
        self.number = f"{20000 + number}"
        self.tally = tally
        self.headers: dict[str, str] = {}
        self.last = 0
        self.mine: set[str] = set()
        self.sent_at: dict[str, float] = {}
        self.turn = number  # people are not all at the same point of a conversation

    async def connect(self) -> None:
        async with self.client.post(f"{self.chat}/session", json={}) as answer:
            answer.raise_for_status()
            self.headers = {"authorization": f"Bearer {(await answer.json())['token']}"}

    async def listen(self) -> None:
        """Reads the stream for ever, going on after the last entry where it ends, as the widget does."""
        while True:
            try:
                await self.read_stream()
            except aiohttp.ClientError:
                await asyncio.sleep(RETRY_SECONDS)
            self.tally.reconnected += 1

    async def read_stream(self) -> None:
        headers = {**self.headers, "last-event-id": str(self.last)}
        async with self.client.get(f"{self.chat}/events", headers=headers) as stream:
            stream.raise_for_status()
            event = ""
            async for line in stream.content:
                text = line.decode().rstrip()
                if text.startswith("event: "):
                    event = text[7:]
                elif text.startswith("data: ") and event == "entry":
                    self.take(json.loads(text[6:]))

    def take(self, entry: dict[str, Any]) -> None:
        """Compares an entry with what is due."""
        if entry["number"] != self.last + 1:
            self.tally.doubled += 1
        self.last = entry["number"]
        if entry["kind"] == "user":
            self.tally.crossed += entry["id"] not in self.mine
            return
        others = [number for number in NUMBER.findall(entry.get("text", "")) if number not in (self.number, EXAMPLE)]
        self.tally.crossed += bool(others)
        if entry.get("to") in self.sent_at:
            took = time.monotonic() - self.sent_at.pop(entry["to"])
            if entry["kind"] == "bot":
                self.tally.latencies.append(took)
            else:
                self.tally.apologies += 1

    async def send(self, text: str) -> None:
        id = secrets.token_hex(10)
        self.mine.add(id)
        self.sent_at[id] = time.monotonic()
        self.tally.sent += 1
        while not await self.post({"id": id, "text": text}):
            self.tally.retried += 1
            await asyncio.sleep(RETRY_SECONDS)

    async def post(self, message: dict[str, str]) -> bool:
        """Whether the server has taken a message in, or refused it for good."""
        try:
            async with self.client.post(f"{self.chat}/messages", json=message, headers=self.headers) as answer:
                if answer.status != 202:
                    self.tally.refused += 1
                    del self.sent_at[message["id"]]
                return True
        except aiohttp.ClientError:
            return False

    async def talk(self, every: float, until: float) -> None:
        """Sends a message every so many seconds, the first at a moment of its own."""
        due = time.monotonic() + every * secrets.randbelow(1000) / 1000
        while due < until:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            texts = ("where is my order", f"FH-{self.number}", f"visitor{self.number}@example.com")
            await self.send(texts[self.turn % 3])
            self.turn += 1
            due += every


def percentile(values: Sequence[float], share: float) -> float:
    """A percentile in milliseconds, by the nearest rank."""
    ordered = sorted(values)
    return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1) if ordered else 0.0


async def time_alone(address: str, client: aiohttp.ClientSession) -> dict[str, float]:
    """The same question over REST and in the web chat, by turns, with nobody else there; milliseconds."""
    tally = Tally()
    streams = []
    rest: list[float] = []
    web: list[float] = []
    for index in range(TIMED):
        # A conversation does not grow long, on either side, and keeps below the rate limit.
        if index % 10 == 0:
            visitor = Visitor(f"{address}/chat", client, index, tally)
            await visitor.connect()
            streams.append(asyncio.ensure_future(visitor.listen()))
            await visitor.send(QUESTION)
            await answered(visitor)
        began = time.monotonic()
        body = {"sender": f"rest-{index // 10}", "message": QUESTION}
        async with client.post(f"{address}/webhooks/rest/webhook", json=body) as answer:
            await answer.read()
        if index % 10:  # the first of a conversation begins a session as well
            rest.append(time.monotonic() - began)
        tally.latencies.clear()
        await visitor.send(QUESTION)
        await answered(visitor)
        web += tally.latencies
    for stream in streams:
        stream.cancel()
    web_p50, rest_p50 = percentile(web, 0.5), percentile(rest, 0.5)
    return {
        "web_p50_ms": web_p50,
        "web_p95_ms": percentile(web, 0.95),
        "rest_p50_ms": rest_p50,
        "rest_p95_ms": percentile(rest, 0.95),
        "above_rest_p50_ms": round(web_p50 - rest_p50, 1),
    }


async def answered(*visitors: Visitor) -> None:
    """Returns when nothing is waited for any more, or has been for long."""
    deadline = time.monotonic() + WAIT_SECONDS
    while any(visitor.sent_at for visitor in visitors) and time.monotonic() < deadline:
        await asyncio.sleep(0.002)


async def load(address: str, client: aiohttp.ClientSession, visitors: int, seconds: float, every: float) -> Tally:
    """All visitors at once."""
    tally = Tally()
    crowd = [Visitor(f"{address}/chat", client, number, tally) for number in range(visitors)]
    for visitor in crowd:
        await visitor.connect()
    print(f"{visitors} visitors are connected.", flush=True)
    streams = [asyncio.ensure_future(visitor.listen()) for visitor in crowd]
    await asyncio.sleep(1)
    until = time.monotonic() + seconds
    await asyncio.gather(*(visitor.talk(every, until) for visitor in crowd))
    await answered(*crowd)
    for stream in streams:
        stream.cancel()
    tally.lost = sum(len(visitor.sent_at) for visitor in crowd)
    return tally


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All figures."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=30)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector, trust_env=False) as client:
        alone = await time_alone(options.address, client)
        print(json.dumps(alone), flush=True)
        tally = await load(options.address, client, options.visitors, options.seconds, options.every)
    return {
        "alone": alone,
        "visitors": options.visitors,
        "seconds": options.seconds,
        "every_s": options.every,
        "sent": tally.sent,
        "answered": len(tally.latencies),
        "lost": tally.lost,
        "doubled": tally.doubled,
        "crossed": tally.crossed,
        "refused": tally.refused,
        "apologies": tally.apologies,
        "retried": tally.retried,
        "streams_resumed": tally.reconnected,
        "load_average": round(os.getloadavg()[0], 1),
        "p50_ms": percentile(tally.latencies, 0.5),
        "p95_ms": percentile(tally.latencies, 0.95),
        "p99_ms": percentile(tally.latencies, 0.99),
        "mean_ms": round(1000 * statistics.mean(tally.latencies), 1) if tally.latencies else 0.0,
        "machine": machine(),
        "versions": versions(),
        "date": date.today().isoformat(),
    }


def check_loopback(address: str) -> None:
    """Refuses to load anything but this machine."""
    host = urlsplit(address).hostname or ""
    found = {info[4][0] for info in socket.getaddrinfo(host, None)}
    if not all(ipaddress.ip_address(ip).is_loopback for ip in found):
        raise SystemExit(f"{address} is not on this machine; this script loads no other.")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--address", default="http://localhost:5005", help="the assistant (%(default)s)")
    parser.add_argument("--visitors", type=int, default=200, help="at once (%(default)s)")
    parser.add_argument("--seconds", type=float, default=300, help="how long (%(default)s)")
    parser.add_argument("--every", type=float, default=10, help="seconds between a visitor's messages (%(default)s)")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    options = parser.parse_args()
    if not (0 < options.visitors <= 1000 and 0 < options.seconds <= 3600 and options.every >= 1):
        raise SystemExit("At most 1,000 visitors and an hour, and a message a second for each.")
    check_loopback(options.address)
    figures = asyncio.run(measure(options))
    text = json.dumps(figures, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    sys.exit(any(figures[fault] for fault in ("lost", "doubled", "crossed", "refused", "apologies")))


if __name__ == "__main__":
    main()
