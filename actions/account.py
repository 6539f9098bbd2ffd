"""The account: contact details, password, points, and the customer's data. What Fern remembers is in memory.py."""

import re
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customer_forms import CODE, CODE_SLOT, AccountForm, CompletedForm, ConfirmedAct, Form
from actions.customers import KnownCustomer, Proof, known_customer, proof_of, recognise_if_possible
from actions.items import AskConsent
from actions.shop_access import ask_shop
from actions.wording import money
from parlance.actions.confirmation import Question
from parlance.actions.messages import (
    REQUESTED,
    entities,
    entity,
    free_answer,
    intent_of,
    is_asked_for,
    latest_text,
    meant,
    value_before_this_turn,
)
from shop.customers import (
    ContactField,
    ContactOutcome,
    DataOutcome,
    change_contact,
    customer_by_email,
    delete_data,
    export_data,
    loyalty,
    send_password_reset,
)
from shop.emails import find_email
from shop.phones import find_phone

DETAILS = {
    "first_name": ("first name", "forename", "given name", "christian name"),
    "surname": ("surname", "last name", "family name", "second name", "maiden"),
    "email": ("mail",),
    "phone": ("phone", "mobile", "number", "tel", "cell", "landline"),
    "name": ("name",),
}
"""What can be changed, and the words that speak of it; of two that fit the first."""
PARTS_OF_A_NAME = frozenset(("first_name", "surname", "name"))
_BEFORE_A_NAME = re.compile(
    r"^(?:(?:my|the|new|full|first|last) )*(?:(?:sur)?name )?"
    r"(?:it'?s|it is|is|name'?s|to|now|should (?:be|say)|make it)(?: now)? ",
    re.IGNORECASE,
)
_AFTER_A_NAME = re.compile(r"(?:[\s,]{1,3}(?:please|pls|thanks|thank you|cheers|ta|now)){1,4}$", re.IGNORECASE)
_NOT_IN_A_NAME = re.compile(
    r"\b(?:my|me|it|its|is|was|be|not|and|but|or|with|without|instead|spelt|spell(?:ed|ing)?|name|surname|account"
    r"|change[ds]?|want|would|should|could|can|please|thanks|the|this|that|i'?m|got|married|divorced|because|since)\b",
    re.IGNORECASE,
)
"""Words that say more than a name; none of them is one."""


