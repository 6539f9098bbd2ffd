"""How many threads a training takes."""

import os
import time
from pathlib import Path

import pytest
import torch

from parlance.finetuning import hardware


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Eight cores, nothing else to do, no quota."""
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(os, "getloadavg", lambda: (0.0, 0.0, 0.0), raising=False)
    monkeypatch.setattr(time, "process_time", lambda: 0.0)
    monkeypatch.setattr(hardware, "CPU_QUOTA", tmp_path / "cpu.max")
    return monkeypatch


@pytest.mark.parametrize(("load", "cores"), [(0.0, 8), (0.4, 8), (3.0, 5), (7.4, 1), (30.0, 1)])
def test_busy_cores_are_left_alone(machine: pytest.MonkeyPatch, load: float, cores: int) -> None:
    machine.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0), raising=False)

    assert hardware.free_cores() == cores


def test_what_this_process_did_itself_is_no_reason_for_fewer_threads(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(os, "getloadavg", lambda: (1.0, 0.0, 0.0), raising=False)
    machine.setattr(time, "process_time", lambda: 200.0)

    assert hardware.free_cores() == 8


@pytest.mark.parametrize(
    ("quota", "cores"), [("max 100000", 8), ("200000 100000", 2), ("50000 100000", 1), ("1600000 100000", 8), ("", 8)]
)
def test_a_containers_quota_counts(machine: pytest.MonkeyPatch, quota: str, cores: int) -> None:
    hardware.CPU_QUOTA.write_text(quota)

    assert hardware.free_cores() == cores


def test_so_do_the_cores_that_it_is_pinned_to(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(os, "sched_getaffinity", lambda _: {3}, raising=False)

    assert hardware.free_cores() == 1


@pytest.mark.parametrize("told", [True, False])
def test_what_the_user_says_stands_and_the_threads_are_given_back(machine: pytest.MonkeyPatch, told: bool) -> None:
    machine.setattr(os, "getloadavg", lambda: (30.0, 0.0, 0.0), raising=False)
    if told:
        machine.setenv("OMP_NUM_THREADS", "2")
    else:
        machine.delenv("OMP_NUM_THREADS", raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with hardware.own_threads():
            assert torch.get_num_threads() == (2 if told else 1)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
