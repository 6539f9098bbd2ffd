"""Rasa's states of a conversation as numbers.

A state is what Rasa's tracker featurizers give: a dictionary with ``user`` (intent, entities), ``prev_action``,
``active_loop`` and ``slots``, of which each may be absent.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

State = Mapping[str, Mapping[str, Any]]


def features_of(state: State) -> dict[str, float]:
    """A state's features by name: 1 for an intent, entity, action or form, and the values of a slot's encoding.

    A message's text is no feature: the stories that a policy learns from name intents.
    """
    user, action = state.get("user", {}), state.get("prev_action", {})
    named = {
        "intent": [user.get("intent")],
        "entity": user.get("entities", ()),
        "action": [action.get("action_name") or action.get("action_text")],
        "form": [state.get("active_loop", {}).get("name")],
    }
    features = {f"{kind} {name}": 1.0 for kind, names in named.items() for name in names if name}
    for slot, values in state.get("slots", {}).items():
        if not isinstance(values, str):  # Rasa's "should_not_be_set" is for rules alone
            features |= {f"slot {slot} {number}": float(value) for number, value in enumerate(values) if value}
    return features


@dataclass(frozen=True)
class FeatureSpace:
    """The features that training met, in a fixed order; others are not heard of and count as absent."""

    names: tuple[str, ...]
    _index: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", {name: number for number, name in enumerate(self.names)})

    @classmethod
    def of(cls, states: Iterable[State], known: Sequence[str] = ()) -> "FeatureSpace":
        """Those of some states, behind those that are known already."""
        met = {name for state in states for name in features_of(state)}
        return cls((*known, *sorted(met - set(known))))

    def slots(self) -> np.ndarray:
        """Which feature belongs to which slot, shape (features, slots), float32; a row of zeros for other features."""
        slots = [name.rsplit(" ", 1)[0] if name.startswith("slot ") else None for name in self.names]
        known = sorted({slot for slot in slots if slot})
        return np.array([[slot == other for other in known] for slot in slots], dtype=np.float32)

    def encode(self, states: Sequence[State]) -> np.ndarray:
        """States as rows, shape (states, features), float32."""
        rows = np.zeros((len(states), len(self.names)), dtype=np.float32)
        for row, state in zip(rows, states, strict=True):
            for name, value in features_of(state).items():
                if name in self._index:
                    row[self._index[name]] = value
        return rows
