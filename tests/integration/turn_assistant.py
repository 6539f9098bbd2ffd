"""For tests of TurnPolicy: a small assistant with two forms, its action server's code, and a customer of it."""

import asyncio
import json
from pathlib import Path
from typing import Any

from rasa.core.agent import Agent
from rasa.utils.endpoints import EndpointConfig

from .conftest import write_yaml

RESPONSES = {
    "utter_faq": "we deliver everywhere",
    "utter_hours": "nine to five",
    "utter_hours_more": "not on Sundays",
    "utter_offer_person": "would you like a person?",
    "utter_person": "a person is coming",
    "utter_fine": "fine",
    "utter_stopped": "stopped",
    "utter_pay": "by card",
    "utter_ask_order_number": "which order?",
    "utter_ask_email": "which e-mail?",
    "utter_ask_postcode": "which postcode?",
}

DOMAIN: dict[str, Any] = {
    "version": "3.1",
    "intents": [
        "order",
        "address",
        "faq",
        "hours",
        "pay",
        "complain",
        "affirm",
        "deny",
        "stop",
        "quit",
        "inform",
        "ask",
    ],
    "entities": ["order_number", "email", "postcode", "further"],
    "slots": {
        **{
            name: {
                "type": "text",
                "influence_conversation": False,
                "mappings": [{"type": "from_entity", "entity": name}],
            }
            for name in ("order_number", "email", "postcode")
        },
        "further_request": {
            "type": "text",
            "influence_conversation": False,
            "mappings": [{"type": "from_entity", "entity": "further"}],
        },
    },
    "forms": {
        "order_form": {"required_slots": ["order_number", "email"]},
        "address_form": {"required_slots": ["postcode"]},
    },
    "responses": {name: [{"text": text}] for name, text in RESPONSES.items()},
    "actions": ["action_order", "action_quit", "action_offers", "action_next_request", "action_keeps_the_request"],
}


def rule(name: str, *steps: dict[str, Any], inside: str | None = None) -> dict[str, Any]:
    condition = {"condition": [{"active_loop": inside}]} if inside else {}
    return {"rule": name, **condition, "steps": list(steps)}


def form_rules(form: str, then: str) -> list[dict[str, Any]]:
    intent = form.removesuffix("_form")
    return [
        rule(f"start {form}", {"intent": intent}, {"action": form}, {"active_loop": form}),
        rule(
            f"end {form}",
            {"action": form},
            {"active_loop": None},
            {"slot_was_set": [{"requested_slot": None}]},
            {"action": then},
            inside=form,
        ),
    ]


RULES = [
    *form_rules("order_form", "action_order"),
    *form_rules("address_form", "utter_fine"),
    rule("faq", {"intent": "faq"}, {"action": "utter_faq"}),
    rule("hours", {"intent": "hours"}, {"action": "utter_hours"}, {"action": "utter_hours_more"}),
    rule("complain", {"intent": "complain"}, {"action": "utter_offer_person"}),
    rule("ask", {"intent": "ask"}, {"action": "action_offers"}),
    rule("yes", {"intent": "affirm"}, {"action": "utter_fine"}),
    rule("yes, a person", {"action": "utter_offer_person"}, {"intent": "affirm"}, {"action": "utter_person"}),
    rule("no", {"intent": "deny"}, {"action": "utter_fine"}),
    rule("stop", {"intent": "stop"}, {"action": "utter_stopped"}),
    rule(
        "stop inside",
        {"intent": "stop"},
        {"action": "action_deactivate_loop"},
        {"active_loop": None},
        {"action": "utter_stopped"},
        inside="order_form",
    ),
    rule("quit inside", {"intent": "quit"}, {"action": "action_quit"}, {"active_loop": None}, inside="order_form"),
    # As designers write it: nothing about the form's going on.
    rule("pay inside", {"intent": "pay"}, {"action": "utter_pay"}, inside="order_form"),
]

ACTIONS = """
    from rasa_sdk import Action
    from rasa_sdk.events import ActiveLoop, SlotSet


    class Order(Action):
        def name(self):
            return "action_order"

        def run(self, dispatcher, tracker, domain):
            dispatcher.utter_message(text=f"{tracker.get_slot('order_number')} is on its way")
            return [SlotSet("order_number", None), SlotSet("email", None)]


    class Quit(Action):
        def name(self):
            return "action_quit"

        def run(self, dispatcher, tracker, domain):
            dispatcher.utter_message(text="left")
            return [ActiveLoop(None), SlotSet("requested_slot", None)]


    class Offers(Action):
        def name(self):
            return "action_offers"

        def run(self, dispatcher, tracker, domain):
            dispatcher.utter_message(response="utter_offer_person")
            return []


    class NextRequest(Action):
        def name(self):
            return "action_next_request"

        def run(self, dispatcher, tracker, domain):
            dispatcher.utter_message(text=f"now to your {tracker.get_slot('further_request')}")
            return [SlotSet("further_request", None)]


    class KeepsTheRequest(Action):
        def name(self):
            return "action_keeps_the_request"

        def run(self, dispatcher, tracker, domain):
            dispatcher.utter_message(text="still there")
            return []
"""

FURTHER = {"slot": "further_request", "action": "action_next_request"}
TURN_POLICY = {
    "name": "parlance.rasa.TurnPolicy",
    "questions": ["utter_offer_person"],
    "further_request": FURTHER,
}


def train(folder: Path, turn_policy: dict[str, Any] | None, stories: tuple[dict[str, Any], ...] = ()) -> Path:
    """``rasa train core``; the model."""
    from rasa.model_training import train_core

    policies = [{"name": "MemoizationPolicy"}, {"name": "RulePolicy"}, *([turn_policy] if turn_policy else [])]
    config = {"recipe": "default.v1", "language": "en", "assistant_id": "test", "pipeline": [], "policies": policies}
    write_yaml(folder / "data" / "rules.yml", {"version": "3.1", "rules": RULES, "stories": list(stories)})
    model = train_core(
        str(write_yaml(folder / "domain.yml", DOMAIN)),
        str(write_yaml(folder / "config.yml", config)),
        str(folder / "data"),
        str(folder / "models"),
    )
    assert model
    return Path(model)


class Conversation:
    """A customer; ``say`` gives the assistant's messages."""

    def __init__(self, model: Path, endpoint: EndpointConfig) -> None:
        self.agent = Agent.load(str(model), action_endpoint=endpoint)

    def say(self, intent: str, **entities: str) -> list[str]:
        text = f"/{intent}{json.dumps(entities) if entities else ''}"
        messages = asyncio.run(self.agent.handle_text(text, sender_id="customer"))
        return [message["text"] for message in messages or []]
