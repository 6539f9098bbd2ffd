"""What is done when a message was not understood: likely meanings first, then other words, then a person."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict
from ruamel.yaml import YAML

from parlance.actions.action import Action
from parlance.actions.messages import marked_in
from parlance.actions.settings import settings

MOST_SUGGESTIONS = 3


def read_titles(file: Path) -> dict[str, str]:
    """The words on the button for each intent that may be suggested, from a YAML file."""
    return dict(YAML(typ="safe").load(file.read_text(encoding="utf-8")))


class ActionDefaultAskAffirmation(Action):
    """Shows the likeliest intents as buttons with readable titles, and one for "none of these".

    Reads the intent ranking and the entities of the latest message; a button carries the entities along.
    """

    def name(self) -> str:
        return "action_default_ask_affirmation"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        titles = settings().titles
        entities = _entities(tracker.latest_message)
        buttons = [
            {"title": titles[intent], "payload": f"/{intent}{entities}"}
            for intent in suggestions(tracker.latest_message, titles)
        ]
        buttons.append({"title": titles["out_of_scope"], "payload": "/out_of_scope"})
        dispatcher.utter_message(response="utter_ask_affirmation", buttons=buttons)
        return []


class ActionDefaultFallback(Action):
    """Gives up on understanding and offers a person. Unlike Rasa's own, it keeps the user's message in the log."""

    def name(self) -> str:
        return "action_default_fallback"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        dispatcher.utter_message(response="utter_default")
        return []


def suggestions(message: Mapping[str, Any], titles: Mapping[str, str]) -> list[str]:
    """The likeliest intents that have a title, best first; the first titles where the ranking holds none of them."""
    offered = [name for name in titles if name != "out_of_scope"]
    return likely_intents(message, titles)[:MOST_SUGGESTIONS] or offered[:MOST_SUGGESTIONS]


def likely_intents(message: Mapping[str, Any], titles: Mapping[str, str]) -> list[str]:
    """The intents of a message's ranking that have a title, best first."""
    ranking = [intent["name"] for intent in message.get("intent_ranking", [])]
    return [name for name in ranking if name in titles and name != "out_of_scope"]


def _entities(message: dict[str, Any]) -> str:
    """The message's entities in the form that a button's payload takes; all of them, where one kind is there twice."""
    found: dict[str, list[Any]] = {}
    for entity in marked_in(message):
        found.setdefault(entity["entity"], []).append(entity["value"])
    return (
        json.dumps({kind: values if len(values) > 1 else values[0] for kind, values in found.items()}) if found else ""
    )
