"""What the user's latest message and the conversation before it say; reading only."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from rasa_sdk import Tracker

from parlance.actions.acts import CORRECT, INFORM, NO_ANSWERS, act_of
from parlance.actions.settings import settings

REQUESTED = "requested_slot"
"""Rasa's slot for what the open form asks for."""
ANSWERS = frozenset({"inform", "affirm", "deny", "nlu_fallback", ""})
"""Intents that may be the answer to a form's open question, whatever it asks; so may be the form's own."""
SURE = 0.7
CHANGES_FORM = frozenset(("active_loop", "session_started", "restart"))
"""Events after which another form is open, their ``name``, or none."""
GOES_ON = "goes_on"
"""What a message carries in its parse result where it goes on with what was begun, and is no new request."""
FURTHER_REQUEST = "further_request"
"""The entity of a message that asks for two things, which holds the second one; and the slot for all that wait."""
ASKS_WHAT_WAS_MEANT = frozenset({"action_two_stage_fallback", "action_default_ask_affirmation"})
MOST_ENTITIES = 30
"""So many entities of a message are looked at. What people write has fewer; a payload may have any number."""
_NEAR = 40
"""So many characters before an entity can rule it out."""
YES = re.compile(r"^\W*(?:yes|yep|yeah|yup|aye|ok|okay|sure|please do|go ahead|correct)\b(?! but)")
NO = re.compile(r"^\W*(?:no|nope|nah|don'?t|do not)\b")
_REST_OF_WORD = re.compile(r"(?:[-'’][^\W\d_]{1,30}){1,5}\b")
_RULED_OUT = re.compile(r"\b(?:not|rather than|instead of|stop calling me|no longer)\s+$", re.IGNORECASE)

ORDINALS = {
    "first": 0, "1st": 0, "one": 0, "1": 0, "top": 0,
    "second": 1, "2nd": 1, "two": 1, "2": 1,
    "third": 2, "3rd": 2, "three": 2, "3": 2,
    "fourth": 3, "4th": 3, "four": 3, "4": 3,
    "fifth": 4, "5th": 4, "five": 4, "5": 4,
    "last": -1, "bottom": -1, "final": -1, "latter": -1, "former": 0, "penultimate": -2,
}  # fmt: skip
BARE_CHOICE = re.compile(
    r"^\W*(?:(?:the|number|no\.?|option)\s*){0,4}(\w{1,20})(?:\s+(?:one|please|pls|thanks)){0,4}\W*$"
)
"""A message that is nothing but a choice: "3", "number two please". NLU takes it for a quantity."""


def intent_of(tracker: Tracker) -> str:
    """The intent of the latest message."""
    return str((tracker.latest_message.get("intent") or {}).get("name") or "")


def latest_text(tracker: Tracker) -> str:
    """What the user wrote last; empty for a button. Behind the button that says what an unclear message meant stands
    that message."""
    text = str(tracker.latest_message.get("text") or "")
    return _not_understood(tracker, text) if text.startswith("/") else text


def _not_understood(tracker: Tracker, button: str) -> str:
    """The message before a button, where that is the answer to "is it one of these?"; empty otherwise."""
    if intent_of(tracker) not in settings().titles or intent_of(tracker) in (settings().leave, "out_of_scope"):
        return ""
    asked = False
    for event in reversed(tracker.events):
        asked = asked or (event.get("event") == "action" and event.get("name") in ASKS_WHAT_WAS_MEANT)
        text = str(event.get("text") or "")
        if event.get("event") == "user" and text != button:  # Rasa has the button's message twice
            return text if asked and not text.startswith("/") else ""
    return ""


def in_small_letters(text: str) -> str:
    """A text in small letters, with the straight apostrophe where a phone has put a curly one."""
    return text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")


def client_of(tracker: Tracker) -> str | None:
    """Who the channel says that the messages come from, whatever the conversation; None where it does not say."""
    for event in reversed(tracker.events):
        client = (event.get("metadata") or {}).get("client") if event.get("event") == "user" else None
        if client:
            return str(client)
    return None


