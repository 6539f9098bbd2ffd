"""A note for the driver: where to leave a parcel, who may take it in, which bell to ring."""

import re
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customer_forms import ConfirmedAct, OrderForm
from actions.customers import KnownCustomer, Proof, known_customer, proof_of
from actions.items import AskConsent, about_order, not_found, order_in_hand
from actions.shop_access import ask_shop
from parlance.actions.confirmation import Question
from parlance.actions.form_endings import refuse
from parlance.actions.messages import entity, free_answer, intent_of, is_asked_for, latest_text
from shop.delivery_notes import NOTE_LENGTH, TAKES_NOTES, DriverNote, NoteOutcome, why_no_note, write_note
from shop.models import OrderStatus
from shop.order_numbers import show_order_number
from shop.orders import OrderSummary

NOTE = "driver_note"
"""The slot for what the driver shall know; empty where the note shall go."""
NOTE_OFFERS = {
    NoteOutcome.CARRIER: "reschedule_delivery",
    NoteOutcome.OVER: "order_status",
    NoteOutcome.ON_THE_VAN: "order_status",
}
REMOVING = re.compile(
    r"\b(?:remove|delete|scrap|bin|cancel|drop|forget|ignore|clear|take (?:off|away|back|out)|get rid of|no need for"
    r"|take|don'?t need|do not need)\s{0,3}(?:\w{1,12}\s{1,3}){0,3}(?:notes?|message|instructions?|safe place)\b"
    r"|\bno (?:note|message|instructions?)(?: at all| any ?more| please| now)?\W*$",
    re.IGNORECASE,
)
ASKS_FOR_A_NOTE = re.compile(
    r"\b(?:note|message|instructions?|word)\s{1,3}(?:for|to|with)\s{1,3}(?:the |my |your )?"
    r"(?:driver|courier|delivery|van)\b"
    r"|\b(?:driver|courier|delivery) (?:note|message|instructions?)\b",
    re.IGNORECASE,
)
"""Words that want a note to be left and do not say which."""


class ValidateDeliveryNoteForm(OrderForm):
    """The order, what the driver shall know, and a yes."""

    act = "tell leave note put add pass send driver order message remove delete take back away"

    def name(self) -> str:
        return "validate_delivery_note_form"

    def further(self, tracker: Tracker) -> list[str]:
        return [NOTE, "confirmed"]

    def needed_proof(self, tracker: Tracker) -> Proof:
        """A note can send a parcel to another door, as an address can."""
        return Proof.CODE

    def extract_driver_note(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """What is marked as the note, or all of the answer to the question for it."""
        marked, text = entity(tracker, NOTE), latest_text(tracker)
        about_it = is_asked_for(tracker, NOTE) or intent_of(tracker) == "delivery_note"
        if about_it and REMOVING.search(text):
            return {NOTE: ""}
        answer = marked or free_answer(tracker, NOTE)
        if not answer or (not marked and ASKS_FOR_A_NOTE.search(text)):
            return {}
        return {NOTE: answer.strip()}

    def validate_driver_note(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """A note as long as the carriers take one."""
        if len(str(value)) <= NOTE_LENGTH:
            return {NOTE: value}
        dispatcher.utter_message(response="utter_driver_note_too_long")
        return {NOTE: None}

    async def look_up_order(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        """Ends the form where no note reaches the driver any more, or where there is none to remove."""
        number = tracker.get_slot("order_number")
        refused = await ask_shop(why_no_note, number, customer.id)
        order = await order_in_hand(tracker)
        if refused is None and tracker.get_slot(NOTE) == "" and order and not order.delivery_note:
            refused = DriverNote(NoteOutcome.NONE)
        if refused is None or refused.outcome is NoteOutcome.NOT_FOUND:
            return []
        response, blanks = told_of_note(refused, number)
        return refuse(dispatcher, response, NOTE_OFFERS.get(refused.outcome), **blanks)


class ActionAskDeliveryNoteFormConfirmed(AskConsent):
    """Asks whether the driver shall be told this, or nothing any more."""

    form = "delivery_note_form"

    async def question(self, tracker: Tracker) -> Question | None:
        order, note = await order_in_hand(tracker), tracker.get_slot(NOTE)
        if order is None:
            return None
        if not note:
            return await about_order(tracker, "utter_confirm_delivery_note_removed", before=order.delivery_note)
        if order.delivery_note:
            return await about_order(
                tracker, "utter_confirm_delivery_note_changed", note=note, before=order.delivery_note
            )
        return await about_order(tracker, "utter_confirm_delivery_note", note=note)


class ActionWriteDeliveryNote(ConfirmedAct):
    """Passes a note on to the driver, or takes it back."""

    needs_proof: ClassVar[Proof] = Proof.CODE
    forgets: ClassVar[tuple[str, ...]] = (NOTE,)

    def name(self) -> str:
        return "action_write_delivery_note"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer) -> list[EventType]:
        number, note = tracker.get_slot("order_number"), tracker.get_slot(NOTE)
        done = await ask_shop(write_note, number, customer.id, note, tracker.sender_id)
        if done.outcome is NoteOutcome.NOT_FOUND:
            return not_found(dispatcher, tracker)
        response, blanks = told_of_note(done, number)
        dispatcher.utter_message(response=response, **blanks)
        return [SlotSet("offer", NOTE_OFFERS.get(done.outcome))]


def told_of_note(done: DriverNote, number: str) -> tuple[str, dict[str, str]]:
    """The response that says how a note stands, and what fills it."""
    response = f"utter_delivery_note_{done.outcome.value}"
    return response, {"number": show_order_number(number), "note": done.note, "carrier": done.carrier}


async def say_delivery_note(dispatcher: CollectingDispatcher, tracker: Tracker, order: OrderSummary) -> None:
    """With where an order is: what its driver has been told. Its words only to who proved more than what is on the
    label, since a note may hold the code of a gate.

    Raises:
        ShopUnavailable: The database cannot be used.
    """
    if not order.delivery_note or order.status not in TAKES_NOTES | {OrderStatus.OUT_FOR_DELIVERY}:
        return
    if await proof_of(tracker, known_customer(tracker)) >= Proof.CODE:
        dispatcher.utter_message(response="utter_order_note", note=order.delivery_note)
    else:
        dispatcher.utter_message(response="utter_order_note_kept")
