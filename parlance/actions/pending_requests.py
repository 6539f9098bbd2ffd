"""Requests that wait, in the order in which they are taken up: the second of a message, what was asked for besides, and
what another request has interrupted.

Each is a parse result. An action takes one up by the events that the user's asking for it would have made.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import ActionExecuted, EventType, SlotSet, UserUttered
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from parlance.actions.action import Action
from parlance.actions.acts import CORRECT, act_of
from parlance.actions.left_overs import form_before
from parlance.actions.messages import (
    FURTHER_REQUEST,
    GOES_ON,
    applied_events,
    in_small_letters,
    intent_of,
    latest_text,
    value_before_this_turn,
)
from parlance.actions.settings import settings
from parlance.actions.wording import listing

UNNAMED = "unnamed"
"""What a request that waits carries where it is taken up without a word."""
_CHANGES_MIND = re.compile(
    r"\b(?:actually|instead|rather|forget|scrap|never ?mind|chang(?:e|ed|ing) (?:my|his|her|our|their) minds?|"
    r"leave (?:it|that)|don'?t bother|second thoughts?)\b"
)


def take_up(
    domain: DomainDict, intent: str, parsed: dict[str, Any] | None = None, goes_on: bool = False
) -> list[EventType]:
    """The events after which the conversation goes on as though the user had asked for an intent.

    Rasa fills slots only from messages that come in by a channel, so the slots that the domain maps from this intent
    and from its entities are set here.

    Args:
        domain: The domain, as the action got it.
        intent: What is asked for.
        parsed: The parse result where there are entities, an answer of a retrieval intent, or slots to pass on.
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
    slots += [SlotSet(slot, value) for slot, value in parsed.get("slots", {}).items()]
    return [ActionExecuted("action_listen"), UserUttered(parsed["text"], parsed), *slots]


def waiting(tracker: Tracker) -> list[dict[str, Any]]:
    """The requests that wait, the next one first.

    The slot holds a list of them; but Rasa puts the second request of a message into the slot as it is, in place of the
    list, and so the list is made anew from the events.
    """
    found: list[dict[str, Any]] = []
    for event in applied_events(tracker):
        if event.get("event") == "slot" and event.get("name") == FURTHER_REQUEST:
            value = event.get("value")
            found = [*found, *([value] if value not in found else [])] if isinstance(value, dict) else list(value or [])
        elif event.get("event") in ("restart", "session_started"):
            found = []
    return found


def set_waiting(requests: Iterable[dict[str, Any]]) -> EventType:
    """The event after which these wait."""
    return SlotSet(FURTHER_REQUEST, list(requests) or None)


def called(request: Mapping[str, Any]) -> str:
    """What a request is called to the user: its title in small letters. What they wrote may be a story, and is not to
    be told back to them."""
    title = settings().titles.get(str((request.get("intent") or {}).get("name")), "your question")
    return title[0].lower() + title[1:]


class ActionNextRequest(Action):
    """Takes up the next request that waits, once the one before is done."""

    def name(self) -> str:
        return "action_next_request"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        return next_request(dispatcher, tracker, domain)


def next_request(dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
    """The events that take up the next request that waits, and name it."""
    requests = waiting(tracker)
    if not requests:
        return [set_waiting([])] if tracker.get_slot(FURTHER_REQUEST) else []
    parsed, *others = requests
    if not parsed.get(UNNAMED):
        dispatcher.utter_message(response="utter_next_request", request=called(parsed))
    interrupted = parsed["text"].startswith("/")
    return [set_waiting(others), *take_up(domain, parsed["intent"]["name"], parsed, interrupted)]


class ActionSayWhatIsOpen(Action):
    """Says once, to whoever leaves, what they asked for that has not been done; nothing where all is."""

    def name(self) -> str:
        return "action_say_what_is_open"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        requests, form = waiting(tracker), form_before(tracker)
        if form in domain["forms"] and intent_of(tracker) != settings().leave:
            requests.insert(0, {"intent": {"name": value_before_this_turn(tracker, "request")}})
        if not requests:
            return []
        titles = list(dict.fromkeys(map(called, requests)))
        dispatcher.utter_message(response="utter_still_open", requests=listing(titles))
        return [set_waiting([])]


def noted(tracker: Tracker) -> list[EventType]:
    """The latest message waits until what is open is done: it has asked for one thing more."""
    message = {key: tracker.latest_message.get(key) for key in ("text", "intent", "entities")}
    return [set_waiting([*waiting(tracker), message])]


def interrupted_form(tracker: Tracker, domain: DomainDict, is_aside: bool = False) -> list[EventType]:
    """When another form opens: the one that was open goes on when that is done, with what it was told.

    Rasa has one active form, so a request with a form of its own ends the other. It does not come back where the user
    has changed their mind: they say so, or ask for what takes its place (``Settings.alternatives``).

    Args:
        tracker: The conversation.
        domain: The domain, as the action got it.
        is_aside: Whether the form that opens only answers a question, so that the other goes on without a word.
    """
    form, request = form_before(tracker), value_before_this_turn(tracker, "request")
    goes_on = tracker.latest_message.get(GOES_ON) is not None
    if form not in domain["forms"] or request in (None, intent_of(tracker)) or goes_on or _has_changed_mind(tracker):
        return []
    kept = [slot for slot in domain["forms"][form]["required_slots"] if slot not in ("confirmed", "consent")]
    before = {slot: value_before_this_turn(tracker, slot) for slot in kept}
    unfinished = {
        "text": f"/{request}",
        "intent": {"name": request},
        "entities": _named_at_first(tracker.events, request),
        "slots": {slot: value for slot, value in before.items() if value is not None},
        UNNAMED: is_aside,
    }
    return [set_waiting([unfinished, *waiting(tracker)])]


def _has_changed_mind(tracker: Tracker) -> bool:
    """Whether the latest request takes the place of the one before."""
    if act_of(tracker) == CORRECT or _CHANGES_MIND.search(in_small_letters(latest_text(tracker))):
        return True
    both = {value_before_this_turn(tracker, "request"), intent_of(tracker)}
    subjects = settings().kept_between_forms
    is_of_another = any(
        value_before_this_turn(tracker, slot) not in (None, tracker.get_slot(slot)) for slot in subjects
    )
    return not is_of_another and any(both <= group for group in settings().alternatives)


def _named_at_first(events: list[dict[str, Any]], request: str) -> list[dict[str, Any]]:
    """The entities in the latest message that asked for something."""
    messages = (event.get("parse_data") or event for event in reversed(events) if event["event"] == "user")
    for message in messages:
        if (message.get("intent") or {}).get("name") == request:
            return [e for e in message.get("entities") or [] if e["entity"] != FURTHER_REQUEST]
    return []
