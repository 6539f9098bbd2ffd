"""The account: contact details, password, points, what Fern remembers, and the customer's data."""

import logging
import re
from typing import Any, ClassVar

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customers import KnownCustomer, known_customer, recognise
from actions.forms import ENDED, AccountForm, CompletedForm, Form, unavailable
from actions.messages import entities, entity, free_answer, latest_text
from actions.shop_access import ask_shop
from actions.wording import listing, money
from shop import preferences
from shop.customers import (
    ContactOutcome,
    DataOutcome,
    change_contact,
    delete_data,
    export_data,
    loyalty,
    send_password_reset,
)
from shop.emails import find_email
from shop.errors import ShopUnavailable
from shop.preferences import Preferences

logger = logging.getLogger(__name__)

DETAILS = {"email": ("mail",), "phone": ("phone", "mobile", "number", "tel", "cell"), "name": ("name",)}
"""What can be changed, and the words that speak of it."""
TONES = ("short", "detailed", "formal", "friendly", "plain english", "no emojis")
_PHONE = re.compile(r"(?<!\w)\+?\(?\d[\d ()/-]{7,17}\d(?!\w)")


class ValidateContactForm(AccountForm):
    """Another e-mail address, phone number or name for the account."""

    def name(self) -> str:
        return "validate_contact_form"

    def further(self, tracker: Tracker) -> list[str]:
        return ["contact_detail", "new_value", "confirmed"]

    def extract_contact_detail(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """What shall change: named, or clear from the new value."""
        said = " ".join([*map(str, entities(tracker, "contact_detail")), free_answer(tracker, "contact_detail") or ""])
        detail = next((detail for detail, words in DETAILS.items() if any(w in said.lower() for w in words)), None)
        detail = detail or next((kind for kind in ("email", "phone") if entity(tracker, kind, "new")), None)
        return {"contact_detail": detail} if detail else {}

    def extract_new_value(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """The new e-mail address, number or name: said to be new, or the answer to the question."""
        detail = tracker.get_slot("contact_detail")
        if detail is None:
            return {}
        answer = free_answer(tracker, "new_value")
        said = entity(tracker, detail, "new") or answer
        if not said:
            return {}
        value = {"email": find_email, "phone": find_phone, "name": find_name}[detail](said)
        return {"new_value": value} if value else {}


class ActionAskContactFormConfirmed(Action):
    """Asks whether this is the new value."""

    def name(self) -> str:
        return "action_ask_contact_form_confirmed"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        detail, value = tracker.get_slot("contact_detail"), tracker.get_slot("new_value")
        dispatcher.utter_message(response=f"utter_confirm_{detail}", value=value)
        return []


class ActionChangeContact(CompletedForm):
    """Changes an e-mail address, phone number or name."""

    forgets: ClassVar[tuple[str, ...]] = ("confirmed", "contact_detail", "new_value")

    def name(self) -> str:
        return "action_change_contact"

    async def complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        if not tracker.get_slot("confirmed"):
            dispatcher.utter_message(response="utter_nothing_changed")
            return []
        detail, value = tracker.get_slot("contact_detail"), tracker.get_slot("new_value")
        done = await ask_shop(change_contact, customer.id, detail, value, tracker.sender_id)
        dispatcher.utter_message(response=f"utter_contact_{done.outcome.value}", value=done.value or value)
        if done.outcome is not ContactOutcome.CHANGED or detail == "phone":
            return []
        email = done.value if detail == "email" else customer.email
        first_name = done.value.split()[0] if detail == "name" else customer.first_name
        return KnownCustomer(customer.id, first_name, email).remembered()


class ValidatePasswordForm(Form):
    """Where to send the link for a new password."""

    def name(self) -> str:
        return "validate_password_form"

    def wanted(self, tracker: Tracker) -> list[str]:
        return [] if known_customer(tracker) else ["email"]

    def extract_email(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> dict[str, Any]:
        """An e-mail address anywhere in the latest message."""
        email = find_email(latest_text(tracker))
        return {"email": email} if email else {}


class ActionPasswordReset(Action):
    """Sends a link for a new password; says the same whether there is such an account or not."""

    def name(self) -> str:
        return "action_password_reset"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        if tracker.get_slot(ENDED):
            return [SlotSet(ENDED, None)]
        customer = known_customer(tracker)
        email = customer.email if customer else tracker.get_slot("email")
        try:
            await ask_shop(send_password_reset, email, tracker.sender_id)
        except ShopUnavailable as error:
            logger.error("%s", error)
            return [event for event in unavailable(dispatcher, tracker) if event["name"] != ENDED]
        dispatcher.utter_message(response="utter_password_reset", email=email)
        return []


class ActionLoyaltyPoints(CompletedForm):
    """Says how many points a customer has and what they are worth."""

    def name(self) -> str:
        return "action_loyalty_points"

    async def complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        found = await ask_shop(loyalty, customer.id)
        dispatcher.utter_message(
            response="utter_loyalty" if found.to_next_tier else "utter_loyalty_highest",
            points=found.points,
            worth=money(found.worth_pence),
            tier=found.tier,
            missing=found.to_next_tier,
        )
        return []


class ActionShowPreferences(Action):
    """Shows what Fern remembers: of a known customer in the shop's database, of anybody else in this conversation."""

    def name(self) -> str:
        return "action_show_preferences"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        try:
            customer, events = await recognise(tracker)
            kept = await ask_shop(preferences.of, customer.id) if customer else _in_conversation(tracker)
        except ShopUnavailable as error:
            logger.error("%s", error)
            return [event for event in unavailable(dispatcher, tracker) if event["name"] != ENDED]
        lines = "\n".join(f"- {line}" for line in describe(kept))
        if customer:
            response = "utter_preferences" if lines else "utter_no_preferences"
        else:
            response = "utter_preferences_here" if lines else "utter_no_preferences_here"
        dispatcher.utter_message(response=response, lines=lines, name=customer.first_name if customer else "")
        return events


class ActionSetPreference(Action):
    """Remembers a name, colours, rooms, materials, a tone or an address."""

    def name(self) -> str:
        return "action_set_preference"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        changes = preferences_in(tracker)
        if not changes:
            dispatcher.utter_message(response="utter_preference_unclear")
            return []
        try:
            customer, events = await recognise(tracker)
            if customer:
                kept = await ask_shop(preferences.remember, customer.id, tracker.sender_id, **changes)
            else:
                kept = _merged(_in_conversation(tracker), changes)
        except ShopUnavailable as error:
            logger.error("%s", error)
            return [event for event in unavailable(dispatcher, tracker) if event["name"] != ENDED]
        told = listing(describe(Preferences(**changes)))
        dispatcher.utter_message(response="utter_remembered" if customer else "utter_remembered_here", told=told)
        here = None if customer else {name: value for name, value in vars(kept).items() if value}
        return [*events, SlotSet("preferences", here), SlotSet("tone", kept.tone or None)]


class ActionForgetPreferences(Action):
    """Forgets what Fern remembers; the account stays."""

    def name(self) -> str:
        return "action_forget_preferences"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        what = next((field for field, kind in FIELDS.items() if entities(tracker, kind)), None)
        try:
            customer, events = await recognise(tracker)
            if customer:
                await ask_shop(preferences.forget, customer.id, what, tracker.sender_id)
        except ShopUnavailable as error:
            logger.error("%s", error)
            return [event for event in unavailable(dispatcher, tracker) if event["name"] != ENDED]
        dispatcher.utter_message(response="utter_forgotten")
        return [*events, SlotSet("preferences", None), SlotSet("tone", None)]


class ActionExportData(CompletedForm):
    """Sends a customer everything that is stored about them."""

    def name(self) -> str:
        return "action_export_data"

    async def complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        done = await ask_shop(export_data, customer.id, tracker.sender_id)
        dispatcher.utter_message(
            response=f"utter_export_{done.outcome.value}", reference=done.reference, email=done.email
        )
        return []


class ValidateDeletionForm(AccountForm):
    """Erasing an account: who it is, and a yes."""

    def name(self) -> str:
        return "validate_deletion_form"

    def further(self, tracker: Tracker) -> list[str]:
        return ["confirmed"]


class ActionDeleteData(CompletedForm):
    """Erases an account, unless orders are still open."""

    forgets: ClassVar[tuple[str, ...]] = ("confirmed",)

    def name(self) -> str:
        return "action_delete_data"

    async def complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        if not tracker.get_slot("confirmed"):
            dispatcher.utter_message(response="utter_nothing_changed")
            return []
        done = await ask_shop(delete_data, customer.id, tracker.sender_id)
        dispatcher.utter_message(response=f"utter_delete_{done.outcome.value}", reference=done.reference)
        if done.outcome is not DataOutcome.DONE:
            return []
        return [SlotSet(slot, None) for slot in ("customer", "email", "order_number", "preferences", "shown")]


# Preferences in words ---------------------------------------------------------------------------------------------

FIELDS = {"colours": "colour", "rooms": "room", "materials": "material", "call_me": "name", "tone": "tone"}
"""The entity that fills each field of Preferences."""
SEVERAL = frozenset({"colours", "rooms", "materials"})


def preferences_in(tracker: Tracker) -> dict[str, Any]:
    """The fields of Preferences that the latest message speaks of."""
    found: dict[str, Any] = {}
    for field, kind in FIELDS.items():
        values = [str(value).strip() for value in entities(tracker, kind)]
        if values:
            found[field] = tuple(value.lower() for value in values) if field in SEVERAL else values[-1]
    if found.get("tone", "").lower() not in TONES:
        found.pop("tone", None)
    for field, kind in (("usual_address", "address"), ("usual_postcode", "postcode")):
        if entity(tracker, kind):
            found[field] = entity(tracker, kind)
    return found


def describe(kept: Preferences) -> list[str]:
    """What is remembered, one phrase each: field names are the only words that are not the customer's own."""
    phrases = [
        ("name", kept.call_me),
        ("colours", ", ".join(kept.colours)),
        ("rooms", ", ".join(kept.rooms)),
        ("materials", ", ".join(kept.materials)),
        ("tone", kept.tone),
        ("address", ", ".join(filter(None, (kept.usual_address, kept.usual_postcode)))),
    ]
    return [f"{what}: {value}" for what, value in phrases if value]


def _in_conversation(tracker: Tracker) -> Preferences:
    kept = dict(tracker.get_slot("preferences") or {})
    return Preferences(**{name: tuple(value) if name in SEVERAL else value for name, value in kept.items()})


def _merged(kept: Preferences, changes: dict[str, Any]) -> Preferences:
    several: dict[str, Any] = {
        name: tuple(dict.fromkeys((*getattr(kept, name), *changes[name]))) for name in SEVERAL & changes.keys()
    }
    return Preferences(**{**vars(kept), **changes, **several})


def find_phone(text: str) -> str | None:
    """The last phone number in a text, as typed."""
    found = _PHONE.findall(text)
    return str(found[-1]).strip() if found else None


def find_name(text: str) -> str | None:
    """A name: up to five words of letters."""
    name = " ".join(text.strip(" .!").split())
    return name if re.fullmatch(r"[^\W\d_][\w'’.-]*(?: [\w'’.-]+){0,4}", name) else None
