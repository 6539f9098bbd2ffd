"""Talking to the actions without Rasa between: slots, messages and forms are kept, and rules followed, as Rasa does.

``Conversation`` runs one action or form at a time; ``Chat`` lets the rules decide which. Whatever an action says is
checked against the domain: the response is there, and every blank of it is filled.
"""

import asyncio
import json
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher
from ruamel.yaml import YAML
from sqlalchemy import select

from actions.customer_forms import Form
from actions.customers import KnownCustomer, known_customer
from parlance.actions.messages import REQUESTED
from shop.customers import customer_by_email
from shop.database import open_session
from shop.models import OutboxMessage
from shop.recognition import LIFETIME_S, Recognition, sign

ROOT = Path(__file__).resolve().parents[2]
DOMAIN: dict[str, Any] = YAML(typ="safe").load((ROOT / "domain.yml").read_text(encoding="utf-8"))
QUESTIONS: list[str] = next(
    policy["questions"]
    for policy in YAML(typ="safe").load((ROOT / "config.yml").read_text(encoding="utf-8"))["policies"]
    if policy["name"] == "parlance.rasa.TurnPolicy"
)
SURE = 0.95
_BLANK = re.compile(r"{(\w+)}")

CONSENTED: dict[str, Any] = {"confirmed": True, "consent": {"id": "0", "about": {}}}
"""The slots after a yes."""
Entity = tuple[str, str] | tuple[str, str, str]
"""Type and value, and a role where it has one."""


class Conversation:
    """A customer's conversation; ``token`` is what a channel knows of who they are, ``client`` of where they are."""

    client = ""

    def __init__(self, sender: str = "chat-1", token: str = "", **slots: Any) -> None:
        self.sender, self.token = sender, token
        self.slots: dict[str, Any] = {
            name: settings.get("initial_value") for name, settings in DOMAIN["slots"].items()
        } | {REQUESTED: None}
        self.events: list[dict[str, Any]] = []
        self.message: dict[str, Any] = {"text": "", "intent": {"name": ""}, "entities": []}
        self.form: str | None = None
        self.dispatcher = CollectingDispatcher()
        self.returned: list[dict[str, Any]] = []
        self.given(slots)

    @property
    def customer(self) -> KnownCustomer:
        """The customer whom Fern has recognised."""
        known = known_customer(self.tracker())
        assert known
        return known

    def hears(
        self,
        text: str,
        intent: str = "inform",
        *entities: Entity,
        confidence: float = SURE,
        act: str = "",
        act_confidence: float = SURE,
    ) -> "Conversation":
        """A message, and the slots that the domain maps from its intent and entities; NLU says its act, where given.
        ``faq/hours`` is the answer ``hours`` of a retrieval intent."""
        found = [
            {"entity": kind, "value": value, "role": role[0] if role else None, **_span(value, text)}
            for kind, value, *role in entities
        ]
        intent, _, topic = intent.partition("/")
        self.message = {"text": text, "intent": {"name": intent, "confidence": confidence}, "entities": found}
        if act:
            self.message["act"] = {"name": act, "confidence": act_confidence}
        if topic:
            chosen = {"response": {"intent_response_key": f"{intent}/{topic}"}}
            self.message["response_selector"] = {"all_retrieval_intents": [intent], intent: chosen}
        known = {"identity_token": self.token, "client": self.client}
        metadata = {name: value for name, value in known.items() if value}
        self.events.append({"event": "action", "name": "action_listen"})
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
            self.given({REQUESTED: self.slots[REQUESTED]})
        else:
            self._open(name)
            candidates = {k: v for k, v in self.slots.items() if k in required and v is not None}
        self.events.append({"event": "action", "name": name})
        said = self.runs(form, candidates)
        if self.slots[REQUESTED] is None:
            self._open(None)
        return said

    def runs(self, action: Action, candidates: dict[str, Any] | None = None) -> list[str]:
        """Run an action and keep the slots that it sets; the responses that it says."""
        assert action.name() in DOMAIN["actions"], f"domain.yml does not list {action.name()}"
        self.dispatcher = CollectingDispatcher()
        self.given(candidates or {})
        outcome = action.run(self.dispatcher, self.tracker(), DOMAIN)
        self.returned = list(asyncio.run(outcome) if asyncio.iscoroutine(outcome) else outcome)
        if candidates is None:  # a form's validation is no action of its own
            self.events.append({"event": "action", "name": action.name()})
        for event in self.returned:
            if event["event"] == "slot":
                self.given({event["name"]: event["value"]})
            elif event["event"] == "active_loop":
                self._open(event["name"])
            elif event["event"] == "user":  # a request that the action takes up
                self.message = event["parse_data"]
                self.events.append(event)
        said = [message for message in self.dispatcher.messages if message["response"]]
        for message in said:
            check_blanks(message, self.slots)
        return [str(message["response"]) for message in said]

    def agrees(self, form: Form, asking: Action, text: str = "yes") -> None:
        """Is asked whether to go ahead, and says so."""
        self.runs(asking)
        self.hears(text, "affirm").fills(form)
        assert self.form is None and self.slots["confirmed"] is True

    def tracker(self) -> Tracker:
        """The conversation as an action gets it."""
        loop = {"name": self.form} if self.form else {}
        return Tracker(self.sender, dict(self.slots), self.message, list(self.events), False, None, loop, "")

    def blank(self, name: str) -> Any:
        """What a blank of the latest response was filled with."""
        return self.dispatcher.messages[-1][name]

    def given(self, slots: dict[str, Any]) -> None:
        """Set slots, as an action would."""
        self.slots |= slots
        self.events += [{"event": "slot", "name": name, "value": value} for name, value in slots.items()]

    def _open(self, form: str | None) -> None:
        """Another form, or none any more."""
        self.form = form
        self.events.append({"event": "active_loop", "name": form})

    def _set_since_the_message(self) -> dict[str, Any]:
        last = max(n for n, event in enumerate(self.events) if event["event"] == "user")
        return {e["name"]: e["value"] for e in self.events[last:] if e["event"] == "slot"}


