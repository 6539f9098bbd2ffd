"""Playing one conversation: a customer against the assistant, or messages that were said before."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from parlance.simulation.customer import Customer
from parlance.simulation.database import Reader
from parlance.simulation.exchange import NOTHING, Exchange, Heard, Line, Said
from parlance.simulation.invariants import Watch
from parlance.simulation.personas import Persona, Utterances
from parlance.simulation.profile import Profile
from parlance.testing.assistant import Assistant


@dataclass(frozen=True)
class Stage:
    """What conversations are played on."""

    profile: Profile
    assistant: Assistant
    database: Reader
    utterances: Utterances
    seed: int = 0


@dataclass(frozen=True)
class Played:
    """A conversation that came to its end."""

    persona: Persona
    outcome: str
    reached: tuple[str, ...]
    exchanges: tuple[Exchange, ...]

    def as_dict(self) -> dict[str, Any]:
        """One record, of which reports are made; its violations name their turn."""
        last = self.exchanges[-1].heard if self.exchanges else NOTHING
        return {
            "conversation": self.persona.number,
            "goal": self.persona.goal,
            "second_goal": self.persona.second_goal,
            "habits": list(self.persona.habits),
            "temper": self.persona.temper,
            "facts": dict(self.persona.facts),
            "outcome": self.outcome,
            "reached": list(self.reached),
            "ended_in": {"form": last.form, "slot": last.slot, "response": (last.responses or [""])[-1]},
            "turns": [
                {
                    "said": asdict(exchange.said),
                    "heard": exchange.heard.text,
                    "responses": exchange.heard.responses,
                    "form": exchange.heard.form,
                    "slot": exchange.heard.slot,
                    "fault": exchange.heard.fault,
                    "seconds": round(exchange.heard.seconds, 4),
                }
                for exchange in self.exchanges
            ],
            "violations": [
                {"turn": turn, **asdict(violation)}
                for turn, exchange in enumerate(self.exchanges, 1)
                for violation in exchange.violations
            ],
        }


async def play(stage: Stage, persona: Persona) -> Played:
    """One customer's whole conversation."""
    customer = Customer(persona, stage.profile, stage.utterances, stage.database, stage.seed)
    line = Line(stage.assistant, new_conversation())
    watch = _watch(stage, persona, line)
    exchanges: list[Exchange] = []
    heard = NOTHING
    while (said := customer.next(heard)) is not None:
        exchanges.append(await _exchange(line, watch, said, heard))
        heard = exchanges[-1].heard
    return Played(persona, customer.outcome, tuple(customer.reached), tuple(exchanges))


async def replay(stage: Stage, persona: Persona, messages: Sequence[Said]) -> list[Exchange]:
    """The same messages once more, in a new conversation, whatever is answered to them."""
    line = Line(stage.assistant, new_conversation())
    watch = _watch(stage, persona, line)
    exchanges: list[Exchange] = []
    heard = NOTHING
    for said in messages:
        exchanges.append(await _exchange(line, watch, said, heard))
        heard = exchanges[-1].heard
        if heard.fault:
            break
    return exchanges


def _watch(stage: Stage, persona: Persona, line: Line) -> Watch:
    facts = {**persona.second_facts, **persona.facts}
    return Watch(stage.profile, stage.database, facts, line.conversation)


async def _exchange(line: Line, watch: Watch, said: Said, before: Heard) -> Exchange:
    heard = await line.say(said, before)
    return Exchange(said, heard, watch.violations(said, before, heard))


def new_conversation() -> str:
    """An id that no conversation has had; it says what the conversation is, wherever the assistant keeps it."""
    return f"simulation-{uuid.uuid4().hex[:12]}"
