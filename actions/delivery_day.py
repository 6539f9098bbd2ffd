"""Another day for a delivery."""

from datetime import date
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customer_forms import CompletedForm, OrderForm
from actions.customers import KnownCustomer, Proof
from actions.items import not_found
from actions.shop_access import ask_shop
from parlance.actions.dates import find_date
from parlance.actions.messages import entity, intent_of, is_open_to, latest_text
from parlance.actions.offers import offering
from parlance.actions.wording import day
from shop.delivery import RescheduleOutcome, reschedule
from shop.models import today
from shop.order_numbers import show_order_number

OFFER_NEAREST_DAY = (RescheduleOutcome.TOO_SOON, RescheduleOutcome.TOO_FAR, RescheduleOutcome.NOT_A_DELIVERY_DAY)


class ValidateRescheduleForm(OrderForm):
    """Another day for a delivery; the slot ``delivery_day`` holds it in ISO 8601."""

    def name(self) -> str:
        return "validate_reschedule_form"

    def further(self, tracker: Tracker) -> list[str]:
        return ["delivery_day"]

    def extract_delivery_day(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """The day that is wanted; "I'm not in on friday" names none."""
        speaks_of_it = is_open_to(tracker, "delivery_day") or intent_of(tracker) == "reschedule_delivery"
        said = latest_text(tracker) if speaks_of_it else ""
        found = find_date(said or entity(tracker, "date") or "", today())
        return {"delivery_day": found.isoformat()} if found else {}


class ActionRescheduleDelivery(CompletedForm):
    """Moves a delivery; where the day will not do, the nearest one is offered."""

    needs_proof: ClassVar[Proof] = Proof.ORDER_AND_EMAIL
    forgets: ClassVar[tuple[str, ...]] = ("delivery_day",)

    def name(self) -> str:
        return "action_reschedule_delivery"

    async def complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        number, wanted = tracker.get_slot("order_number"), date.fromisoformat(tracker.get_slot("delivery_day"))
        done = await ask_shop(reschedule, number, customer.id, wanted, tracker.sender_id)
        if done.outcome is RescheduleOutcome.NOT_FOUND:
            return not_found(dispatcher, tracker)
        dispatcher.utter_message(
            response=f"utter_reschedule_{done.outcome.value}",
            number=show_order_number(number),
            wanted=day(wanted),
            day=day(done.day) if done.day else "",
        )
        offer = "order_status" if done.outcome is RescheduleOutcome.TOO_LATE else None
        if done.outcome in OFFER_NEAREST_DAY and done.day:
            offer = offering("reschedule_delivery", date=done.day.isoformat())
        return [SlotSet("offer", offer)]