def recognised_as(
    email: str, sender: str = "chat-1", signed_in: str = "", seconds: float = LIFETIME_S, **claims: Any
) -> str:
    """The slot of a conversation in which a customer of the shop was recognised."""
    with open_session() as session:
        customer = customer_by_email(session, email)
        assert customer
    known = Recognition(customer.id, customer.first_name, email, signed_in, time.time())
    return sign(replace(known, **claims), sender, seconds)


def sent_code() -> str:
    """The one-time code that was sent last, as its reader finds it in the mail."""
    newest = select(OutboxMessage).where(OutboxMessage.kind == "one_time_code").order_by(OutboxMessage.id.desc())
    with open_session() as session:
        return str(session.execute(newest).scalars().first().content["code"])


class Chat(Conversation):
    """A conversation in which the rules decide what is run; ``said`` is what Fern answers to the latest message."""

    said: list[dict[str, Any]]

    def say(
        self,
        text: str,
        intent: str = "inform",
        confidence: float = SURE,
        act: str = "",
        act_confidence: float = SURE,
        **entities: str | Sequence[str],
    ) -> list[str]:
        """What Fern says, by the responses' names. ``entities`` are by type the value, or several of them; ``act`` is
        what NLU says that the message does to what is open, if it is not empty."""
        self.said = []
        values = {name: [value] if isinstance(value, str) else value for name, value in entities.items()}
        named = ((name, value) for name in values for value in values[name])
        self.hears(text, intent, *named, confidence=confidence, act=act, act_confidence=act_confidence)
        if self.form is None or not self._go_on(self.form):
            self._follow_rule(intent.partition("/")[0])
        if self.form is None and self.slots["further_request"] and self.said[-1]["response"] not in QUESTIONS:
            self._run("action_next_request")
        return [message["response"] for message in self.said]

    def ask(self, intent: str, **entities: str | list[str]) -> list[str]:
        """The button that Fern has just shown for an intent, or else a request that holds nothing else."""
        payload = next((b["payload"] for b in self.buttons() if re.match(rf"/{intent}(?:{{|$)", b["payload"])), "")
        details = json.loads(payload.removeprefix(f"/{intent}") or "{}")
        return self.say(payload or f"/{intent}", intent, **(details | entities))

    def buttons(self) -> list[dict[str, str]]:
        """The buttons that an action has put under the latest answer."""
        return [button for message in getattr(self, "said", []) for button in message.get("buttons") or []]

    def told(self, blank: str) -> Any:
        """What the latest message with such a blank fills in there."""
        return next(message[blank] for message in reversed(self.said) if blank in message)

    def _follow_rule(self, intent: str) -> None:
        for action in rules()[0][intent]:
            if action == "action_deactivate_loop":
                self._open(None)
                self.given({REQUESTED: None})
            elif action.endswith("_form"):
                self._start(action)
            else:
                self._run(action)
        if "action_deactivate_loop" in rules()[0][intent]:
            self.given({"further_request": None})

    def _start(self, form: str) -> None:
        self.fills(_form(form))
        self._after(form)

    def _go_on(self, form: str) -> bool:
        """One turn of a form; False where it had no use for the message."""
        before = len(self.events)
        set_by_message = set(self._set_since_the_message()) & set(DOMAIN["forms"][form]["required_slots"])
        self.fills(_form(form))
        if any(event["event"] == "action_execution_rejected" for event in self.returned):
            self.events += [event for event in self.returned if event["event"] == "action_execution_rejected"]
            return False
        filled = [event for event in self.returned if event["event"] == "slot" and event["name"] != REQUESTED]
        if not set_by_message and not filled:
            del self.events[before:]
            return False
        self._after(form)
        return True

    def _after(self, form: str) -> None:
        """What follows a turn of a form: the question for what is missing, or the work once all is there."""
        self.said += self.dispatcher.messages
        if self.form:
            self._ask_for(form, self.slots[REQUESTED])
            if self.slots[REQUESTED] is None:  # the question could not be asked
                self._open(None)
        if self.form is None:
            after = rules()[1]
            self._run(after.get((form, self.slots["request"])) or after[form, None])

    def _ask_for(self, form: str, slot: str) -> None:
        for action in (f"action_ask_{form}_{slot}", f"action_ask_{slot}"):
            if action in registered_actions():
                self._run(action)
                return
        own = f"utter_ask_{form}_{slot}"
        self._run(own if own in DOMAIN["responses"] else f"utter_ask_{slot}")

    def _run(self, action: str) -> None:
        """Say a response, or run an action and, where it takes up a request, the rule for that."""
        if action.startswith("utter_"):
            message = {"response": action}
            check_blanks(message, self.slots)
            self.said.append(message)
            return
        self.runs(registered_actions()[action])
        self.said += self.dispatcher.messages
        if any(event["event"] == "user" for event in self.returned):
            self._follow_rule(self.message["intent"]["name"])


