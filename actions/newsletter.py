"""Subscribe to the newsletter."""

from typing import ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.customer_forms import AccountForm, ConfirmedAct
from actions.customers import KnownCustomer, Proof, known_customer
from actions.items import AskConsent
from actions.shop_access import ask_shop
from parlance.actions.confirmation import Question
from shop.newsletter import subscribe


class ValidateNewsletterForm(AccountForm):
    """Who it is, and a yes."""

    act = "subscribe sign put add send newsletter list me up on"

    def name(self) -> str:
        return "validate_newsletter_form"

    def further(self, tracker: Tracker) -> list[str]:
        return ["confirmed"]


class ActionAskNewsletterFormConfirmed(AskConsent):
    """Asks whether to, and says what would happen."""

    form = "newsletter_form"

    async def question(self, tracker: Tracker) -> Question | None:
        customer = known_customer(tracker)
        return Question("utter_confirm_newsletter", {"email": customer.email}) if customer else None


class ActionNewsletter(ConfirmedAct):
    """Does it, after a yes."""

    needs_proof: ClassVar[Proof] = Proof.ORDER_AND_EMAIL

    def name(self) -> str:
        return "action_newsletter"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer) -> list[EventType]:
        outcome = await ask_shop(subscribe, customer.id, tracker.sender_id)
        dispatcher.utter_message(response=f"utter_newsletter_{outcome.value}", email=customer.email)
        return []
