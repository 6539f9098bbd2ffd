"""Parcels that do not come, which the carrier is asked to look for."""

from typing import ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.customer_forms import ConfirmedAct, OrderForm
from actions.customers import KnownCustomer, Proof
from actions.items import AskConsent, about_order
from actions.shop_access import ask_shop
from parlance.actions.confirmation import Question
from parlance.actions.consent import CONFIRMED
from parlance.actions.form_endings import refuse
from parlance.actions.in_hand import hold
from parlance.actions.wording import day
from shop.delivery import MissingOutcome, MissingReport, report_missing, why_not_missing
from shop.order_numbers import show_order_number

MISSING_OFFERS = {MissingOutcome.NOT_SENT: "order_status", MissingOutcome.TOO_OLD: "human_handoff"}


class ValidateMissingForm(OrderForm):
    """A parcel that is looked for: which order, and a yes."""

    act = "look search open start find chase parcel order carrier"

    def name(self) -> str:
        return "validate_missing_form"

    def further(self, tracker: Tracker) -> list[str]:
        return [CONFIRMED]

    async def look_up_order(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        """Ends the form where the carrier cannot look for it, or does already."""
        number = tracker.get_slot("order_number")
        refusal = await ask_shop(why_not_missing, number, customer.id)
        if refusal is None:
            return []
        response, blanks = told_of_search(refusal, number)
        held = hold(tracker, "case", refusal.reference)
        return [*held, *refuse(dispatcher, response, MISSING_OFFERS.get(refusal.outcome), **blanks)]


class ActionAskMissingFormConfirmed(AskConsent):
    """Asks whether the carrier shall look for the parcel."""

    form = "missing_form"

    async def question(self, tracker: Tracker) -> Question | None:
        return await about_order(tracker, "utter_confirm_missing")


class ActionReportMissing(ConfirmedAct):
    """Has the carrier look for a parcel."""

    needs_proof: ClassVar[Proof] = Proof.ORDER_AND_EMAIL

    def name(self) -> str:
        return "action_report_missing"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer) -> list[EventType]:
        number = tracker.get_slot("order_number")
        report = await ask_shop(report_missing, number, customer.id, tracker.sender_id)
        response, blanks = told_of_search(report, number)
        dispatcher.utter_message(response=response, **blanks)
        return [SlotSet("offer", MISSING_OFFERS.get(report.outcome)), *hold(tracker, "case", report.reference)]


def told_of_search(report: MissingReport, number: str) -> tuple[str, dict[str, str]]:
    """The response that says how a search stands, and what fills it."""
    if report.outcome is MissingOutcome.NOT_FOUND:
        return "utter_order_not_yours", {"number": show_order_number(number)}
    return f"utter_missing_{report.outcome.value}", {
        "number": show_order_number(number),
        "reference": report.reference,
        "expected_on": day(report.expected_on) if report.expected_on else "",
        "answer_by": day(report.answer_by) if report.answer_by else "",
        "since": day(report.since) if report.since else "",
    }
