"""Stories from the conversation graph in policy_data/graph.yml: seeded walks, written as Rasa's YAML.

    python benchmarks/policy_stories.py

writes the domain, the training stories and the held-out stories that ``policy.py`` compares policies on.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

DATA = Path(__file__).resolve().parent / "policy_data"
SEED, TRAIN, TEST = 7, 130, 100
DIGRESSION = 0.25
"""How often a customer says something else than what the moment asks for."""

SLOTS: dict[str, dict[str, Any]] = {
    "known_customer": {"type": "bool", "initial_value": False},
    "order_state": {"type": "categorical", "values": ["packed", "shipped", "delivered", "unknown"]},
    "products_found": {"type": "bool"},
}

Step = dict[str, Any]


@dataclass
class Walk:
    """A conversation in the making."""

    graph: dict[str, Any]
    dice: random.Random
    known: bool
    node: str = "idle"
    back: str = "idle"
    steps: list[Step] = field(default_factory=list)

    def story(self, tasks: int) -> list[Step]:
        """A conversation in which about so many tasks are begun and brought to an end."""
        if self.known:
            self.steps.append({"slot_was_set": [{"known_customer": True}]})
        while tasks > 0 or self.node != "idle":
            if self.dice.random() < DIGRESSION:
                self.digress()
                continue
            moves = [move for move in self.graph["nodes"][self.node]["moves"] if self.fits(move)]
            move = self.dice.choice(moves)
            tasks -= self.node == "idle" and move["say"] != "greet"
            self.take(move)
        if self.dice.random() < 0.7:
            self.take(self.graph["ends"][0])
        return self.steps

    def fits(self, move: dict[str, Any]) -> bool:
        return move.get("if", {}).get("known_customer", self.known) == self.known

    def digress(self) -> None:
        again = self.graph["nodes"][self.node].get("again")
        choices = [move for move in self.graph["anywhere"] if again or not move.get("open")]
        move = self.dice.choice([m for m in choices if self.node != "offer_person" or m["say"] != "complain"])
        if move.get("to") == "offer_person":
            self.back = self.node
        question = [again] if again and move.get("ask_again") else []
        self.take({**move, "do": [*move["do"], *question]})

    def take(self, move: dict[str, Any]) -> None:
        said: Step = {"intent": move["say"]}
        if "entities" in move:
            said["entities"] = [{name: "x"} for name in move["entities"]]
        self.steps.append(said)
        self.act(move)
        if "then" in move:
            outcome = self.dice.choice(move["then"])
            self.steps.append({"slot_was_set": [dict(outcome["slots"])]})
            self.act(outcome)

    def act(self, move: dict[str, Any]) -> None:
        to = move.get("to", self.node)
        actions = list(move["do"])
        if to == "back":
            to = self.back
            again = self.graph["nodes"][to].get("again")
            actions += [again] if again else ["utter_anything_else"]
        self.steps += [{"action": action} for action in actions]
        self.node = to


def stories(graph: dict[str, Any], seed: int) -> Iterator[list[Step]]:
    """Conversations without end, no two the same."""
    dice = random.Random(seed)
    seen: set[str] = set()
    while True:
        steps = Walk(graph, dice, known=dice.random() < 0.3).story(tasks=dice.randint(1, 2))
        if str(steps) not in seen:
            seen.add(str(steps))
            yield steps


def domain_of(graph_text: str, graph: dict[str, Any]) -> dict[str, Any]:
    """The domain that the graph's names make up."""
    actions = sorted(set(re.findall(r"\b(?:utter|action)_\w+", graph_text)))
    entities = {name for group in re.findall(r"entities: \[(.+?)\]", graph_text) for name in group.split(", ")}
    return {
        "version": "3.1",
        "intents": sorted(set(re.findall(r"say: (\w+)", graph_text))),
        "entities": sorted(entities),
        "slots": {
            name: {**slot, "influence_conversation": True, "mappings": [{"type": "custom"}]}
            for name, slot in SLOTS.items()
        },
        "responses": {name: [{"text": name}] for name in actions if name.startswith("utter")},
        "actions": [name for name in actions if name.startswith("action")],
    }


def write(name: str, content: dict[str, Any]) -> None:
    yaml = YAML()
    yaml.representer.ignore_aliases = lambda _: True
    with (DATA / name).open("w", encoding="utf-8") as file:
        file.write("# Written by benchmarks/policy_stories.py.\n")
        yaml.dump(content, file)


def main() -> None:
    """Writes domain.yml, train.yml and test.yml beside the graph."""
    text = (DATA / "graph.yml").read_text(encoding="utf-8")
    graph = YAML(typ="safe").load(text)
    walks = stories(graph, SEED)
    write("domain.yml", domain_of(text, graph))
    for name, count in (("train", TRAIN), ("test", TEST)):
        told = [{"story": f"{name} {number}", "steps": next(walks)} for number in range(1, count + 1)]
        write(f"{name}.yml", {"version": "3.1", "stories": told})


if __name__ == "__main__":
    main()
