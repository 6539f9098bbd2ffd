"""Saving and resuming an interrupted training: safetensors for numbers, JSON for the rest, never pickle."""

import hashlib
import json
import logging
import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError  # type: ignore[attr-defined]  # made in Rust
from safetensors.torch import load_file, save_file
from torch import nn

logger = logging.getLogger(__name__)

SECONDS_BETWEEN = 20.0
"""Epochs shorter than this do not each write a checkpoint; what can be lost is about this long."""

STALE_AFTER = 7 * 86_400.0
"""Seconds after which a checkpoint that nobody went on from is cleared away."""


@dataclass
class Position:
    """How far a training has come: what it needs beside weights and optimizer to go on as if never interrupted."""

    epoch: int = 0
    best_score: float = -1.0
    best_epoch: int = -1
    history: list[dict[str, float]] = field(default_factory=list)


def fingerprint(*parts: Any) -> str:
    """A short digest of everything that a training depends on; a checkpoint of another one is not resumed."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


class Checkpoint:
    """The checkpoint of one training, in a folder of its own. Failing to save is logged, never raised."""

    def __init__(self, folder: Path | None, identity: str) -> None:
        self.folder = folder / identity if folder else None
        self._saved_at = time.monotonic()
        self._epoch: int | None = None

    @property
    def outlook(self) -> str:
        """How a training that is stopped now would go on, in a sentence."""
        if self.folder is None:
            return "It keeps no checkpoint and begins anew."
        if self._epoch is None:
            return "There is no checkpoint yet: run the same command again, and it begins anew."
        return f"Run the same command again, and it goes on after epoch {self._epoch}."

    def save_if_due(
        self,
        model: nn.Module,
        best: dict[str, torch.Tensor] | None,
        optimizer: torch.optim.Optimizer,
        position: Position,
    ) -> None:
        """Save at the end of an epoch, unless the last time is only seconds ago."""
        if self.folder is None or time.monotonic() - self._saved_at < SECONDS_BETWEEN:
            return
        tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
        tensors |= {f"best.{name}": value for name, value in (best or {}).items()}
        for number, state in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{number}.{name}": torch.as_tensor(value) for name, value in state.items()}
        tensors["random.cpu"] = torch.get_rng_state()
        if torch.cuda.is_available():
            tensors["random.cuda"] = torch.cuda.get_rng_state()
        try:
            self._write({name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}, position)
        except (OSError, SafetensorError) as error:
            with suppress(OSError):  # half a file would keep a full disk full
                (self.folder / "state.new").unlink()
            logger.warning("No checkpoint could be saved in %s: %s", self.folder, error)
        self._saved_at = time.monotonic()

    def _write(self, tensors: dict[str, torch.Tensor], position: Position) -> None:
        assert self.folder is not None
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = self.folder / "state.new"
        save_file(tensors, fresh, metadata={"position": json.dumps(vars(position))})
        os.replace(fresh, self.folder / "state.safetensors")
        self._epoch = position.epoch

    def resume(
        self, model: nn.Module, optimizer: torch.optim.Optimizer
    ) -> tuple[Position, dict[str, torch.Tensor]] | None:
        """Load weights, optimizer and random state; returns where to go on and the best weights so far."""
        path = self.folder / "state.safetensors" if self.folder else None
        if path is None or not path.is_file():
            return None
        fresh, random = {name: value.clone() for name, value in model.state_dict().items()}, torch.get_rng_state()
        try:
            tensors, position = load_file(path), _position(path)
            model.load_state_dict(_under("model.", tensors))
            torch.set_rng_state(tensors["random.cpu"])
            _load_optimizer(optimizer, _under("optimizer.", tensors))
        except Exception as error:  # whatever is wrong with it, training afresh is right
            model.load_state_dict(fresh)
            torch.set_rng_state(random)
            logger.warning("The checkpoint %s cannot be used (%s); training starts afresh.", path, error)
            return None
        if "random.cuda" in tensors and torch.cuda.is_available():
            torch.cuda.set_rng_state(tensors["random.cuda"])
        self._epoch = position.epoch
        return position, _under("best.", tensors)

    def remove(self) -> None:
        """The model is saved: delete the checkpoint, stale ones, and their folder if nothing else is in it."""
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
            for other in self.folder.parent.glob("*/state.safetensors"):
                with suppress(OSError):
                    if time.time() - other.stat().st_mtime > STALE_AFTER:
                        shutil.rmtree(other.parent)
            with suppress(OSError):
                self.folder.parent.rmdir()


def _position(path: Path) -> Position:
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return Position(**json.loads(header["__metadata__"]["position"]))


def _under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}


def _load_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    content = optimizer.state_dict()
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in tensors.items():
        number, name = key.split(".", 1)
        state.setdefault(int(number), {})[name] = value
    content["state"] = state
    optimizer.load_state_dict(content)