class ValidateContactForm(AccountForm):
    """Another e-mail address, phone number or name for the account."""

    act = "change update make email e-mail phone number name address"

    def name(self) -> str:
        return "validate_contact_form"

    def further(self, tracker: Tracker) -> list[str]:
        return ["contact_detail", "new_value", "confirmed"]

    def needed_proof(self, tracker: Tracker) -> Proof:
        return Proof.CODE

    def extract_email(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> dict[str, Any]:
        """The address of the account, which is not the one that it shall have."""
        if known_customer(tracker) is not None:
            return {}
        said = entity(tracker, "email", "old") or latest_text(tracker)
        email = find_email(said)
        return {"email": email} if email and email != new_email(tracker) else {}

    def validate_email(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """The domain fills the slot from any e-mail address; the new one does not say whose account it is."""
        email = find_email(str(value or ""))
        return {"email": value_before_this_turn(tracker, "email") if email == new_email(tracker) else email}

    def extract_contact_detail(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """What shall change: named, or clear from the new value."""
        detail = detail_named(tracker)
        if detail is None and tracker.get_slot("contact_detail") is None:
            given = (kind for kind in ("email", "phone", "name") if new_value(tracker, kind))
            detail = next(given, None)
        if detail in (None, tracker.get_slot("contact_detail")):
            return {}
        return {"contact_detail": detail, "new_value": None}

    def extract_new_value(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """The new e-mail address, number or name."""
        if is_asked_for(tracker, CODE_SLOT) and CODE.search(latest_text(tracker)):
            return {}  # the code, whatever NLU takes it for
        detail = tracker.get_slot("contact_detail")
        value = new_value(tracker, detail) if detail else None
        return {"new_value": value} if value else {}

    def extract_confirmed(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """A yes or a no; "no, 07700 900119" is another value, which Fern asks about again."""
        if tracker.get_slot("new_value") != value_before_this_turn(tracker, "new_value"):
            return {}
        return super().extract_confirmed(dispatcher, tracker, domain)


class ActionAskContactFormConfirmed(AskConsent):
    """Asks whether this is the new value."""

    form = "contact_form"

    async def question(self, tracker: Tracker) -> Question | None:
        detail, value, customer = (
            tracker.get_slot("contact_detail"),
            tracker.get_slot("new_value"),
            known_customer(tracker),
        )
        value = await value_to_store(customer, detail, value) if customer else value
        return Question(f"utter_confirm_{field_of(detail)}", {"value": value})


class ActionChangeContact(ConfirmedAct):
    """Changes an e-mail address, phone number or name."""

    needs_proof: ClassVar[Proof] = Proof.CODE
    forgets: ClassVar[tuple[str, ...]] = ("contact_detail", "new_value")

    def name(self) -> str:
        return "action_change_contact"

    def decline(self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer) -> list[EventType]:
        dispatcher.utter_message(response="utter_nothing_changed")
        # The slot may hold the address that was not to be, from an entity.
        return [SlotSet("email", customer.email)]

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer) -> list[EventType]:
        detail = tracker.get_slot("contact_detail")
        field, value = field_of(detail), await value_to_store(customer, detail, tracker.get_slot("new_value"))
        done = await ask_shop(change_contact, customer.id, field, value, tracker.sender_id)
        told = value if done.outcome is ContactOutcome.INVALID else done.value
        dispatcher.utter_message(response=f"utter_contact_{done.outcome.value}", value=told)
        if done.outcome is not ContactOutcome.CHANGED:
            return [SlotSet("email", customer.email), SlotSet("offer", None)]
        first_name = done.value.split()[0] if field == "name" else customer.first_name
        return KnownCustomer(customer.id, first_name, customer.email).remembered(tracker)


class ValidatePasswordForm(Form):
    """Where to send the link for a new password."""

    act = "send email e-mail mail link password reset new"

    def name(self) -> str:
        return "validate_password_form"

    def wanted(self, tracker: Tracker) -> list[str]:
        return ["confirmed"] if known_customer(tracker) else ["email", "confirmed"]

    async def look_up(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict, said: dict[str, Any]
    ) -> list[EventType]:
        """A known customer is not asked for an e-mail address."""
        return await recognise_if_possible(tracker)


class ActionAskPasswordFormConfirmed(AskConsent):
    """Asks whether a link shall be sent."""

    form = "password_form"

    async def question(self, tracker: Tracker) -> Question | None:
        return Question("utter_confirm_password_reset", {"email": address_of_account(tracker)})


class ActionPasswordReset(ConfirmedAct):
    """Sends a link for a new password; says the same whether there is such an account or not."""

    needs_proof: ClassVar[Proof] = Proof.NOBODY

    def name(self) -> str:
        return "action_password_reset"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer) -> list[EventType]:
        email = address_of_account(tracker)
        is_proved = await proof_of(tracker, customer) >= Proof.CODE
        await ask_shop(send_password_reset, email, tracker.sender_id, is_proved)
        dispatcher.utter_message(response="utter_password_reset", email=email)
        return []


def address_of_account(tracker: Tracker) -> str:
    """Whose password it is: the known customer's, or that of the address that was told."""
    customer = known_customer(tracker)
    return customer.email if customer else str(tracker.get_slot("email") or "")


class ActionLoyaltyPoints(CompletedForm):
    """Says how many points a customer has and what they are worth."""

    needs_proof: ClassVar[Proof] = Proof.ORDER_AND_EMAIL

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


class ActionAskAccountFormConfirmed(AskConsent):
    """Asks whether everything that is stored shall be sent."""

    form = "account_form"

    async def question(self, tracker: Tracker) -> Question | None:
        customer = known_customer(tracker)
        return Question("utter_confirm_export", {"email": customer.email}) if customer else None


class ActionExportData(ConfirmedAct):
    """Sends a customer everything that is stored about them."""

    needs_proof: ClassVar[Proof] = Proof.CODE

    def name(self) -> str:
        return "action_export_data"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer) -> list[EventType]:
        done = await ask_shop(export_data, customer.id, tracker.sender_id)
        dispatcher.utter_message(
            response=f"utter_export_{done.outcome.value}", reference=done.reference, email=done.email
        )
        return []


class ValidateDeletionForm(AccountForm):
    """Erasing an account: who it is, and a yes."""

    act = "delete erase remove close account data details"

    def name(self) -> str:
        return "validate_deletion_form"

    def further(self, tracker: Tracker) -> list[str]:
        return ["confirmed"]

    def needed_proof(self, tracker: Tracker) -> Proof:
        return Proof.CODE


class ActionAskDeletionFormConfirmed(AskConsent):
    """Asks whether the account shall be erased, and says what is lost."""

    form = "deletion_form"

    async def question(self, tracker: Tracker) -> Question | None:
        return Question("utter_confirm_deletion", {})


class ActionDeleteData(ConfirmedAct):
    """Erases an account, unless orders are still open."""

    needs_proof: ClassVar[Proof] = Proof.CODE

    def name(self) -> str:
        return "action_delete_data"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer) -> list[EventType]:
        done = await ask_shop(delete_data, customer.id, tracker.sender_id)
        dispatcher.utter_message(response=f"utter_delete_{done.outcome.value}", reference=done.reference)
        if done.outcome is not DataOutcome.DONE:
            return []
        return [SlotSet(slot, None) for slot in ("customer", "email", "order_number", "preferences", "shown", "tone")]


# What a message says about a change ------------------------------------------------------------------------------


def field_of(detail: str) -> ContactField:
    """The field of the account that a detail is in."""
    if detail in PARTS_OF_A_NAME:
        return "name"
    return "email" if detail == "email" else "phone"


def detail_named(tracker: Tracker) -> str | None:
    """What the latest message wants to change, by its words; a key of DETAILS."""
    said = " ".join([*map(str, entities(tracker, "contact_detail")), free_answer(tracker, "contact_detail") or ""])
    return next((detail for detail, words in DETAILS.items() if any(w in said.lower() for w in words)), None)


def new_value(tracker: Tracker, detail: str) -> str | None:
    """The new e-mail address, phone number or name in the latest message."""
    field = field_of(detail)
    if field == "email":
        return new_email(tracker)
    answer = free_answer(tracker, "new_value") or ""
    if field == "phone":
        return find_phone(str(entity(tracker, "phone", "new") or meant(tracker, "phone") or answer))
    # NLU may mark a part of what was asked for: "Lowe" of "Dr Amy Lowe".
    return find_name(answer) or find_name(str(meant(tracker, "name") or ""))


def new_email(tracker: Tracker) -> str | None:
    """The e-mail address that the account shall have. One without a role is that where nothing else was asked for."""
    said = entity(tracker, "email", "new")
    asked = tracker.get_slot(REQUESTED)
    if said is None and asked in ("contact_detail", "new_value", "confirmed"):
        said = meant(tracker, "email") or free_answer(tracker, "new_value")
    elif said is None and asked is None and intent_of(tracker) == "change_contact":
        said = meant(tracker, "email") if detail_named(tracker) in (None, "email") else None
    return find_email(str(said)) if said else None


def find_name(text: str) -> str | None:
    """A name: up to five words of letters, without "it's" before it or "please" after it; None if there is more."""
    name = _AFTER_A_NAME.sub("", _BEFORE_A_NAME.sub("", " ".join(text.strip(" .!").split())))
    if _NOT_IN_A_NAME.search(name):
        return None
    return name if re.fullmatch(r"[^\W\d_][\w'’.-]*(?: [\w'’.-]+){0,4}", name) else None


async def value_to_store(customer: KnownCustomer, detail: str, value: str) -> str:
    """The whole new value: a first name or a surname takes the place of that part of the name.

    Raises:
        ShopUnavailable: The database cannot be used.
    """
    if detail not in PARTS_OF_A_NAME or (detail == "name" and " " in value):
        return value
    summary = await ask_shop(customer_by_email, customer.email)
    *first, last = summary.name.split() if summary else [customer.first_name]
    if detail == "surname":
        return " ".join([*(first or [last]), value])
    return " ".join([value, last] if first else [value])
