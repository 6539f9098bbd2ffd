"""Talking to the actions without Rasa between: slots, messages and forms are kept as Rasa keeps them.

Whatever an action says is checked against the domain: the response is there, and every blank of it is filled.
"""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from ruamel.yaml import YAML

from actions.forms import REQUESTED, Form

ROOT = Path(__file__).resolve().parents[2]
DOMAIN: dict[str, Any] = YAML(typ="safe").load((ROOT / "domain.yml").read_text(encoding="utf-8"))
_BLANK = re.compile(r"{(\w+)}")

Entity = tuple[str, str] | tuple[str, str, str]
"""Type and value, and a role where it has one."""


class Conversation:
    """A customer's conversation; ``token`` is what a channel knows of who they are."""

    def __init__(self, sender: str = "chat-1", token: str | None = None, **slots: Any) -> None:
        self.sender, self.token = sender, token
        self.slots: dict[str, Any] = {
            name: settings.get("initial_value") for name, settings in DOMAIN["slots"].items()
        } | {REQUESTED: None}
        self.events: list[dict[str, Any]] = []
        self.message: dict[str, Any] = {"text": "", "intent": {"name": ""}, "entities": []}
        self.form: str | None = None
        self.dispatcher = CollectingDispatcher()
        self.given(slots)

    @property
    def customer(self) -> dict[str, Any]:
        """The customer whom Fern has recognised."""
        return dict(self.slots["customer"])

    def hears(self, text: str, intent: str = "inform", *entities: Entity) -> "Conversation":
        """A message, and the slots that the domain maps from its intent and entities."""
        found = [
            {
                "entity": kind,
                "value": value,
                "role": role[0] if role else None,
                "start": max(text.find(value), 0),
            }
            for kind, value, *role in entities
        ]
        self.message = {"text": text, "intent": {"name": intent, "confidence": 0.99}, "entities": found}
        metadata = {"identity_token": self.token} if self.token else {}
        self.events.append({"event": "user", **self.message, "metadata": metadata, "parse_data": self.message})
        for slot, settings in DOMAIN["slots"].items():
            for mapping in settings["mappings"]:
                if mapping["type"] == "from_intent" and mapping["intent"] == intent:
                    self.given({slot: mapping["value"]})
                for entity in found:
                    same = mapping.get("entity") == entity["entity"] and mapping.get("role") == entity["role"]
                    if mapping["type"] == "from_entity" and same:
                        self.given({slot: entity["value"]})
        return self

    def fills(self, form: Form) -> list[str]:
        """Run a form's validation on the latest message, as Rasa does; the responses that it says."""
        name = form.form_name()
        required = set(DOMAIN["forms"][name]["required_slots"])
        if self.form == name:
            candidates = {k: v for k, v in self._set_since_the_message().items() if k in required}
        else:
            self.form = name
            self.given({REQUESTED: None})
            candidates = {k: v for k, v in self.slots.items() if k in required and v is not None}
        self.events.append({"event": "action", "name": name})
        said = self.runs(form, candidates)
        if self.slots[REQUESTED] is None:
            self.form = None
        return said

    def runs(self, action: Action, candidates: dict[str, Any] | None = None) -> list[str]:
        """Run an action and keep the slots that it sets; the responses that it says."""
        self.dispatcher = CollectingDispatcher()
        self.given(candidates or {})
        tracker = Tracker(
            self.sender, dict(self.slots), self.message, list(self.events), False, None, {"name": self.form}, ""
        )
        outcome = action.run(self.dispatcher, tracker, DOMAIN)
        events = asyncio.run(outcome) if asyncio.iscoroutine(outcome) else outcome
        self.returned = events
        self.given({event["name"]: event["value"] for event in events if event["event"] == "slot"})
        for message in (said for said in self.dispatcher.messages if said["response"]):
            check_blanks(message, self.slots)
        return [str(message["response"]) for message in self.dispatcher.messages if message["response"]]

    def blank(self, name: str) -> Any:
        """What a blank of the latest response was filled with."""
        return self.dispatcher.messages[-1][name]

    def given(self, slots: dict[str, Any]) -> None:
        """Set slots, as an action would."""
        self.slots |= slots
        self.events += [{"event": "slot", "name": name, "value": value} for name, value in slots.items()]

    def _set_since_the_message(self) -> dict[str, Any]:
        last = max(n for n, event in enumerate(self.events) if event["event"] == "user")
        return {e["name"]: e["value"] for e in self.events[last:] if e["event"] == "slot"}


def blanks_of(response: str) -> set[str]:
    """The blanks in all variations of a response."""
    variations: Sequence[dict[str, Any]] = DOMAIN["responses"][response]
    return {blank for variation in variations for blank in _BLANK.findall(variation["text"])}


def check_blanks(message: dict[str, Any], slots: dict[str, Any]) -> None:
    """Fail where a response is not in the domain, or where a blank would be left as it is, or filled with nothing."""
    response = message["response"]
    assert response in DOMAIN["responses"], f"domain.yml has no {response}"
    given = {**slots, **message}
    empty = sorted(blank for blank in blanks_of(response) if given.get(blank) in (None, ""))
    assert not empty, f"{response} is said without {empty}"
