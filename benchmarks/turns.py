"""How fast a turn of the conversation is: Fern beside Rasa's starter bot, over REST on this machine.

    python benchmarks/turns.py                      both, with 1, 10 and 50 users
    python benchmarks/turns.py --bots fern --seconds 5

Every bot gets fresh servers: Rasa, and for Fern the action server and a database of its own. The starter bot is what
`rasa init` makes, trained with the default pipeline and policies. A user sends a message, waits for the answer, and
sends the next; every user is a conversation of their own.
"""

import argparse
import asyncio
import datetime
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from machine import machine, versions

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))

from scripts.model import current_fingerprint, rasa, rasa_settings  # noqa: E402
from scripts.server_files import server_files  # noqa: E402
from scripts.services import Service, stop_all, wait_until_healthy  # noqa: E402

START_SECONDS = 300.0
WARM_UP_MESSAGES = 5


@dataclass(frozen=True)
class Bot:
    """A bot to measure: scripts of messages by the kind of turn they are."""

    title: str
    scripts: dict[str, tuple[str, ...]]


BOTS = {
    "fern": Bot(
        "Fern",
        {
            # Answered by a response alone: general questions, courtesies.
            "without an action": (
                "how much is delivery?",
                "thanks",
                "are you a bot?",
                "what can you do?",
                "do you have a shop I can visit?",
            ),
            # Forms, the shop's database, cards.
            "with actions": (
                "where is my order?",
                "FH-10432",
                "ada.byrne@example.com",
                "what is in it?",
                "do I have any loyalty points?",
            ),
        },
    ),
    "starter": Bot(
        "Rasa's starter bot",
        {"without an action": ("hello", "I am feeling great", "are you a bot?", "bye", "I am sad")},
    ),
}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def train_starter(folder: Path) -> Path:
    """What `rasa init` makes, trained as it is."""
    from rasa import cli

    shutil.copytree(Path(cli.__file__).parent / "initial_project", folder, dirs_exist_ok=True)
    began = time.monotonic()
    subprocess.run(rasa("train", "--fixed-model-name", "model"), cwd=folder, env=rasa_settings(), check=True)
    print(f"  trained in {time.monotonic() - began:.0f} s", flush=True)
    return folder / "models" / "model.tar.gz"


def services_of(bot: str, folder: Path) -> tuple[list[Service], str]:
    """The servers of a bot, not started yet, and the address to talk to."""
    port, environment = free_port(), rasa_settings()
    address = f"http://127.0.0.1:{port}"
    server = ["--port", str(port), "--interface", "127.0.0.1"]
    if bot == "starter":
        model = train_starter(folder)
        command = rasa("run", "--model", str(model), "--credentials", "credentials.yml", *server)
        return [Service("Rasa server", command, f"{address}/", folder / "rasa.log", environment, folder)], address
    model = current_fingerprint().model
    if not model.is_file():
        raise SystemExit("Fern is not trained: run `make train` first.")
    actions_port = free_port()
    environment["DATABASE_URL"] = f"sqlite:///{folder / 'shop.db'}"
    subprocess.run([sys.executable, "-m", "shop.setup"], cwd=ROOT, env=environment, check=True)
    files = server_files(actions_port, folder, data=folder)
    actions = [sys.executable, "-m", "parlance.actions.server", "--actions", "actions", "--port", str(actions_port)]
    command = rasa("run", "--model", str(model), *server)
    command += ["--endpoints", str(files.endpoints), "--credentials", str(files.credentials)]
    return [
        Service(
            "action server",
            actions,
            f"http://127.0.0.1:{actions_port}/health",
            folder / "actions.log",
            environment,
            ROOT,
        ),
        Service("Rasa server", command, f"{address}/", folder / "rasa.log", environment, ROOT),
    ], address


def memory_mib(services: Sequence[Service]) -> dict[str, float]:
    """Resident memory of each server with its children. Linux only."""
    held = {}
    for service in services:
        assert service.process
        group = subprocess.run(
            ["ps", "-o", "rss=", "-g", str(service.process.pid)], capture_output=True, text=True, check=True
        )
        held[service.name] = round(sum(map(int, group.stdout.split())) / 1024, 1)
    return held


