"""The names that the assistant under test knows, and a check that tests use no others."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from parlance.testing.cases import Case, Expectation, SlotSet, Uttered
from parlance.testing.errors import BadTestFile, nearest

# Slots that Rasa itself keeps and a domain does not list.
_RASA_SLOTS = {"requested_slot", "session_started_metadata"}


@dataclass(frozen=True)
class Domain:
    """The slots of an assistant, and its responses with the texts of their variations."""

    slots: Collection[str]
    responses: Mapping[str, Sequence[str]]

    @classmethod
    def from_dict(cls, domain: Mapping[str, Any]) -> "Domain":
        """From what Rasa's HTTP API answers to ``GET /domain``."""
        responses = {
            name: [variation["text"] for variation in variations if variation.get("text")]
            for name, variations in (domain.get("responses") or {}).items()
        }
        return cls(slots=set(domain.get("slots") or ()) | _RASA_SLOTS, responses=responses)

    def check(self, cases: Iterable[Case]) -> None:
        """Refuses names that the assistant does not have: such a test can only fail, or can never fail.

        Raises:
            BadTestFile: Names each of them with ``file:line``, and what it is near to.
        """
        wrong: list[str] = []
        for case in cases:
            wrong += [self._unknown(case.source, "slot", slot) for slot in case.slots if slot not in self.slots]
            for turn in case.turns:
                for expectation in turn.expectations:
                    wrong += self._unknown_in(expectation, f"{case.file}:{expectation.line}")
        if wrong:
            raise BadTestFile("\n".join(wrong), "" if len(wrong) == 1 else f"\nThese are {len(wrong)} mistakes.")

    def _unknown_in(self, expectation: Expectation, source: str) -> list[str]:
        if isinstance(expectation, SlotSet) and expectation.name not in self.slots:
            return [self._unknown(source, "slot", expectation.name)]
        if isinstance(expectation, Uttered) and expectation.response not in (None, *self.responses):
            return [self._unknown(source, "response", str(expectation.response))]
        return []

    def _unknown(self, source: str, what: str, name: str) -> str:
        known = self.slots if what == "slot" else self.responses
        return f"{source}: the assistant's domain has no {what} '{name}'. {nearest(name, known)}".strip()
