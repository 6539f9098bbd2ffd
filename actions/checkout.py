"""The checkout: whom an order goes to and where, a yes that says what it costs, and the page on which it is paid."""

import logging
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.basket import say_empty, way_of
from actions.baskets import Shopper, goods_of, shopper_of
from actions.contact_details import find_name
from actions.customer_forms import ConfirmedAct, Form
from actions.customers import KnownCustomer, Proof, known_customer
from actions.order_address import USUAL, AddressAnswers, usual_address
from actions.shop_access import ask_shop, in_thread
from actions.wording import money
from parlance.actions import confirmation
from parlance.actions.confirmation import Question
from parlance.actions.consent import CONFIRMED
from parlance.actions.form_endings import ENDED, refuse, unavailable
from parlance.actions.messages import free_answer, is_asked_for, meant
from shop import baskets, payment_provider
from shop.baskets import Basket
from shop.customers import customer_by_email
from shop.delivery import COLLECT, STANDARD, TWO_PERSON
from shop.errors import ShopUnavailable
from shop.order_numbers import show_order_number
from shop.payment_pages import PageOutcome, open_page
from shop.placing import PlaceOutcome, Recipient, address_of, place_order, why_not_there

PAGE = "payment_page"
"""The slot for the token of the page on which this conversation's order is paid."""
AGREED = "basket"
"""The slot for the fingerprint of the basket that the form speaks of."""

logger = logging.getLogger(__name__)


