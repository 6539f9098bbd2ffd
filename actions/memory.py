"""What Fern remembers of a customer's likes: showing it, adding to it, forgetting it.

Of a known customer it is kept in the shop's database, of anybody else in this conversation, until Fern gets to know
them (``customers.get_to_know``).
"""

import re
from dataclasses import replace
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customers import ADDRESS, Proof, proof_of, recognise
from actions.shop_access import ask_shop
from parlance.actions.action import Action
from parlance.actions.form_endings import ask_again_later
from parlance.actions.messages import before, entities, entity, latest_text, marked_in, meant
from parlance.actions.refusals import is_refusal
from parlance.actions.wording import listing
from shop import preferences
from shop.errors import ShopUnavailable
from shop.preferences import MOST_OF_A_KIND, Preferences

LISTS = {"colours": "colour", "rooms": "room", "materials": "material"}
"""The fields of Preferences that hold several things, and the entity that fills each."""
TONES = ("short", "detailed", "formal", "friendly", "plain english", "no emojis")
NAMES = {
    "call_me": "name",
    "colours": "colours",
    "rooms": "rooms",
    "materials": "materials",
    "tone": "tone",
    "usual_address": "address",
    "usual_postcode": "postcode",
}
"""What the fields are called in front of a customer."""
NEAR = 300
"""So many characters before something can say that it is not liked: "I hate green, blue, oak ..."."""
_NAMED_BY = {
    "call_me": r"\bname\b|\bcall(?:ing)? me\b",
    "colours": r"\bcolou?rs?\b",
    "rooms": r"\brooms?\b",
    "materials": r"\bmaterials?\b",
    "tone": r"\btone\b",
    "usual_address": r"\baddress\b|\bwhere i live\b",
    "usual_postcode": r"\baddress\b|\bpostcode\b|\bwhere i live\b",
}
_NAMED = {field: re.compile(pattern) for field, pattern in _NAMED_BY.items()}
_EVERYTHING = re.compile(
    r"\b(?:everything|all|anything|nothing|whatever|preferences?|settings|likes|taste|choices|memory|slate|me please"
    r"|remember(?:ed|ing)?|what (?:i|you)|things about me|told you|learned|goldfish)\b",
    re.IGNORECASE,
)
_LIKING = re.compile(
    r"(?P<dislike>\b(?:hate|dislike|loathe|detest|avoid|never|allergic|no|not|nothing|can'?t (?:stand|bear)"
    r"|(?:don'?t|do not|didn'?t|wouldn'?t) (?:\w+ ){0,2}(?:like|love|want|show|eat|use|wear))\b)"
    r"|\b(?:like|love|prefer|favourite|adore|remember|want|fond)\b",
    re.IGNORECASE,
)


class ActionShowPreferences(Action):
    """Shows what Fern remembers."""

    def name(self) -> str:
        return "action_show_preferences"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        try:
            customer, events = await recognise(tracker)
            kept = await ask_shop(preferences.of, customer.id) if customer else in_conversation(tracker)
            if customer and await proof_of(tracker, customer) < Proof.CODE:
                kept = replace(kept, usual_address="", usual_postcode="")
        except ShopUnavailable as error:
            return ask_again_later(dispatcher, tracker, error)
        lines = "\n".join(f"- {line}" for line in describe(kept))
        if customer:
            response = "utter_preferences" if lines else "utter_no_preferences"
            dispatcher.utter_message(response=response, lines=lines, name=kept.call_me or customer.first_name)
        else:
            dispatcher.utter_message(
                response="utter_preferences_here" if lines else "utter_no_preferences_here", lines=lines
            )
        return events


class ActionSetPreference(Action):
    """Remembers a name, colours, rooms, materials, a tone or an address."""

    def name(self) -> str:
        return "action_set_preference"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        changes = preferences_in(tracker)
        if not changes:
            disliked = any(is_disliked(tracker, found) for found in _likes(tracker))
            dispatcher.utter_message(response="utter_dislikes_not_kept" if disliked else "utter_preference_unclear")
            return []
        try:
            customer, events = await recognise(tracker)
            if customer and changes.keys() & ADDRESS and await proof_of(tracker, customer) < Proof.CODE:
                dispatcher.utter_message(response="utter_address_not_kept")
                return events
            if customer:
                kept = await ask_shop(preferences.remember, customer.id, tracker.sender_id, **changes)
            else:
                kept = _merged(in_conversation(tracker), changes)
        except ShopUnavailable as error:
            return ask_again_later(dispatcher, tracker, error)
        told = listing(describe(Preferences(**changes)))
        dispatcher.utter_message(response="utter_remembered" if customer else "utter_remembered_here", told=told)
        return [*events, *_kept_here(None if customer else kept), SlotSet("tone", kept.tone or None)]


