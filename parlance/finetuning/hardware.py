"""Which device and which number format to train in, and torch's random state."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import torch

from parlance.errors import ParlanceError

FASTER_BY = 1.5
"""bf16 must be this many times faster on a CPU to be worth its rounding."""

CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""A container's quota and period in microseconds, in version 2 of Linux' control groups."""

WIDE = 256
"""Hidden units from which on matrix products are most of the work on a CPU."""


def free_cores() -> int:
    """Processor cores that this process may use and that nothing else has kept busy for the last minute, at least one.

    Threads that share a core wait for each other at every matrix product: on busy cores one thread trains several
    times as fast as many.
    """
    cores = os.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    own = min(1.0, time.process_time() / 60)  # what this process has done in that minute, mostly loading libraries
    return max(1, min(usable, _quota(), round(cores - max(0.0, load - own))))


def _quota() -> int:
    """The cores that a container may use; more than there are where it is not limited."""
    try:
        quota, period = CPU_QUOTA.read_text().split()
        return max(1, round(int(quota) / int(period)))
    except (OSError, ValueError):  # no such control group, or "max"
        return 2**16


@contextmanager
def own_threads() -> Iterator[None]:
    """Let torch use the free cores for the block, unless OMP_NUM_THREADS says how many threads there are to be."""
    before = torch.get_num_threads()
    if not os.environ.get("OMP_NUM_THREADS"):
        torch.set_num_threads(min(before, free_cores()))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def choose_device(wanted: str) -> torch.device:
    """The device for the option ``device``.

    Raises:
        ParlanceError: A device was asked for that this machine does not have.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        wanted = next(name for name, there in available.items() if there)
    if not available[wanted]:
        raise ParlanceError(f"PyTorch finds no {wanted} device on this machine.", "Set `device: auto`.")
    return torch.device(wanted)


def choose_precision(wanted: str, device: torch.device, hidden: int) -> torch.dtype:
    """The number format for matrix products: bfloat16 where the device has it and it is faster, otherwise float32."""
    if wanted == "bf16" or (wanted == "auto" and _bf16_is_faster(device, hidden)):
        return torch.bfloat16
    return torch.float32


def _bf16_is_faster(device: torch.device, hidden: int) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu":
        return False
    return hidden >= WIDE and _cpu_gains_from_bf16()


@cache
def _cpu_gains_from_bf16() -> bool:
    """Instructions alone do not tell: some CPUs have them and gain nothing, so it is tried, once a process.

    In turns, so that other work on the machine slows down both.
    """
    formats = (torch.float32, torch.bfloat16)
    layers = [(torch.ones(256, WIDE, dtype=kind), torch.ones(4 * WIDE, WIDE, dtype=kind)) for kind in formats]
    full, half = (
        min(times) for times in zip(*([_seconds(*layer) for layer in layers] for _ in range(20)), strict=True)
    )
    return full > FASTER_BY * half


def _seconds(rows: torch.Tensor, weight: torch.Tensor) -> float:
    """How long a feed-forward layer takes."""
    start = time.perf_counter()
    torch.nn.functional.linear(rows, weight)
    return time.perf_counter() - start


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch for the block, and give the caller's random state back after it."""
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


def describe(device: torch.device) -> str:
    """The device in words, for the model's metadata."""
    if device.type == "cuda":
        return f"{torch.cuda.device_count()} x {torch.cuda.get_device_name(device)}"
    return f"{device.type}, {torch.get_num_threads()} threads"
