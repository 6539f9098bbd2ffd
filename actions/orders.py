"""Where is my order: the form that asks for its details, and the answer."""

import logging
from datetime import date
from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.conversation_log import latest_text, slot_before_this_turn
from actions.shop_access import ask_shop
from actions.wording import day, goods
from shop.emails import find_email
from shop.errors import ShopUnavailable
from shop.order_numbers import find_order_number, show_order_number
from shop.orders import OrderSummary, find_order

logger = logging.getLogger(__name__)

ATTEMPTS_BEFORE_A_PERSON = 3
STATES_WITH_NOTES = frozenset({"delivered", "delayed", "cancelled", "delivery_attempted"})
STATES_THAT_OFFER_A_PERSON = frozenset({"overdue", "delivered", "cancelled"})


class ValidateOrderStatusForm(FormValidationAction):
    """Accepts an order number and an e-mail in the shapes people type, and says kindly what is wrong with the rest.

    Reads the slot candidates and the latest message. Sets ``order_number``, ``email`` and ``failed_attempts``; ends
    the form with ``order_lookup: gave_up`` when too many attempts have failed.
    """

    def name(self) -> str:
        return "validate_order_status_form"

    def extract_order_number(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """A number anywhere in the latest message, whatever intent and entities it was taken for."""
        number = find_order_number(latest_text(tracker))
        return {"order_number": number} if number else {}

    def extract_email(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> dict[str, Any]:
        """An e-mail address anywhere in the latest message."""
        email = find_email(latest_text(tracker))
        return {"email": email} if email else {}

    def validate_order_number(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """Five digits, or a polite word about what is missing."""
        number = find_order_number(_as_text(value))
        if number is None:
            tried = _was_asked_for("order_number", tracker) or any(c.isdigit() for c in _as_text(value))
            if value is None or not tried or find_email(latest_text(tracker)):
                return {"order_number": None}
            return _not_understood("order_number", "utter_order_number_unclear", dispatcher, tracker)
        previous = find_order_number(_as_text(slot_before_this_turn(tracker, "order_number")))
        if previous not in (None, number):
            dispatcher.utter_message(response="utter_order_number_changed", number=show_order_number(number))
        return {"order_number": number}

    def validate_email(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """An e-mail address in lower case, or a polite word about what is missing."""
        email = find_email(_as_text(value))
        if email is not None:
            return {"email": email}
        tried = _was_asked_for("email", tracker) or "@" in _as_text(value)
        if value is None or not tried or find_order_number(latest_text(tracker)):
            return {"email": None}
        return _not_understood("email", "utter_email_unclear", dispatcher, tracker)


class ActionOrderStatus(Action):
    """Looks the order up and says where it is.

    Reads ``order_number``, ``email`` and ``failed_attempts``. Sets ``order_lookup`` to how it ended: found (or
    found_with_offer where the answer offers a person), not_matched, unavailable, or gave_up where the details are
    missing or too many attempts have failed.
    """

    def name(self) -> str:
        return "action_order_status"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        number, email = tracker.get_slot("order_number"), tracker.get_slot("email")
        if not number or not email:
            return _give_up(dispatcher)
        try:
            lookup = await ask_shop(find_order, number, email)
        except ShopUnavailable as error:
            logger.error("%s", error)
            dispatcher.utter_message(response="utter_shop_unavailable", number=show_order_number(number))
            return [SlotSet("order_lookup", "unavailable")]
        if lookup.order is None:
            logger.info("Order lookup ended as %s.", lookup.outcome.value)
            return _not_matched(dispatcher, tracker, number, email)
        state = state_to_tell(lookup.order, date.today())
        say_status(dispatcher, lookup.order, state)
        ended = "found_with_offer" if state in STATES_THAT_OFFER_A_PERSON else "found"
        return [SlotSet("order_lookup", ended), SlotSet("failed_attempts", 0.0)]


class ActionForgetOrder(Action):
    """Makes room for another order: keeps an e-mail that has opened an order, forgets what matched nothing."""

    def name(self) -> str:
        return "action_forget_order"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        events = [SlotSet("order_number", None), SlotSet("order_lookup", None)]
        if tracker.get_slot("order_lookup") not in ("found", "found_with_offer"):
            events.append(SlotSet("email", None))
        return events


def state_to_tell(order: OrderSummary, today: date) -> str:
    """The order's state as the customer sees it: its status, or "overdue" for a parcel that should have arrived."""
    return "overdue" if order.is_overdue(today) else order.status.value


def say_status(dispatcher: CollectingDispatcher, order: OrderSummary, state: str) -> None:
    """Answer with the response for a state, ``utter_order_<state>``, or its twin that also tells the note."""
    with_note = "_with_note" if order.note and state in STATES_WITH_NOTES else ""
    dispatcher.utter_message(
        response=f"utter_order_{state}{with_note}",
        number=show_order_number(order.number),
        items=goods(order.items),
        placed_on=day(order.placed_on),
        changed_on=day(order.changed_on),
        expected_on=day(order.expected_on),
        carrier=order.carrier,
        tracking=order.tracking,
        note=order.note,
    )


def _as_text(value: Any) -> str:
    """A slot candidate as text; an entity that was found twice comes as a list, and the last one counts."""
    if isinstance(value, list):
        value = value[-1] if value else None
    return "" if value is None else str(value)


def _was_asked_for(slot: str, tracker: Tracker) -> bool:
    """Whether the form's open question is about this slot; otherwise a wrong entity is dropped without a word."""
    return bool(tracker.get_slot("requested_slot") == slot)


def _not_understood(slot: str, response: str, dispatcher: CollectingDispatcher, tracker: Tracker) -> dict[str, Any]:
    """Ask again, or end the form when this has failed too often."""
    failed = (tracker.get_slot("failed_attempts") or 0.0) + 1
    if failed >= ATTEMPTS_BEFORE_A_PERSON:
        return {slot: None, "failed_attempts": failed, "requested_slot": None}
    dispatcher.utter_message(response=response)
    return {slot: None, "failed_attempts": failed}


def _not_matched(dispatcher: CollectingDispatcher, tracker: Tracker, number: str, email: str) -> list[EventType]:
    """The same answer whether the order does not exist or is somebody else's."""
    failed = (tracker.get_slot("failed_attempts") or 0.0) + 1
    if failed >= ATTEMPTS_BEFORE_A_PERSON:
        return _give_up(dispatcher)
    dispatcher.utter_message(response="utter_order_not_matched", number=show_order_number(number), email=email)
    return [SlotSet("order_lookup", "not_matched"), SlotSet("failed_attempts", failed)]


def _give_up(dispatcher: CollectingDispatcher) -> list[EventType]:
    dispatcher.utter_message(response="utter_offer_person")
    return [SlotSet("order_lookup", "gave_up"), SlotSet("failed_attempts", 0.0)]
