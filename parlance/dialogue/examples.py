"""Training examples of a dialogue model, as arrays: the last states of a conversation, and the action that follows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from parlance.dialogue.features import FeatureSpace, State, features_of


@dataclass(frozen=True)
class Story:
    """A conversation to learn from.

    Args:
        windows: For each action the last states before it, oldest first.
        actions: The actions.
    """

    windows: Sequence[Sequence[State]]
    actions: Sequence[str]


@dataclass(frozen=True)
class DialogueExamples:
    """Windows of states with the action that follows each, every one of them once.

    Args:
        states: Features of every state that there is, shape (states, features); row 0 is padding.
        windows: Rows of ``states``, shape (examples, max_history), padded at the front.
        actions: Numbers of the actions, shape (examples,).
        openings: Where in its window a conversation begins, shape (examples,); -1 where the beginning is cut off.
        endings: The last window of each story, shape (stories, max_history).
    """

    states: np.ndarray
    windows: np.ndarray
    actions: np.ndarray
    openings: np.ndarray
    endings: np.ndarray

    @classmethod
    def of(
        cls, stories: Iterable[Story], space: FeatureSpace, actions: Sequence[str], max_history: int
    ) -> "DialogueExamples":
        """Number what stories are made of, and leave out what repeats."""
        numbers = {action: number for number, action in enumerate(actions)}
        table = _StateTable()
        examples: dict[tuple[tuple[int, ...], int], int] = {}
        endings = []
        for story in stories:
            rows = [table.padded(window, max_history) for window in story.windows]
            for row, window, action in zip(rows, story.windows, story.actions, strict=True):
                examples[row, numbers[action]] = -1 if window[0].get("prev_action") else max_history - len(window)
            endings += rows[-1:]
        return cls(
            np.concatenate([np.zeros((1, len(space.names)), dtype=np.float32), space.encode(table.states)]),
            np.array([row for row, _ in examples], dtype=np.int64).reshape(-1, max_history),
            np.array([action for _, action in examples], dtype=np.int64),
            np.array(list(examples.values()), dtype=np.int64),
            np.array(endings, dtype=np.int64).reshape(-1, max_history),
        )

    def __len__(self) -> int:
        return len(self.actions)

    def concatenated(self, share: float, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Windows in which stories are concatenated: a share of those that begin there follow on another's end.

        A customer rarely comes for one thing, and a story often tells of one.

        Returns:
            The windows, and for each example the row in ``states`` that its story follows on; 0 where none does.
        """
        windows, follows = self.windows.copy(), np.zeros(len(self), dtype=np.int64)
        length = windows.shape[1]
        # Of a window that holds only the beginning nothing would be left to join to another story.
        possible = np.flatnonzero((self.openings >= 0) & (self.openings < length - 1))
        for number in possible[random.random(len(possible)) < share]:
            ending = self.endings[random.integers(len(self.endings))]
            told = np.concatenate([ending[ending > 0], windows[number, self.openings[number] + 1 :]])[-length:]
            windows[number] = np.pad(told, (length - len(told), 0))
            follows[number] = ending[-1]
        return windows, follows


class _StateTable:
    """States numbered from 1 by their features."""

    def __init__(self) -> None:
        self.states: list[State] = []
        self._numbers: dict[frozenset[tuple[str, float]], int] = {}

    def padded(self, window: Sequence[State], length: int) -> tuple[int, ...]:
        """The numbers of a window's states, with zeros in front up to the length."""
        return (0,) * (length - len(window)) + tuple(self._number(state) for state in window)

    def _number(self, state: State) -> int:
        key = frozenset(features_of(state).items())
        if key not in self._numbers:
            self.states.append(state)
            self._numbers[key] = len(self.states)
        return self._numbers[key]