class ValidateCheckoutForm(AddressAnswers, Form):
    """Whom the order goes to, where, and a yes. A guest gives a name and an e-mail address; nobody needs an account."""

    act = "place order buy pay checkout check purchase take get through"

    def name(self) -> str:
        return "validate_checkout_form"

    def wanted(self, tracker: Tracker) -> list[str]:
        who = [] if known_customer(tracker) else ["email", "recipient"]
        return [AGREED, *who, "address", "postcode", "confirmed"]

    def extract_basket(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> dict[str, Any]:
        """Nothing: ``look_up`` reads it."""
        return {}

    def extract_recipient(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """A name, as the answer to the question for it or marked as one."""
        asked = is_asked_for(tracker, "recipient")
        said = (free_answer(tracker, "recipient") or "") if asked else str(meant(tracker, "name") or "")
        name = find_name(said) or (find_name(str(meant(tracker, "name") or "")) if asked else None)
        return {"recipient": name} if name else {}

    async def look_up(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict, said: dict[str, Any]
    ) -> list[EventType]:
        """What is in the basket now; ends the form where it cannot be ordered, or waits for its payment already."""
        if tracker.get_slot(AGREED) and not said:
            return []  # the message is about something else, and a slot that is set would have the form keep it
        try:
            shopper, events = await shopper_of(tracker)
            basket = await ask_shop(baskets.show, shopper.owner)
            tracker.add_slots(events)
            if not basket.items:
                return [*events, *await _nothing_to_order(dispatcher, tracker)]
            if not payment_provider.is_set_up():
                total = money(basket.total_pence)
                return [*events, *refuse(dispatcher, "utter_checkout_not_here", "human_handoff", total=total)]
            if basket.missing:
                short = basket.missing[0]
                blanks = {"name": short.name, "stock": short.stock, "quantity": short.quantity}
                return [*events, *refuse(dispatcher, "utter_checkout_not_enough", "change_basket", **blanks)]
            events = [*events, *await _address(dispatcher, tracker, shopper, basket)]
            tracker.add_slots(events)
            if tracker.get_slot("postcode"):
                checked, basket = await _check_postcode(dispatcher, tracker, shopper, basket)
                events = [*events, *checked]
        except ShopUnavailable as error:
            logger.error("%s", error)
            return unavailable(dispatcher, tracker)
        return [*events, *_spoken_of(tracker, basket)]


class ActionAskCheckoutFormConfirmed(confirmation.AskConsent):
    """Asks whether to place the order, and says what it costs and where it goes."""

    form = "checkout_form"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        events = await super().run(dispatcher, tracker, domain)
        return [SlotSet(AGREED, tracker.get_slot(AGREED)), *events]

    async def question(self, tracker: Tracker) -> Question | None:
        shopper, _ = await shopper_of(tracker)
        basket = await ask_shop(baskets.show, shopper.owner)
        if not basket.items:
            return None
        # After a digression it is another basket than the form has seen, and it is this one that is asked about.
        tracker.add_slots([SlotSet(AGREED, basket.fingerprint())])
        to = await recipient_of(tracker, shopper.customer)
        discount = "_discounted" if basket.discount_pence else ""
        return Question(
            f"utter_confirm_checkout{discount}",
            {
                "delivery": way_of(basket),
                "delivery_price": money(basket.delivery_pence),
                "discount": money(basket.discount_pence),
                "total": money(basket.total_pence),
                "goods": goods_of(basket),
                "code": basket.promo_code,
                "recipient": to.name,
                "address": f"{address_of(basket, to)}, {to.postcode}",
                "email": to.email,
            },
        )


class ActionPlaceOrder(ConfirmedAct):
    """Places the order and gives the link to its payment page."""

    # Guests may order. Nothing of an account is shown, and whoever orders pays.
    needs_proof: ClassVar[Proof] = Proof.NOBODY
    forgets: ClassVar[tuple[str, ...]] = (AGREED, "recipient", "address", "postcode")

    def name(self) -> str:
        return "action_place_order"

    def decline(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer | None
    ) -> list[EventType]:
        dispatcher.utter_message(response="utter_not_ordered")
        return []

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer | None
    ) -> list[EventType]:
        shopper, events = await shopper_of(tracker)
        to = await recipient_of(tracker, customer)
        agreed = tracker.get_slot(AGREED)
        done = await ask_shop(place_order, shopper.owner, to, agreed, tracker.sender_id)
        dispatcher.utter_message(
            response=f"utter_place_{done.outcome.value}",
            number=show_order_number(done.number),
            total=money(done.total_pence),
            postcode=to.postcode,
        )
        if done.outcome is not PlaceOutcome.PLACED:
            return [*events, SlotSet("offer", "show_basket")]
        return [*events, SlotSet(PAGE, done.token), *await give_page(dispatcher, done.token)]


async def give_page(dispatcher: CollectingDispatcher, token: str) -> list[EventType]:
    """Give the link to the page on which an order is paid, or say why there is none."""
    try:
        page = await in_thread(lambda: open_page(token))
    except ShopUnavailable as error:
        logger.error("%s", error)
        dispatcher.utter_message(response="utter_payment_page_unavailable")
        return [SlotSet("offer", "checkout")]
    number, total = show_order_number(page.number), money(page.total_pence)
    dispatcher.utter_message(
        response=f"utter_payment_page_{page.outcome.value}", number=number, total=total, url=page.url
    )
    return [SlotSet("offer", None), *([SlotSet(PAGE, None)] if page.outcome is PageOutcome.GONE else [])]


async def recipient_of(tracker: Tracker, customer: KnownCustomer | None) -> Recipient:
    """Whom the order goes to.

    Raises:
        ShopUnavailable: The database cannot be used.
    """
    address, postcode = str(tracker.get_slot("address") or ""), str(tracker.get_slot("postcode") or "")
    if customer is None:
        return Recipient(str(tracker.get_slot("recipient")), str(tracker.get_slot("email")), address, postcode)
    account = await ask_shop(customer_by_email, customer.email)
    name = tracker.get_slot("recipient") or (account.name if account else customer.first_name)
    return Recipient(str(name), customer.email, address, postcode, customer.id)


def _spoken_of(tracker: Tracker, basket: Basket) -> list[EventType]:
    """The basket as it is now; a yes to another one, or to other prices, was none to this."""
    if tracker.get_slot(AGREED) == basket.fingerprint():
        return []
    said_yes = tracker.get_slot(CONFIRMED) is True
    return [SlotSet(AGREED, basket.fingerprint()), *([SlotSet(CONFIRMED, None)] if said_yes else [])]


async def _nothing_to_order(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
    """The basket is empty: an order of this conversation may wait to be paid."""
    token = tracker.get_slot(PAGE)
    said = await give_page(dispatcher, token) if token else say_empty(dispatcher)
    return [SlotSet(ENDED, "refused"), *said]


async def _address(
    dispatcher: CollectingDispatcher, tracker: Tracker, shopper: Shopper, basket: Basket
) -> list[EventType]:
    """What is known of where it goes: for who has signed in the usual address, for what is collected none."""
    address, postcode = tracker.get_slot("address"), tracker.get_slot("postcode")
    if basket.delivery == COLLECT.name and not address:
        return [SlotSet("address", COLLECT.name)]
    if basket.delivery != COLLECT.name and address == COLLECT.name:
        address = None
    if address == USUAL or (address is None and postcode is None):
        street, code = await usual_address(shopper.customer) if shopper.customer and shopper.is_signed_in else ("", "")
        if street and code:
            return [SlotSet("address", street), SlotSet("postcode", code)]
        if address == USUAL:
            dispatcher.utter_message(response="utter_no_usual_address")
        address = None
    return [] if address == tracker.get_slot("address") else [SlotSet("address", address)]


async def _check_postcode(
    dispatcher: CollectingDispatcher, tracker: Tracker, shopper: Shopper, basket: Basket
) -> tuple[list[EventType], Basket]:
    """Whether the basket can go there; where the way that was chosen does not, the standard one is taken."""
    postcode = str(tracker.get_slot("postcode"))
    refused = await ask_shop(why_not_there, basket, postcode)
    if refused is None:
        return [], basket
    if refused is not PlaceOutcome.NO_SUCH_DELIVERY:
        dispatcher.utter_message(response=f"utter_place_{refused.value}", postcode=postcode)
        return [SlotSet("postcode", None)], basket
    if basket.delivery == TWO_PERSON.name:
        return refuse(dispatcher, "utter_no_furniture_there", "human_handoff", postcode=postcode), basket
    option = basket.delivery.lower()
    done = await ask_shop(baskets.choose_delivery, shopper.owner, STANDARD.name)
    dispatcher.utter_message(response="utter_standard_instead", option=option, postcode=postcode)
    return [], done.basket
