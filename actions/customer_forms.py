"""What the forms of all skills share: an order number and an e-mail address, proved to belong together."""

import logging
import re
from collections.abc import Collection
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customers import KnownCustomer, Proof, get_to_know, known_customer, proof_of, recognise
from actions.details import ABOUT_AN_ORDER
from actions.shop_access import ask_shop
from actions.visits import is_disowned, log_out
from parlance.actions import confirmation, forms
from parlance.actions.form_endings import ENDED, give_up, not_understood, refuse, unavailable
from parlance.actions.in_hand import hold, means_an_earlier_one, refs
from parlance.actions.messages import (
    GOES_ON,
    REQUESTED,
    chosen,
    client_of,
    entity,
    free_answer,
    intent_of,
    is_asked_for,
    last_shown,
    latest_text,
    value_before_this_turn,
)
from shop import one_time_codes
from shop.customers import IdentificationOutcome, identify
from shop.emails import find_email
from shop.errors import ShopUnavailable
from shop.order_numbers import find_order_number, show_order_number
from shop.orders import order_for

logger = logging.getLogger(__name__)

CODE_SLOT = "one_time_code"
"""True once the customer has proved enough for the act. It steers the dialogue alone; the act itself checks again."""
CODE = re.compile(r"(?<!\d)\d(?:[ -]?\d){5}(?!\d)")
_ANOTHER_CODE = re.compile(
    r"\b(?:again|resend|re-send|another|new|(?:no|not|never|nothing|didn'?t|hasn'?t|haven'?t) \w{0,12} ?(?:code|mail"
    r"|email|come|came|arrived?|got|get|received?))\b",
    re.IGNORECASE,
)
_NO_REASON = re.compile(
    r"^\W*(?:there'?s )?no (?:real |particular |special )?reason\b"
    r"|^\W*(?:i )?(?:would |'d )?(?:do not|don'?t|rather not|won'?t) (?:want to |wanna )?(?:say|tell)\b"
    r"|^\W*(?:none|nothing|n/?a|skip(?: it)?|just because|none of your business)\W*$",
    re.IGNORECASE,
)


