"""What a person sees while training: a progress bar on a terminal, and now and then a line, there and elsewhere."""

import time
from types import TracebackType

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

STEPS_BETWEEN_UPDATES = 10
"""Reading a loss waits for the GPU, so the bar does it only now and then."""

SECONDS_BETWEEN_LINES = 20.0
"""A log of a long training can be read, one of a short training has a line at its beginning and one at its end."""


class TrainingProgress:
    """Loss, throughput and time left, on standard error. Use it as a context manager."""

    def __init__(self, title: str, quiet: bool = False) -> None:
        self._console = Console(stderr=True, quiet=quiet, soft_wrap=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]:.3f}, {task.fields[speed]:.0f} utterances/s"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task(title, total=None, loss=0.0, speed=0.0)
        self._title = title
        self._total, self._at_start, self._done = 0, 0, 0
        self._began = self._said = time.perf_counter()
        self._reset()

    def _reset(self) -> None:
        self._since, self._utterances, self._steps = time.perf_counter(), 0, 0
        self._loss = torch.zeros(())

    def __enter__(self) -> "TrainingProgress":
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.stop()

    def start(self, steps: int, done: int) -> None:
        """The number of steps in all, and of those that an earlier run did."""
        self._bar.update(self._task, total=steps, completed=done)
        self._total, self._at_start, self._done = steps, done, done
        self._began = time.perf_counter()
        self._line(f"{steps - done} steps")
        self._reset()

    def step(self, loss: torch.Tensor, utterances: int) -> None:
        """A step is done; ``loss`` is a scalar on any device."""
        self._utterances += utterances
        self._steps += 1
        self._done += 1
        self._loss = self._loss.to(loss.device) + loss
        self._bar.advance(self._task)
        if self._steps % STEPS_BETWEEN_UPDATES == 0:
            self._bar.update(self._task, loss=self._mean_loss(), speed=self._speed())
        if not self._console.is_terminal and self._is_due():
            left = (time.perf_counter() - self._began) / (self._done - self._at_start) * (self._total - self._done)
            self._line(
                f"step {self._done}/{self._total}, loss {self._mean_loss():.3f}, {self._speed():.0f} utterances/s, "
                f"about {_duration(left)} left"
            )

    def _mean_loss(self) -> float:
        return self._loss.item() / max(1, self._steps)

    def _speed(self) -> float:
        return self._utterances / max(1e-9, time.perf_counter() - self._since)

    def epoch_figures(self) -> dict[str, float]:
        """Mean loss and utterances a second since the last call's epoch began."""
        return {"loss": self._mean_loss(), "utterances_per_second": self._speed()}

    def epoch(self, number: int, total: int, figures: dict[str, float]) -> None:
        """An epoch is done; a line says so, unless there was one just now."""
        parts = [f"loss {figures['loss']:.3f}", f"{figures['utterances_per_second']:.0f} utterances/s"]
        if "intent_accuracy" in figures:
            parts.append(f"hold-out intents {figures['intent_accuracy']:.1%}, entity tags {figures['tag_f1']:.1%}")
        if number == total or self._is_due():
            self._line(f"epoch {number}/{total}, {', '.join(parts)}")
        self._reset()

    def _is_due(self) -> bool:
        return time.perf_counter() - self._said >= SECONDS_BETWEEN_LINES

    def _line(self, sentence: str) -> None:
        self.say(f"{self._title}: {sentence}")
        self._said = time.perf_counter()

    def say(self, sentence: str) -> None:
        """Tell the person something beside the bar."""
        self._console.print(sentence, highlight=False)


def _duration(seconds: float) -> str:
    """Seconds up to two minutes, then minutes."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