class ActionForgetPreferences(Action):
    """Forgets a like, a kind of like or everything; the account stays."""

    def name(self) -> str:
        return "action_forget_preferences"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        if is_refusal(latest_text(tracker), "forget_preferences"):
            dispatcher.utter_message(response="utter_not_wanted")
            return []
        if tracker.active_loop.get("name"):  # where "forget it" and "erase it" answer something else
            dispatcher.utter_message(response="utter_forget_later")
            return []
        told = {field: tuple(v.lower() for v in map(str, entities(tracker, kind))) for field, kind in LISTS.items()}
        fields = [field for field in NAMES if told.get(field) or _NAMED[field].search(latest_text(tracker).lower())]
        fields += ["tone"] if entity(tracker, "tone") and "tone" not in fields else []
        fields += ["call_me"] if entity(tracker, "name") and "call_me" not in fields else []
        if not fields and latest_text(tracker):  # a button or a yes says it again
            is_all = _EVERYTHING.search(latest_text(tracker)) is not None
            dispatcher.utter_message(response="utter_confirm_forget" if is_all else "utter_forget_unclear")
            return [SlotSet("offer", "forget_preferences" if is_all else None)]
        try:
            customer, events = await recognise(tracker)
            kept = await ask_shop(preferences.of, customer.id) if customer else in_conversation(tracker)
            if fields and not any(getattr(kept, field) for field in fields):
                dispatcher.utter_message(response="utter_nothing_to_forget")
                return events
            if not fields:
                kept = Preferences()
                if customer:
                    await ask_shop(preferences.forget, customer.id, None, tracker.sender_id)
            for field in fields:
                values = told.get(field, ())
                if customer:
                    kept = await ask_shop(preferences.forget, customer.id, field, tracker.sender_id, values)
                else:
                    kept = _without(kept, field, values)
        except ShopUnavailable as error:
            return ask_again_later(dispatcher, tracker, error)
        what = listing([", ".join(told.get(field, ())) or NAMES[field] for field in fields])
        dispatcher.utter_message(response="utter_forgotten_part" if fields else "utter_forgotten", what=what)
        return [*events, *_kept_here(None if customer else kept), SlotSet("tone", kept.tone or None)]


def preferences_in(tracker: Tracker) -> dict[str, Any]:
    """The fields of Preferences that the latest message fills; what the customer dislikes is left out."""
    found: dict[str, Any] = {}
    for field, kind in LISTS.items():
        values = [e["value"] for e in _likes(tracker) if e["entity"] == kind and not is_disliked(tracker, e)]
        if values:
            found[field] = tuple(dict.fromkeys(str(value).strip().lower() for value in values))
    tone = (entity(tracker, "tone") or "").strip().lower()
    if tone in TONES:
        found["tone"] = tone
    for field, kind in (("call_me", "name"), ("usual_address", "address"), ("usual_postcode", "postcode")):
        value = meant(tracker, kind)
        if value:
            found[field] = str(value).strip()
    return found


def is_disliked(tracker: Tracker, found: dict[str, Any]) -> bool:
    """Whether the words before something speak against it: "I hate", "never show me"."""
    said = before(latest_text(tracker), found, NEAR)
    verdicts = [match["dislike"] is not None for match in _LIKING.finditer(said)]
    return bool(verdicts and verdicts[-1])


def describe(kept: Preferences) -> list[str]:
    """What is remembered, one phrase each: the names of the fields are the only words that are not the customer's."""
    return [
        f"{what}: {', '.join(value) if isinstance(value, tuple) else value}"
        for field, what in NAMES.items()
        if (value := getattr(kept, field))
    ]


def in_conversation(tracker: Tracker) -> Preferences:
    """What somebody whom Fern does not know has asked it to remember."""
    kept = dict(tracker.get_slot("preferences") or {})
    several: dict[str, Any] = {name: tuple(value) for name, value in kept.items() if name in LISTS}
    return replace(Preferences(), **{**kept, **several})


def _likes(tracker: Tracker) -> list[dict[str, Any]]:
    return [e for e in marked_in(tracker.latest_message) if e["entity"] in LISTS.values()]


def _merged(kept: Preferences, changes: dict[str, Any]) -> Preferences:
    several = {
        name: tuple(dict.fromkeys((*getattr(kept, name), *changes[name])))[-MOST_OF_A_KIND:]
        for name in LISTS
        if name in changes
    }
    return replace(kept, **{**changes, **several})


def _without(kept: Preferences, field: str, values: tuple[str, ...]) -> Preferences:
    left: Any = getattr(Preferences(), field)
    if values:
        left = tuple(value for value in getattr(kept, field) if value not in values)
    return replace(kept, **{field: left})


def _kept_here(kept: Preferences | None) -> list[EventType]:
    told = {name: value for name, value in vars(kept).items() if value} if kept else {}
    return [SlotSet("preferences", told or None)]
