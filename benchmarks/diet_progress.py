"""DIET's training goes on where it was interrupted: a checkpoint after each epoch, and what the attempts have spent.

Its hundred epochs take hours on a data set of ten thousand utterances. Rasa itself begins again from nothing.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRESS, SPENT = "diet-progress", "spent.json"
PEAK = "train_peak_mb"


def together(earlier: dict[str, float], now: dict[str, float]) -> dict[str, float]:
    """What two attempts spent: seconds add up, and of two peaks of memory the higher one counts."""
    return {
        name: max(value, earlier.get(name, 0.0)) if name == PEAK else value + earlier.get(name, 0.0)
        for name, value in now.items()
    }


class Progress:
    """What all attempts at one training have spent, kept beside the checkpoint in ``folder``."""

    def __init__(self, folder: Path, measure: Callable[[], dict[str, float]]) -> None:
        """``measure`` says what this attempt has spent so far."""
        self.folder = folder
        self._measure = measure
        self._earlier: dict[str, float] = {}
        self._after_epochs: list[dict[str, float]] = []

    def resume(self, epochs: int) -> None:
        """Takes over what had been spent after so many epochs, those of the checkpoint.

        The last entry may be of an epoch whose checkpoint was not written any more: it is done again.
        """
        if epochs:
            self._after_epochs = json.loads((self.folder / SPENT).read_text(encoding="utf-8"))[:epochs]
            self._earlier = self._after_epochs[-1]

    def spent(self) -> dict[str, float]:
        """What all attempts have spent, this one included."""
        return together(self._earlier, self._measure())

    def epoch_ended(self) -> None:
        """Notes what has been spent by the end of one more epoch, whole or not at all."""
        self._after_epochs.append(self.spent())
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = self.folder / f"{SPENT}.part"
        unfinished.write_text(json.dumps(self._after_epochs), encoding="utf-8")
        unfinished.replace(self.folder / SPENT)


def fit_from_checkpoint(
    fit: Callable[..., Any],
    progress: Progress,
    model: Any,
    generator: Any,
    *,
    epochs: int,
    callbacks: Sequence[Any],
    **options: Any,
) -> Any:
    """Keras's ``fit`` for the epochs that are left.

    Keras's own ``BackupAndRestore`` does not tell the epoch to Rasa's generator. After the last epoch it would restore
    a model that has no weights yet, and Rasa would save that.
    """
    import tensorflow as tf

    done = tf.Variable(0, dtype=tf.int64)
    # The optimizer is a part of the model.
    checkpoint = tf.train.Checkpoint(model=model, epochs=done)
    checkpoints = tf.train.CheckpointManager(checkpoint, str(progress.folder), max_to_keep=1)
    restored = checkpoint.restore(checkpoints.latest_checkpoint)
    first = int(done.numpy())
    progress.resume(first)
    if first:
        # The generator counts the epochs itself, for the size of its batches; to count up to this one would balance and
        # shuffle the data each time. With the seed as it was, order and dropout of the first epochs would come again.
        tf.keras.utils.set_random_seed(model.random_seed + first)
        generator._current_epoch = first - 1
        generator.on_epoch_end()
    began = time.perf_counter()

    def epoch_began(epoch: int, logs: Any) -> None:
        nonlocal began
        began = time.perf_counter()

    def epoch_ended(epoch: int, logs: dict[str, float]) -> None:
        seconds = time.perf_counter() - began
        if first and epoch == first:
            # Weights are made in the first step, and only then is it known whether the checkpoint fits them.
            restored.assert_consumed()
        # The last epoch is always left to do, because only training makes the weights that Rasa saves.
        if epoch + 1 < epochs:
            progress.epoch_ended()
            done.assign(epoch + 1)
            checkpoints.save()
        # Rasa's progress bar leaves its line open.
        print(f"\nepoch {epoch + 1} of {epochs}: {seconds:.1f} s, loss {logs['t_loss']:.3f}", flush=True)

    each_epoch = tf.keras.callbacks.LambdaCallback(on_epoch_begin=epoch_began, on_epoch_end=epoch_ended)
    return fit(model, generator, epochs=epochs, initial_epoch=first, callbacks=[*callbacks, each_epoch], **options)


@contextmanager
def resumable(progress: Progress) -> Iterator[None]:
    """Has Rasa train DIET from the checkpoint in the progress's folder, or from the start where there is none."""
    from rasa.nlu.classifiers.diet_classifier import DIET

    fit = DIET.fit

    def resumed(model: Any, generator: Any, **options: Any) -> Any:
        return fit_from_checkpoint(fit, progress, model, generator, **options)

    DIET.fit = resumed
    try:
        yield
    finally:
        DIET.fit = fit
