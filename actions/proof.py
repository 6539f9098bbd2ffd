"""Asking for the one-time code that an act needs."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customer_forms import send_code
from actions.customers import known_customer
from actions.shop_access import ask_shop
from parlance.actions.action import Action
from parlance.actions.form_endings import end_unavailable
from parlance.actions.messages import REQUESTED
from shop import one_time_codes
from shop.customers import address_on_file
from shop.emails import masked
from shop.errors import ShopUnavailable


class ActionAskOneTimeCode(Action):
    """Sends a code, unless one is out already, and asks for it."""

    def name(self) -> str:
        return "action_ask_one_time_code"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        customer = known_customer(tracker)
        if customer is None:
            return []
        try:
            events: list[EventType] = []
            if not await ask_shop(one_time_codes.is_waited_for, customer.id, tracker.sender_id):
                events = await send_code(dispatcher, tracker, customer)
            email = await ask_shop(address_on_file, customer.id)
        except ShopUnavailable as error:
            return end_unavailable(dispatcher, tracker, error)
        if not events:
            dispatcher.utter_message(response="utter_ask_one_time_code", address=masked(email or ""))
        return [*events, *([SlotSet(REQUESTED, None)] if events else [])]