@lru_cache(maxsize=1)
def registered_actions() -> dict[str, Action]:
    """What the action server would run, by name."""
    executor = ActionExecutor()
    executor.register_package("actions")
    return {name: run.__self__ for name, run in executor.actions.items()}


def _form(name: str) -> Form:
    form = registered_actions()[f"validate_{name}"]
    assert isinstance(form, Form)
    return form


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


def _span(value: str, text: str) -> dict[str, int]:
    """Where an entity stands in the text; a button's stands nowhere, and neither does a synonym."""
    start = text.find(value)
    return {"start": start, "end": start + len(value)} if start >= 0 else {"start": 0}


def blanks_of(response: str, slots: dict[str, Any] | None = None) -> set[str]:
    """The blanks in the variations of a response: in all of them, or in those that slots allow."""
    variations: Sequence[dict[str, Any]] = DOMAIN["responses"][response]
    allowed = [
        variation
        for variation in variations
        if slots is None or all(slots.get(c["name"]) == c["value"] for c in variation.get("condition", []))
    ]
    return {blank for variation in allowed for blank in _BLANK.findall(variation["text"])}


def check_blanks(message: dict[str, Any], slots: dict[str, Any]) -> None:
    """Fail where a response is not in the domain, or where a blank would be left as it is, or filled with nothing."""
    response = message["response"]
    responses = [key for key in DOMAIN["responses"] if key == response or key.startswith(f"{response}/")]
    assert responses, f"domain.yml has no {response}"
    given = {**slots, **message}
    blanks = {blank for key in responses for blank in blanks_of(key, slots)}
    empty = sorted(blank for blank in blanks if given.get(blank) in (None, ""))
    assert not empty, f"{response} is said without {empty}"