class Form(forms.Form):
    """A form of Fern's, which ends for whoever says that they are not the customer."""

    async def get_validation_events(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """The kit's; or a farewell, where it is somebody else who writes now."""
        if is_disowned(tracker):
            left = [event for event in log_out(dispatcher, tracker) if event["event"] == "slot"]
            return [*left, SlotSet(ENDED, "disowned")]
        return await super().get_validation_events(dispatcher, tracker, domain)

    def extract_email(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> dict[str, Any]:
        """An e-mail address anywhere in the latest message."""
        email = find_email(latest_text(tracker))
        return {"email": email} if email and known_customer(tracker) is None else {}

    def validate_email(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """An e-mail address in lower case."""
        return {"email": find_email(str(value or ""))}


class OrderForm(Form):
    """A form about one order of a customer who has proved to be its owner.

    Sets ``order_number``, ``customer`` and ``email``. Subclasses name their further slots in ``further``; what they
    need the shop for is done in ``look_up_order``, once the order and its owner are known.
    """

    needs_order: ClassVar[bool] = True

    def needed_proof(self, tracker: Tracker) -> Proof:
        """What what the form collects for needs; no less than its CompletedForm asks."""
        return Proof.ORDER_AND_EMAIL

    def further(self, tracker: Tracker) -> list[str]:
        """The slots after those that identify the order."""
        return []

    def wanted(self, tracker: Tracker) -> list[str]:
        known = known_customer(tracker) is not None
        number = ["order_number"] if self.needs_order or not known else []
        slots = number + ([] if known else ["email"]) + self.further(tracker)
        if self.needed_proof(tracker) > Proof.ORDER_AND_EMAIL:
            # Before the last yes, so that nothing is confirmed that cannot be done.
            slots.insert(slots.index("confirmed") if "confirmed" in slots else len(slots), CODE_SLOT)
        return slots

    def extract_one_time_code(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """Nothing: the code is not kept in a slot. ``look_up`` checks it."""
        return {}

    def extract_order_number(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """A number anywhere in the latest message, "cancel the second one" of the orders shown last, or the order that
        was talked about before the last one."""
        number = order_number_in(tracker)
        if number:
            return {"order_number": number}
        orders = last_shown(tracker, "order")
        named_at_first = tracker.get_slot(REQUESTED) is None and entity(tracker, "ordinal")
        may_choose = named_at_first or is_asked_for(tracker, "order_number")
        position = chosen(tracker, len(orders)) if may_choose else None
        if position is not None:
            return {"order_number": orders[position]["ref"]}
        opening = tracker.get_slot(REQUESTED) is None and means_an_earlier_one(latest_text(tracker))
        earlier = refs(tracker, "order")[1:2] if opening else []
        return {"order_number": earlier[0]} if earlier else {}

    def validate_order_number(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """Five digits; says so when one number takes another's place, and keeps it where none does."""
        number = find_order_number(str(value or ""))
        previous = find_order_number(str(value_before_this_turn(tracker, "order_number") or ""))
        if number is None:
            return {"order_number": None if is_asked_for(tracker, "order_number") else previous}
        goes_on = tracker.latest_message.get(GOES_ON)
        if previous not in (None, number) and not goes_on and tracker.active_loop.get("name") == self.form_name():
            dispatcher.utter_message(response="utter_order_number_changed", number=show_order_number(number))
        return {"order_number": number}

    async def look_up(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict, said: dict[str, Any]
    ) -> list[EventType]:
        """Checks that the order is the customer's as soon as both are there."""
        number = tracker.get_slot("order_number")
        email = tracker.get_slot("email") or tracker.get_slot("unverified_email")
        events: list[EventType] = []
        try:
            customer, events = await recognise(tracker)
            if customer:
                events = [*events, *await _check_owner(dispatcher, tracker, customer, number, said)]
            elif number and email and ("email" in said or _is_new(tracker, number)):
                events = await _identify(dispatcher, tracker, number, email)
            tracker.add_slots(events)
            customer = known_customer(tracker)
            if customer and not tracker.get_slot(ENDED):
                events = [*events, *await self._look_up_proof(dispatcher, tracker, customer)]
                tracker.add_slots(events)
            if customer and tracker.get_slot("order_number") and not tracker.get_slot(ENDED):
                events = [*events, *await self.look_up_order(dispatcher, tracker, customer)]
        except ShopUnavailable as error:
            logger.error("%s", error)
            return [*events, *unavailable(dispatcher, tracker)]
        return events

    async def _look_up_proof(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        """Whether the customer has proved enough, by the code in the latest message or before."""
        needed = self.needed_proof(tracker)
        if needed <= Proof.ORDER_AND_EMAIL:
            return []
        if await proof_of(tracker, customer) >= needed:
            return [] if tracker.get_slot(CODE_SLOT) else [SlotSet(CODE_SLOT, True)]
        # A slot that is set without need would have Rasa take a question of another kind for an answer.
        events: list[EventType] = [SlotSet(CODE_SLOT, None)] if tracker.get_slot(CODE_SLOT) else []
        if not is_asked_for(tracker, CODE_SLOT):
            return events
        if intent_of(tracker) == "deny":
            return [*events, *refuse(dispatcher, "utter_nothing_changed")]
        if wants_another_code(tracker):
            # "Send a new one" has been taken for an exchange.
            goes_on = SlotSet("request", self.collected_for(tracker))
            return [SlotSet(CODE_SLOT, None), goes_on, *await send_code(dispatcher, tracker, customer)]
        given = CODE.search(latest_text(tracker))
        if given is None:
            return events
        checked = await ask_shop(
            one_time_codes.check, customer.id, tracker.sender_id, re.sub(r"\D", "", given[0]), client_of(tracker)
        )
        if checked is one_time_codes.CodeCheck.RIGHT:
            return [SlotSet(CODE_SLOT, True), SlotSet("failed_attempts", 0.0)]
        if checked is one_time_codes.CodeCheck.GONE:
            return [*events, *give_up(dispatcher, "utter_code_gone")]
        dispatcher.utter_message(response="utter_code_wrong")
        return [SlotSet(CODE_SLOT, None)]

    async def look_up_order(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        """Slots to set now that the order and its owner are known. May raise ShopUnavailable."""
        return []


class AccountForm(OrderForm):
    """A form about the account: a known customer is asked nothing, anybody else for an order and its e-mail."""

    needs_order = False


class CompletedForm(forms.CompletedForm):
    """The work after a form, for a customer who has proved enough."""

    needs_proof: ClassVar[Proof]
    """What the customer must have proved. Has no default, so that no act is written without a thought about it. What
    needs nobody is done for whom the shop does not know, too: its ``customer`` may be None."""

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        if getattr(cls, "needs_proof", Proof.NOBODY) > Proof.ORDER_AND_EMAIL:
            cls.forgets = (*dict.fromkeys((*cls.forgets, CODE_SLOT)),)

    def in_hand(self, tracker: Tracker) -> list[EventType]:
        """The order, where the request is about one."""
        is_about = tracker.get_slot("request") in ABOUT_AN_ORDER and known_customer(tracker) is not None
        return hold(tracker, "order", tracker.get_slot("order_number"), self.name()) if is_about else []

    async def admit(
        self, dispatcher: CollectingDispatcher, tracker: Tracker
    ) -> tuple[KnownCustomer | None, list[EventType] | None]:
        """The customer, if what it needs is proved."""
        customer = known_customer(tracker)
        if customer is None and self.needs_proof > Proof.NOBODY:
            dispatcher.utter_message(response="utter_offer_person")
            return None, [SlotSet("offer", "human_handoff")]
        if self.needs_proof > Proof.ORDER_AND_EMAIL and await proof_of(tracker, customer) < self.needs_proof:
            # The form has asked; who gets here without (a proof that is too old by now) may begin again.
            dispatcher.utter_message(response="utter_code_needed")
            return None, [SlotSet(slot, None) for slot in self.forgets]
        return customer, None


class ConfirmedAct(CompletedForm, confirmation.ConfirmedAct):
    """The work of a form with consequences. Whatever changes the shop in a way that a customer would mind is one of
    these (tests/unit/test_actions_consent.py)."""


def order_number_in(tracker: Tracker) -> str | None:
    """An order number in the latest message, whatever intent and entities it was taken for, or in its button."""
    return find_order_number(latest_text(tracker)) or find_order_number(str(entity(tracker, "order_number") or ""))


def wants_another_code(tracker: Tracker) -> bool:
    """Whether the answer to the question for a code asks for a new one: "send it again", "it didn't come"."""
    return _ANOTHER_CODE.search(latest_text(tracker)) is not None


async def send_code(dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer) -> list[EventType]:
    """Send a code to the address on file; ends the form where too many were sent. The next question says where."""
    sending = await ask_shop(one_time_codes.send, customer.id, tracker.sender_id, client_of(tracker))
    if sending is one_time_codes.Sending.SENT:
        return []
    return give_up(dispatcher, f"utter_code_{sending.value}")


def _is_new(tracker: Tracker, number: str) -> bool:
    """Whether the order number came with the latest message; a pair that failed before need not be tried again."""
    return find_order_number(str(value_before_this_turn(tracker, "order_number") or "")) != number


async def _identify(dispatcher: CollectingDispatcher, tracker: Tracker, number: str, email: str) -> list[EventType]:
    """The same answer whether the order does not exist or is somebody else's."""
    found = await ask_shop(identify, number, email, tracker.sender_id, client_of(tracker))
    if found.customer is not None:
        _, remembered = await get_to_know(tracker, found.customer)
        return [*remembered, SlotSet("unverified_email", None), SlotSet("failed_attempts", 0.0)]
    logger.info("Identification ended as %s.", found.outcome.value)
    kept = [SlotSet("email", None), SlotSet("unverified_email", email)]
    if found.outcome is IdentificationOutcome.TOO_MANY_ATTEMPTS:
        return [*kept, *give_up(dispatcher, "utter_too_many_attempts")]
    shown = show_order_number(number)
    return [*kept, *not_understood(dispatcher, tracker, "utter_order_not_matched", number=shown, email=email)]


async def _check_owner(
    dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer, number: str, said: dict[str, Any]
) -> list[EventType]:
    """Whether an order that a known customer named just now is theirs."""
    if not said.get("order_number"):
        return []
    if await ask_shop(order_for, number, customer.id) is not None:
        return []
    failed = not_understood(dispatcher, tracker, "utter_order_not_yours", number=show_order_number(number))
    return [SlotSet("order_number", None), *failed]


def reason_given(tracker: Tracker, slot: str, also: Collection[str] = ()) -> str | None:
    """A reason in the latest message: all of the answer to the question for it, or what is marked as one elsewhere;
    empty where somebody says that there is none.

    A part of the answer may say something else than the whole: "it was for somebody who left me" is no "left me".
    """
    answer = free_answer(tracker, slot, also)
    marked = [e["value"] for e in tracker.latest_message.get("entities") or [] if e["entity"] == "reason"]
    if answer and _NO_REASON.search(answer):
        return ""
    return answer or (str(marked[-1]) if marked else None)