async def user(session: aiohttp.ClientSession, address: str, script: Sequence[str], until: float) -> list[float]:
    """One user who talks until a moment of the monotonic clock; the milliseconds of each answer."""
    took: list[float] = []
    sender = uuid.uuid4().hex
    position = 0
    while time.monotonic() < until:
        if position and position % len(script) == 0:
            sender = uuid.uuid4().hex  # a new conversation, so that every turn is as in the script
        body = {"sender": sender, "message": script[position % len(script)]}
        began = time.perf_counter()
        async with session.post(f"{address}/webhooks/rest/webhook", json=body) as response:
            answer = await response.json()
        took.append((time.perf_counter() - began) * 1000)
        if response.status != 200 or not answer:
            raise SystemExit(f"No answer to {body['message']!r}: HTTP {response.status}.")
        position += 1
    return took


async def drive(address: str, script: Sequence[str], users: int, seconds: float) -> dict[str, float]:
    """Messages a second and the time of an answer, with so many users at once."""
    timeout = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as session:
        began = time.monotonic()
        took = await asyncio.gather(*(user(session, address, script, began + seconds) for _ in range(users)))
        whole = time.monotonic() - began
    times = sorted(one for each in took for one in each)
    return {
        "users": users,
        "messages": len(times),
        "messages_per_second": round(len(times) / whole, 1),
        "p50_ms": round(statistics.median(times), 1),
        "p95_ms": round(times[int(0.95 * (len(times) - 1))], 1),
    }


def measure(bot: str, users: Sequence[int], seconds: float) -> dict[str, Any]:
    """All figures of a bot."""
    with tempfile.TemporaryDirectory() as name:
        services, address = services_of(bot, Path(name))
        try:
            began = time.monotonic()
            for service in services:
                service.start()
            wait_until_healthy(services, START_SECONDS)
            up = time.monotonic() - began
            turns = {}
            for kind, script in BOTS[bot].scripts.items():
                asyncio.run(drive(address, script[:WARM_UP_MESSAGES], 1, 1.0))
                turns[kind] = [asyncio.run(drive(address, script, count, seconds)) for count in users]
                for row in turns[kind]:
                    print(f"  {kind}, {row['users']} users: {row['messages_per_second']} messages/s", flush=True)
            return {"up_seconds": round(up, 1), "memory_mib": memory_mib(services), "turns": turns}
        finally:
            stop_all(services)


def markdown(results: dict[str, Any]) -> str:
    """The page of the results."""
    lines = ["# Speed of a turn", ""]
    lines += ["| bot | kind of turn | users | messages/s | p50 | p95 |", "|---|---|---|---|---|---|"]
    for bot, found in results["bots"].items():
        for kind, rows in found["turns"].items():
            lines += [
                f"| {BOTS[bot].title} | {kind} | {row['users']} | {row['messages_per_second']} | "
                f"{row['p50_ms']} ms | {row['p95_ms']} ms |"
                for row in rows
            ]
    lines += ["", "| bot | up after | memory |", "|---|---|---|"]
    for bot, found in results["bots"].items():
        memory = ", ".join(f"{name} {held:,.0f} MiB" for name, held in found["memory_mib"].items())
        lines.append(f"| {BOTS[bot].title} | {found['up_seconds']} s | {memory} |")
    where, what = results["machine"], results["versions"]
    lines += ["", f"{where['cpu']}, {where['cores']} cores, {where['memory_gib']} GiB; {results['date']}."]
    lines += ["Versions: " + ", ".join(f"{name} {version}" for name, version in what.items()) + "."]
    lines += ["", f"Command: `{results['command']}`", ""]
    return "\n".join(lines)


def main() -> None:
    """Measures, and writes ``results/turns.json`` and ``results/turns.md``."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bots", default=",".join(BOTS), help="which, with commas (%(default)s)")
    parser.add_argument("--users", default="1,10,50", help="how many at once, with commas (%(default)s)")
    parser.add_argument("--seconds", type=float, default=15.0, help="how long each (%(default)s)")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="where the results go")
    options = parser.parse_args()
    unknown = set(options.bots.split(",")) - set(BOTS)
    if unknown:
        parser.error(f"no bot is called {', '.join(sorted(unknown))}; there are {', '.join(BOTS)}")
    users = [int(count) for count in options.users.split(",")]
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    found = {}
    for bot in options.bots.split(","):
        print(BOTS[bot].title, flush=True)
        found[bot] = measure(bot, users, options.seconds)
    results = {
        "bots": found,
        "machine": machine(),
        "versions": versions(),
        "date": datetime.date.today().isoformat(),
        "command": f"python benchmarks/turns.py --bots {options.bots} --users {options.users} "
        f"--seconds {options.seconds:g}",
    }
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "turns.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (options.out / "turns.md").write_text(markdown(results), encoding="utf-8")
    print(f"Results are in {os.path.relpath(options.out / 'turns.md')}")


if __name__ == "__main__":
    main()
