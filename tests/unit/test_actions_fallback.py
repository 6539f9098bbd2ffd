"""What Fern offers when it has not understood."""

from pathlib import Path
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from ruamel.yaml import YAML

import actions  # noqa: F401 (tells the kit who Fern is)
from parlance.actions.fallback import ActionDefaultAskAffirmation, ActionDefaultFallback
from parlance.actions.settings import settings

ROOT = Path(__file__).resolve().parents[2]
DOMAIN: dict[str, Any] = YAML(typ="safe").load((ROOT / "domain.yml").read_text(encoding="utf-8"))


def ask(intents: list[str], entities: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """The message that Fern says for an intent ranking, best first."""
    message = {
        "text": "florble",
        "intent": {"name": "nlu_fallback"},
        "intent_ranking": [{"name": name, "confidence": 0.2} for name in ["nlu_fallback", *intents]],
        "entities": entities or [],
    }
    tracker = Tracker("test", {}, message, [], False, None, {}, "action_listen")
    dispatcher = CollectingDispatcher()
    assert ActionDefaultAskAffirmation().run(dispatcher, tracker, DOMAIN) == []
    return dict(dispatcher.messages[0])


def test_the_likeliest_three_are_offered_by_title_and_none_of_these_comes_last() -> None:
    message = ask(["greet", "order_status", "help", "affirm", "human_handoff", "start_return"])
    assert message["response"] == "utter_ask_affirmation"
    assert [button["payload"] for button in message["buttons"]] == [
        "/order_status",
        "/help",
        "/human_handoff",
        "/out_of_scope",
    ]
    assert message["buttons"][0]["title"] == settings().titles["order_status"]


def test_a_button_carries_what_was_said_along() -> None:
    message = ask(["order_status"], [{"entity": "order_number", "value": "10432"}])
    assert message["buttons"][0]["payload"] == '/order_status{"order_number": "10432"}'


def test_without_a_likely_intent_the_first_titles_are_offered_and_out_of_scope_once() -> None:
    offered = [button["payload"] for button in ask(["out_of_scope", "greet"])["buttons"]]
    assert offered == ["/order_status", "/start_return", "/human_handoff", "/out_of_scope"]


def test_giving_up_offers_a_person() -> None:
    dispatcher = CollectingDispatcher()
    tracker = Tracker("test", {}, {}, [], False, None, {}, "action_listen")
    assert ActionDefaultFallback().run(dispatcher, tracker, DOMAIN) == []
    assert dispatcher.messages[0]["response"] == "utter_default"
    assert DOMAIN["responses"]["utter_default"][0]["buttons"][0]["payload"] == "/human_handoff"


def test_every_title_belongs_to_an_intent() -> None:
    assert set(settings().titles) <= set(DOMAIN["intents"])