def marked_in(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The entities of a message, in its order, up to MOST_ENTITIES."""
    return list(message.get("entities") or [])[:MOST_ENTITIES]


def entities(tracker: Tracker, name: str, role: str | None = None) -> list[Any]:
    """The values of an entity in the latest message, in its order; those of one role where it is given."""
    return [
        entity["value"]
        for entity in marked_in(tracker.latest_message)
        if entity["entity"] == name and (role is None or entity.get("role") == role)
    ]


def entity(tracker: Tracker, name: str, role: str | None = None) -> str | None:
    """The last value of an entity in the latest message."""
    found = entities(tracker, name, role)
    return str(found[-1]) if found else None


def meant(tracker: Tracker, name: str) -> Any:
    """The last of an entity in the latest message that is neither the old one nor ruled out: "Jon, not John". As it
    was typed: a synonym would call Mrs Gray grey."""
    text = latest_text(tracker)
    values = [
        _whole_word(text, found) if text and "end" in found else found["value"]
        for found in marked_in(tracker.latest_message)
        if found["entity"] == name and found.get("role") != "old" and not _RULED_OUT.search(before(text, found))
    ]
    return values[-1] if values else None


def _whole_word(text: str, found: Mapping[str, Any]) -> str:
    """An entity with the rest of its word, which a hyphen or an apostrophe divides: "Uma-Lou", marked as "Uma"."""
    rest = _REST_OF_WORD.match(text, found["end"])
    return text[found["start"] : rest.end() if rest else found["end"]]


def before(text: str, found: Mapping[str, Any], characters: int = _NEAR) -> str:
    """The last characters of a text before an entity that was found in it."""
    start = found.get("start") or 0
    return text[max(0, start - characters) : start]


def is_asked_for(tracker: Tracker, slot: str) -> bool:
    """Whether the form's open question is about this slot."""
    return bool(tracker.get_slot(REQUESTED) == slot)


def is_open_to(tracker: Tracker, slot: str) -> bool:
    """Whether a detail in the latest message may be for a slot: the form asks for it, or the user puts right what it
    holds while the form asks for another one ("no, the 12th")."""
    corrects = tracker.get_slot(slot) is not None and act_of(tracker) == CORRECT
    return corrects or is_asked_for(tracker, slot)


def free_answer(tracker: Tracker, slot: str, also: Collection[str] = ()) -> str | None:
    """The latest message as the answer to the open question about a slot; None where it wants something else.

    Where NLU says that it gives what was asked for, it is one whatever its intent: "it came in pieces" is a reason.

    Args:
        tracker: The conversation.
        slot: What the form has asked for.
        also: Intents of which the answer may be: "it came in pieces" is one to "what is wrong with it?".
    """
    text = latest_text(tracker).strip()
    if not text or not is_asked_for(tracker, slot):
        return None
    act = act_of(tracker)
    if act in (INFORM, *NO_ANSWERS):
        return text if act == INFORM else None
    intent = tracker.latest_message.get("intent") or {}
    expected = intent.get("name") in {*ANSWERS, *also, value_before_this_turn(tracker, "request")}
    return text if expected or float(intent.get("confidence") or 0.0) < SURE else None


def yes_or_no(tracker: Tracker, slot: str) -> bool | None:
    """A yes or a no to the open question about a slot; "yes, cancel it" too, which asks for cancelling."""
    if not is_asked_for(tracker, slot):
        return None
    intent = intent_of(tracker)
    if intent in ("affirm", "deny"):
        return intent == "affirm"
    answer = (free_answer(tracker, slot) or "").lower()
    return True if YES.match(answer) else False if NO.match(answer) else None


def picked(tracker: Tracker, count: int) -> list[int]:
    """Which of ``count`` things on offer the latest message picks ("the first and the last", "3"), from 0."""
    bare = BARE_CHOICE.fullmatch(latest_text(tracker).lower())
    said = [*map(str, entities(tracker, "ordinal")), *(bare.groups() if bare else ())]
    ways = {**ORDINALS, "middle": count // 2}
    found = [ways.get(word.lower().removeprefix("the ").strip()) for word in said]
    return list(dict.fromkeys(n % count for n in found if n is not None and -count <= n < count))


def chosen(tracker: Tracker, count: int) -> int | None:
    """Which of ``count`` things on offer the latest message picks ("the second one", "last"), from 0."""
    return next(iter(picked(tracker, count)), None)


def last_shown(tracker: Tracker, kind: str) -> list[dict[str, Any]]:
    """What was listed last, if it was of this kind."""
    return [thing for thing in tracker.get_slot("shown") or [] if thing["kind"] == kind]


def messages_of_request(tracker: Tracker) -> Iterator[dict[str, Any]]:
    """The user's messages, the latest first, back to the one that asked for what the slot ``request`` says."""
    request = tracker.get_slot("request")
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            message = event.get("parse_data") or event
            yield message
            if (message.get("intent") or {}).get("name") == request:
                return


def transcript(tracker: Tracker) -> str:
    """The conversation so far, one message a line, as a colleague wants to read it; what is secret is masked."""
    speakers = {"user": settings().user, "bot": settings().name}
    lines, asked = [], None
    for event in tracker.events:
        if event.get("event") == "slot" and event.get("name") == REQUESTED:
            asked = event.get("value")
        if event.get("event") in speakers and event.get("text"):
            is_secret = event["event"] == "user" and asked in settings().secrets
            text = re.sub(r"\d", "*", event["text"]) if is_secret else event["text"]
            lines.append(f"{speakers[event['event']]}: {text}")
    return "\n".join(lines)


def applied_events(tracker: Tracker) -> list[dict[str, Any]]:
    """The events that still count: Rasa takes messages back that it has asked about, and what they set with them."""
    applied: list[dict[str, Any]] = []
    for event in tracker.events:
        if event.get("event") == "rewind":
            _undo(applied, "user")
            _undo(applied, "action")  # that listened for it
        elif event.get("event") == "undo":
            _undo(applied, "action")
        else:
            applied.append(event)
    return applied


def _undo(applied: list[dict[str, Any]], kind: str) -> None:
    """Take away the last event of a kind and what came after it; all, where there is none, as Rasa does."""
    while applied and applied.pop().get("event") != kind:
        pass


def earlier_events(tracker: Tracker, turns: int = 1) -> Iterator[dict[str, Any]]:
    """The events of the turns before the latest message, the newest first.

    Args:
        tracker: The conversation.
        turns: How many of the user's messages to go back over.
    """
    seen = 0
    for event in reversed(applied_events(tracker)):
        if event.get("event") == "user":
            seen += 1
        if 1 <= seen <= turns and event.get("event") != "user":
            yield event
        if seen > turns:
            return


def set_this_turn(tracker: Tracker, slot: str) -> bool:
    """Whether a slot was set since the user's latest message."""
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return False
        if event.get("event") == "slot" and event.get("name") == slot:
            return True
    return False


def value_before_this_turn(tracker: Tracker, slot: str) -> Any:
    """The value that a slot had before the user's latest message."""
    return next(
        (
            e.get("value")
            for e in earlier_events(tracker, turns=10_000)
            if e.get("name") == slot and e["event"] == "slot"
        ),
        None,
    )
