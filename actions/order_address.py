"""Another address for an order before it leaves."""

import re
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customer_forms import ConfirmedAct, OrderForm
from actions.customers import KnownCustomer, Proof
from actions.items import AskConsent, about_order, not_found, order_in_hand, refuse_if_left
from actions.shop_access import ask_shop
from parlance.actions.confirmation import Question
from parlance.actions.messages import entities, entity, free_answer, latest_text, value_before_this_turn
from shop import preferences
from shop.customers import customer_by_email
from shop.order_numbers import show_order_number
from shop.orders import AddressOutcome, change_address
from shop.postcodes import find_postcode

USUAL = "usual"
"""What the slot ``address`` holds until it is known whose usual address it is."""
POSTCODE_AT_END = re.compile(r"[\s,]{0,9}\b[a-z]{1,2}\d[a-z\d]?\s{0,3}\d[a-z]{2}\W*$", re.IGNORECASE)
_USUAL_ADDRESS = re.compile(
    r"\b(?:usual|normal|regular|same|home|saved|registered|account) (?:delivery |home )?(?:address|place|one)\b"
    r"|\baddress (?:on|in|from) (?:my|the) (?:account|file|profile)\b|\baddress (?:that )?you(?:'ve| have)\b"
    r"|\bas (?:always|usual)\b|\bthe usual\b|\busual address\b",
    re.IGNORECASE,
)


class AddressAnswers:
    """How a form reads an address."""

    def extract_address(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> dict[str, Any]:
        """A street in the latest message: marked as the new one, as the only one, or as the answer to the question."""
        marked = entity(tracker, "address", "new") or (
            None if entities(tracker, "address", "old") else entity(tracker, "address")
        )
        if marked is None and _USUAL_ADDRESS.search(latest_text(tracker)):
            return {"address": USUAL}
        answer = marked or free_answer(tracker, "address")
        if not answer:
            return {}
        street = POSTCODE_AT_END.sub("", answer).strip(" ,.")
        if not any(letter.isalpha() for letter in street):
            return {}
        return {"address": with_town_of(value_before_this_turn(tracker, "address"), street, latest_text(tracker))}

    def extract_postcode(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """The last postcode in the latest message, which is where it shall go in "from BA1 2AB to FH2 1AA" too."""
        found = find_postcode(latest_text(tracker))
        return {"postcode": found} if found else {}


class ValidateAddressForm(AddressAnswers, OrderForm):
    """Another address for an order: the street, the postcode, and a yes."""

    act = "change send update redirect deliver address order there"

    def name(self) -> str:
        return "validate_address_form"

    def further(self, tracker: Tracker) -> list[str]:
        return ["address", "postcode", "confirmed"]

    def needed_proof(self, tracker: Tracker) -> Proof:
        return Proof.CODE

    async def look_up_order(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        """Ends the form where the order has left; fills in the usual address, once it is known whose."""
        order = await order_in_hand(tracker)
        refused = refuse_if_left(dispatcher, order, "utter_address_too_late", "human_handoff")
        if refused or tracker.get_slot("address") != USUAL:
            return refused
        address, postcode = await usual_address(customer)
        if not (address and postcode):
            dispatcher.utter_message(response="utter_no_usual_address")
            return [SlotSet("address", None)]
        return [SlotSet("address", address), SlotSet("postcode", postcode)]


class ActionAskAddressFormConfirmed(AskConsent):
    """Asks whether this is where it shall go."""

    form = "address_form"

    async def question(self, tracker: Tracker) -> Question | None:
        address, postcode = tracker.get_slot("address"), tracker.get_slot("postcode")
        return await about_order(tracker, "utter_confirm_address", address=address, postcode=postcode)


class ActionChangeAddress(ConfirmedAct):
    """Sends an order that has not left to another address."""

    needs_proof: ClassVar[Proof] = Proof.CODE
    forgets: ClassVar[tuple[str, ...]] = ("address", "postcode")

    def name(self) -> str:
        return "action_change_address"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer) -> list[EventType]:
        number = tracker.get_slot("order_number")
        address, postcode = tracker.get_slot("address"), tracker.get_slot("postcode")
        done = await ask_shop(change_address, number, customer.id, address, postcode, tracker.sender_id)
        if done.outcome is AddressOutcome.NOT_FOUND:
            return not_found(dispatcher, tracker)
        dispatcher.utter_message(
            response=f"utter_address_{done.outcome.value}",
            number=show_order_number(number),
            address=done.address or address,
            postcode=done.postcode or postcode,
        )
        return [SlotSet("offer", "human_handoff" if done.outcome is AddressOutcome.TOO_LATE else None)]


def with_town_of(previous: str | None, street: str, text: str) -> str:
    """An address that is put right in part: "43 Mill Road" after "34 Mill Road, Hexham" is still in Hexham.

    Args:
        previous: What the form was told before.
        street: What it is told now.
        text: The message; one with a postcode of its own says all of the address.
    """
    _, comma, town = (previous or "").partition(",")
    is_whole = "," in street or bool(find_postcode(text)) or town.strip().lower() in street.lower()
    return street if not comma or is_whole else f"{street}, {town.strip()}"


async def usual_address(customer: KnownCustomer) -> tuple[str, str]:
    """Street and postcode that the customer asked Fern to remember, or else those of the account; may be empty.

    Raises:
        ShopUnavailable: The database cannot be used.
    """
    kept = await ask_shop(preferences.of, customer.id)
    if kept.usual_address and kept.usual_postcode:
        return kept.usual_address, kept.usual_postcode
    account = await ask_shop(customer_by_email, customer.email)
    return (account.address, account.postcode) if account else ("", "")
