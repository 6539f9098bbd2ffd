"""Requests that wait: the second of a message, and what a question has interrupted.

An action takes one up by the events that the user's asking for it would have made.
"""

from collections.abc import Collection
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import ActionExecuted, EventType, SlotSet, UserUttered
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from parlance.actions.action import Action
from parlance.actions.messages import CHANGES_FORM, GOES_ON
from parlance.actions.settings import settings


def take_up(
    domain: DomainDict, intent: str, parsed: dict[str, Any] | None = None, goes_on: bool = False
) -> list[EventType]:
    """The events after which the conversation goes on as though the user had asked for an intent.

    Rasa fills slots only from messages that come in by a channel, so the slots that the domain maps from this intent
    and from its entities are set here.

    Args:
        domain: The domain, as the action got it.
        intent: What is asked for.
        parsed: The parse result where there are entities or an answer of a retrieval intent to pass on.
        goes_on: Whether a form that opens keeps what was told before.
    """
    parsed = parsed or {"text": f"/{intent}", "entities": []}
    parsed = {**parsed, "intent": {"name": intent, "confidence": 1.0}, GOES_ON: goes_on}
    found = {(entity["entity"], entity.get("role")): entity["value"] for entity in parsed["entities"]}
    slots = []
    for slot, properties in domain.get("slots", {}).items():
        for mapping in properties.get("mappings", []):
            if mapping.get("conditions"):
                continue
            if mapping["type"] == "from_intent" and mapping.get("intent") == intent:
                slots.append(SlotSet(slot, mapping["value"]))
            elif mapping["type"] == "from_entity" and (mapping["entity"], mapping.get("role")) in found:
                slots.append(SlotSet(slot, found[mapping["entity"], mapping.get("role")]))
    return [ActionExecuted("action_listen"), UserUttered(parsed["text"], parsed), *slots]


class ActionNextRequest(Action):
    """Takes up what waits in the slot ``further_request``, a parse result: the second request of a message once the
    first is done, or what a question has interrupted."""

    def name(self) -> str:
        return "action_next_request"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        return next_request(dispatcher, tracker, domain)


def next_request(dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
    """The events that take up what waits in the slot ``further_request``."""
    parsed = tracker.get_slot("further_request")
    if not parsed:
        return []
    interrupted = parsed["text"].startswith("/")
    if not interrupted:  # an interrupted form only asks again, as after any digression
        # By its title: what somebody wrote may be a story, and is not to be told back to them.
        title = settings().titles.get(parsed["intent"]["name"], "your question")
        dispatcher.utter_message(response="utter_next_request", request=title[0].lower() + title[1:])
    return [SlotSet("further_request", None), *take_up(domain, parsed["intent"]["name"], parsed, interrupted)]


def resume_later(tracker: Tracker, forms: Collection[str], again: Collection[str] = ()) -> list[EventType]:
    """After one of ``forms``: has the form go on that was open when it started, if there was one.

    Rasa has one active form, so a question with a form of its own ends the other. Its slots are kept; the request that
    it was for goes into the slot ``further_request``, and TurnPolicy takes it up when the question is answered.

    Args:
        tracker: The conversation.
        forms: Those of the question.
        again: Types of entities that the message which made the request named, to be read again.
    """
    asked = _interruption(tracker.events, forms)
    before = tracker.events[:asked]
    request = next((e["value"] for e in reversed(before) if e["event"] == "slot" and e["name"] == "request"), None)
    if request is None:
        return []
    waiting = tracker.get_slot("further_request")
    entities = [*_named_at_first(before, request, again), *([_as_entity(waiting)] if waiting else [])]
    return [SlotSet("further_request", {"text": f"/{request}", "intent": {"name": request}, "entities": entities})]


def _interruption(events: list[dict[str, Any]], forms: Collection[str]) -> int:
    """Which event is the message that started one of ``forms``, just ended, while another was open; 0 if none was."""
    loops = [n for n, event in enumerate(events) if event["event"] in CHANGES_FORM]
    if loops and not events[loops[-1]].get("name"):  # the end of the form
        loops.pop()
    started = None
    while loops and events[loops[-1]].get("name") in forms:
        started = loops.pop()
    if started is None or not loops or not events[loops[-1]].get("name"):
        return 0
    return max((n for n in range(started) if events[n]["event"] == "user"), default=0)


def _named_at_first(events: list[dict[str, Any]], request: str, types: Collection[str]) -> list[dict[str, Any]]:
    """The entities of some types in the latest message that asked for something."""
    messages = (event.get("parse_data") or event for event in reversed(events) if event["event"] == "user")
    for message in messages:
        if (message.get("intent") or {}).get("name") == request:
            return [e for e in message.get("entities") or [] if e["entity"] in types]
    return []


def _as_entity(waiting: dict[str, Any]) -> dict[str, Any]:
    return {"entity": "further_request", "value": waiting}
