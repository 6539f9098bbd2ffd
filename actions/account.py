"""The account: contact details, a new password and points. What Fern keeps of a customer is in memory.py."""

from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.contact_details import detail_named, field_of, new_email, new_value, value_to_store
from actions.customer_forms import CODE, CODE_SLOT, AccountForm, CompletedForm, ConfirmedAct, Form
from actions.customers import KnownCustomer, Proof, known_customer, proof_of, recognise_if_possible
from actions.items import AskConsent
from actions.shop_access import ask_shop
from actions.wording import money
from parlance.actions.confirmation import Question
from parlance.actions.messages import entity, is_asked_for, latest_text, value_before_this_turn
from shop.customers import ContactOutcome, change_contact, loyalty, send_password_reset
from shop.emails import find_email


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
