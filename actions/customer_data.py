"""The data of a customer: a copy of it, and erasing it with the account."""

from typing import ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.customer_forms import AccountForm, ConfirmedAct
from actions.customers import KnownCustomer, Proof, known_customer
from actions.items import AskConsent
from actions.shop_access import ask_shop
from parlance.actions.confirmation import Question
from shop.customers import DataOutcome, delete_data, export_data


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
