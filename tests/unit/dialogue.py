"""A conversation with the real actions and the real rules, without Rasa: fills slots and runs forms as Rasa does."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
DOMAIN: dict[str, Any] = YAML(typ="safe").load((ROOT / "domain.yml").read_text(encoding="utf-8"))
SURE = 0.95


@lru_cache(maxsize=1)
def registered_actions() -> dict[str, Any]:
    """What the action server would run, by name."""
    executor = ActionExecutor()
    executor.register_package("actions")
    return dict(executor.actions)


@lru_cache(maxsize=1)
def rules() -> tuple[dict[str, list[str]], dict[tuple[str, str | None], str]]:
    """The actions for each intent; and the action after each form, by form and request."""
    for_intent: dict[str, list[str]] = {}
    after_form: dict[tuple[str, str | None], str] = {}
    for file in sorted((ROOT / "data" / "rules").glob("*.yml")):
        for rule in YAML(typ="safe").load(file.read_text(encoding="utf-8"))["rules"]:
            steps = rule["steps"]
            actions = [step["action"] for step in steps if "action" in step]
            if "intent" in steps[0]:
                for_intent[steps[0]["intent"]] = actions
            elif actions[0].endswith("_form"):
                conditions = [slot for part in rule.get("condition", []) for slot in part["slot_was_set"]]
                requests = [slot["request"] for slot in conditions if "request" in slot]
                after_form[actions[0], requests[0] if requests else None] = actions[1]
    return for_intent, after_form


class Chat:
    """One customer's conversation; ``slots`` and ``form`` are as they stand after the latest message."""

    def __init__(self, conversation_id: str = "chat-1", token: str = "") -> None:
        self.slots: dict[str, Any] = {name: slot.get("initial_value") for name, slot in DOMAIN["slots"].items()}
        self.slots["requested_slot"] = None
        self.form: str | None = None
        self.said: list[dict[str, Any]] = []
        self._id = conversation_id
        self._metadata = {"identity_token": token} if token else {}
        self._events: list[dict[str, Any]] = []
        self._message: dict[str, Any] = {}

    def say(
        self, text: str, intent: str = "inform", confidence: float = SURE, **entities: str | Sequence[str]
    ) -> list[str]:
        """What Fern says, by the responses' names; every variation of them can be filled in.

        Args:
            entities: By type the value, or several of them.
        """
        self.said = []
        values = {name: [value] if isinstance(value, str) else value for name, value in entities.items()}
        found = [
            {"entity": name, "value": value, "start": max(text.find(value), 0)}
            for name in values
            for value in values[name]
        ]
        self._message = {"text": text, "intent": {"name": intent, "confidence": confidence}, "entities": found}
        self._hear({"text": text, "parse_data": self._message, "metadata": self._metadata})
        if self.form is None or not self._run_form(self.form):
            self._run_rule(intent)
        return [message["response"] for message in self.said]

    def ask(self, intent: str, **entities: str | list[str]) -> list[str]:
        """A button, or a request in so many words that hold nothing else."""
        return self.say(f"/{intent}", intent, **entities)

    def told(self, blank: str) -> Any:
        """What the latest message with such a blank fills in there."""
        return next(message[blank] for message in reversed(self.said) if blank in message)

    def _hear(self, message: dict[str, Any]) -> None:
        self._events.append({"event": "user", **message})
        values = {entity["entity"]: entity["value"] for entity in self._message["entities"]}
        for slot, settings in DOMAIN["slots"].items():
            for mapping in settings["mappings"]:
                if mapping["type"] == "from_intent" and mapping["intent"] == self._message["intent"]["name"]:
                    self._set(slot, mapping["value"])
                if mapping["type"] == "from_entity" and mapping["entity"] in values:
                    self._set(slot, values[mapping["entity"]])

    def _run_rule(self, intent: str) -> None:
        for action in rules()[0][intent]:
            if action == "action_deactivate_loop":
                self.form = self.slots["requested_slot"] = None
            elif action.endswith("_form"):
                self.form = action
                self._run_form(action, starts=True)
            elif action.startswith("utter_"):
                self._record({"response": action})
            else:
                self._run(action)

    def _run_form(self, form: str, starts: bool = False) -> bool:
        """One turn of a form; False where it had no use for the message."""
        slots = DOMAIN["forms"][form]["required_slots"]
        new = {event["name"] for event in self._events_of_turn() if event["event"] == "slot"}
        candidates = {
            slot: self.slots[slot] for slot in slots if self.slots[slot] is not None and (starts or slot in new)
        }
        before = len(self._events)
        self._events.append({"event": "action", "name": form})
        self._events += [{"event": "slot", "name": name, "value": value} for name, value in candidates.items()]
        filled = [name for name in self._run(f"validate_{form}") if name != "requested_slot"]
        if not starts and not candidates and not filled:
            del self._events[before:]
            return False
        if self.slots["requested_slot"] is not None:
            self._ask_for(form, self.slots["requested_slot"])
        if self.slots["requested_slot"] is None:
            self.form = None
            after = rules()[1]
            self._run(after.get((form, self.slots["request"])) or after[form, None])
        return True

    def _ask_for(self, form: str, slot: str) -> None:
        for action in (f"action_ask_{form}_{slot}", f"action_ask_{slot}"):
            if action in registered_actions():
                self._run(action)
                return
        own = f"utter_ask_{form}_{slot}"
        self._record({"response": own if own in DOMAIN["responses"] else f"utter_ask_{slot}"})

    def _run(self, action: str) -> list[str]:
        """Runs an action of the action server and applies its events; the names of the slots that it sets."""
        assert action in DOMAIN["actions"], f"domain.yml does not list {action}"
        dispatcher = CollectingDispatcher()
        tracker = Tracker(
            self._id,
            dict(self.slots),
            self._message,
            list(self._events),
            False,
            None,
            {"name": self.form} if self.form else {},
            "action_listen",
        )
        events = asyncio.run(_awaited(registered_actions()[action](dispatcher, tracker, DOMAIN)))
        for message in dispatcher.messages:
            self._record(message)
        for event in events:
            if event["event"] == "slot":
                self._set(event["name"], event["value"])
            elif event["event"] == "user":  # an offer that is taken up
                self._message = event["parse_data"]
                self._events.append(event)
        taken_up = next((event for event in events if event["event"] == "user"), None)
        if taken_up:
            self._run_rule(taken_up["parse_data"]["intent"]["name"])
        return [event["name"] for event in events if event["event"] == "slot"]

    def _set(self, slot: str, value: Any) -> None:
        self.slots[slot] = value
        self._events.append({"event": "slot", "name": slot, "value": value})

    def _events_of_turn(self) -> list[dict[str, Any]]:
        heard = max(n for n, event in enumerate(self._events) if event["event"] == "user")
        return self._events[heard:]

    def _record(self, message: dict[str, Any]) -> None:
        name, responses = message["response"], DOMAIN["responses"]
        retrieved = [variations for key, variations in responses.items() if key.startswith(f"{name}/")]
        for variations in retrieved or [responses[name]]:
            for variation in variations:
                variation["text"].format(**{**self.slots, **message})
        self.said.append(message)


async def _awaited(outcome: Any) -> list[dict[str, Any]]:
    return list(await outcome if asyncio.iscoroutine(outcome) else outcome)
