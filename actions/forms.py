"""What the forms of all skills share: an order number and an e-mail address, proved to belong together, then the rest.

A form's validation class collects; when the form is done, a rule runs the action that does the work. Both are in the
skill's module: a subclass of ``OrderForm`` or ``AccountForm``, and one of ``CompletedForm``.
"""

import logging
import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable
from typing import Any, ClassVar, cast

from rasa_sdk import FormValidationAction, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import consent
from actions.consent import CONFIRMED, CONSENT
from actions.customers import KnownCustomer, Proof, get_to_know, known_customer, proof_of, recognise
from actions.messages import (
    ANSWERS,
    CHANGES_FORM,
    GOES_ON,
    chosen,
    client_of,
    earlier_events,
    entity,
    free_answer,
    intent_of,
    is_asked_for,
    last_shown,
    latest_text,
    order_number_in,
    value_before_this_turn,
)
from actions.refusals import disowns, is_refusal
from actions.shop_access import ask_shop
from actions.visits import Action, in_this_visit, log_out
from shop import one_time_codes
from shop.customers import IdentificationOutcome, identify
from shop.emails import find_email
from shop.errors import ShopUnavailable
from shop.order_numbers import find_order_number, show_order_number
from shop.orders import order_for

logger = logging.getLogger(__name__)
# It warns of every slot without a validate method; what an extract method returns is checked there.
logging.getLogger("rasa_sdk.forms").setLevel(logging.ERROR)

ATTEMPTS_BEFORE_A_PERSON = 3
REQUESTED = "requested_slot"
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
FREE_TEXT = ("description", "reason")
"""Slots that take whatever the customer writes."""
IN_HAND = frozenset({"order_number", "email", "product"})
"""Slots of forms that say what the conversation is about, and so outlive each form."""
ENDED = "form_ended"
"""The slot that says why a form ended before its time: gave_up, unavailable, disowned by whoever writes now, or refused
by the shop's rules."""


class Form(FormValidationAction):
    """A form that asks for ``wanted``; an answer that cannot be used is explained, and the third offers a person."""

    requests: ClassVar[frozenset[str]] = frozenset()
    """The requests that it collects for, where there are several."""
    act: ClassVar[str] = ""
    """Words with which a yes may say again what it is for: "yes, cancel the order"."""

    run = in_this_visit(FormValidationAction.run)

    @abstractmethod
    def name(self) -> str:
        """``validate_`` and the form's name."""

    @abstractmethod
    def wanted(self, tracker: Tracker) -> list[str]:
        """The slots to ask for, in this order."""

    async def required_slots(
        self, domain_slots: list[str], dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[str]:
        return self.wanted(tracker)

    async def next_requested_slot(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> EventType | None:
        """None ends the form: all is there, or it ended before its time."""
        wanted = [] if tracker.get_slot(ENDED) else self.wanted(tracker)
        return SlotSet(REQUESTED, next((slot for slot in wanted if tracker.get_slot(slot) is None), None))

    async def get_validation_events(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """Rasa's, then what has to be looked up, and a word about an answer that filled nothing."""
        customer = known_customer(tracker)
        if customer and disowns(latest_text(tracker), customer.first_name):
            left = [event for event in log_out(dispatcher, tracker) if event["event"] == "slot"]
            return [*left, SlotSet(ENDED, "disowned")]
        opening = form_before(tracker) != self.form_name()
        if opening and is_refusal(latest_text(tracker), intent_of(tracker)):
            return refuse(dispatcher, "utter_not_wanted")
        left_over = empty_left_overs(tracker, domain["forms"][self.form_name()]["required_slots"]) if opening else []
        events: list[EventType] = [*left_over, *await super().get_validation_events(dispatcher, tracker, domain)]
        tracker.add_slots(events)
        events = [*events, *await self.look_up(dispatcher, tracker, domain, slots_in(events))]
        asked = tracker.get_slot(REQUESTED)
        filled = any(
            value not in (None, value_before_this_turn(tracker, slot)) for slot, value in slots_in(events).items()
        )
        unexplained = asked and not filled and not dispatcher.messages
        if unexplained and asked == CONFIRMED and intent_of(tracker) in ANSWERS:
            # Who takes their time has not failed: to be offered a person would make the next yes one to that.
            dispatcher.utter_message(response="utter_confirmed_unclear")
            return [*events, SlotSet("failed_attempts", tracker.get_slot("failed_attempts"))]
        if unexplained and intent_of(tracker) in ("nlu_fallback", "inform") and latest_text(tracker):
            response = f"utter_{asked}_unclear"
            known = response in domain.get("responses", {})
            return [*events, *not_understood(dispatcher, tracker, response if known else "utter_answer_unclear")]
        request = value_before_this_turn(tracker, "request")
        if asked and not events and intent_of(tracker) in {*self.requests, request}:
            # The same again: to reject it would have Rasa look for another answer than the form's question.
            return [SlotSet("failed_attempts", tracker.get_slot("failed_attempts"))]
        if asked in FREE_TEXT and slots_in(events).get(asked) and request in self.requests:
            # "It came in pieces", given as the reason for a return, is no new claim.
            events.append(SlotSet("request", request))
        return events

    def collected_for(self, tracker: Tracker) -> str | None:
        """The request that the form was opened for, whatever the latest message was taken for."""
        is_open = form_before(tracker) == self.form_name()
        request: str | None = value_before_this_turn(tracker, "request") if is_open else tracker.get_slot("request")
        return request

    async def look_up(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict, said: dict[str, Any]
    ) -> list[EventType]:
        """Slots to set after a look into the shop. ``said`` are the slots that the latest message has set."""
        return []

    def extract_email(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> dict[str, Any]:
        """An e-mail address anywhere in the latest message."""
        email = find_email(latest_text(tracker))
        return {"email": email} if email and known_customer(tracker) is None else {}

    def validate_email(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """An e-mail address in lower case."""
        return {"email": find_email(str(value or ""))}

    def extract_confirmed(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """A yes or a no where the form asks whether to go ahead."""
        answer = consent.answer(tracker, self.act) if is_asked_for(tracker, CONFIRMED) else None
        return {} if answer is None else {CONFIRMED: answer}


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
        """A number anywhere in the latest message, or "cancel the second one" of the orders shown last."""
        number = order_number_in(tracker)
        if number:
            return {"order_number": number}
        orders = last_shown(tracker, "order")
        named_at_first = tracker.get_slot(REQUESTED) is None and entity(tracker, "ordinal")
        may_choose = named_at_first or is_asked_for(tracker, "order_number")
        position = chosen(tracker, len(orders)) if may_choose else None
        return {} if position is None else {"order_number": orders[position]["ref"]}

    def validate_order_number(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """Five digits; says so when one number takes another's place, and keeps it where none does."""
        number = find_order_number(str(value or ""))
        previous = find_order_number(str(value_before_this_turn(tracker, "order_number") or ""))
        if number is None:
            return {"order_number": None if is_asked_for(tracker, "order_number") else previous}
        if previous not in (None, number) and tracker.active_loop.get("name") == self.form_name():
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
                events = await _identify(dispatcher, tracker, number, email, domain)
            tracker.add_slots(events)
            customer = known_customer(tracker)
            if customer and not tracker.get_slot(ENDED):
                events = [*events, *await self._look_up_proof(dispatcher, tracker, customer)]
                tracker.add_slots(events)
            if customer and tracker.get_slot("order_number") and not tracker.get_slot(ENDED):
                events = [*events, *await self.look_up_order(dispatcher, tracker, domain, customer, said)]
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
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: DomainDict,
        customer: KnownCustomer,
        said: dict[str, Any],
    ) -> list[EventType]:
        """Slots to set now that the order and its owner are known. May raise ShopUnavailable."""
        return []


class AccountForm(OrderForm):
    """A form about the account: a known customer is asked nothing, anybody else for an order and its e-mail."""

    needs_order = False


class CompletedForm(Action, ABC):
    """The work after a form: ``complete`` is called with the customer, and the form's own slots are emptied."""

    forgets: ClassVar[tuple[str, ...]] = ()
    """The slots of this form alone, emptied when it is done."""
    needs_proof: ClassVar[Proof]
    """What the customer must have proved. Has no default, so that no act is written without a thought about it. What
    needs nobody is done for whom the shop does not know, too: its ``customer`` may be None."""

    @abstractmethod
    async def complete(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        """Do it, say so, and return slots to set. Raises ShopUnavailable: Fern says so and offers another try."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        if tracker.get_slot(ENDED):
            return ended(tracker, self.forgets)
        customer = known_customer(tracker)
        if customer is None and self.needs_proof > Proof.NOBODY:
            dispatcher.utter_message(response="utter_offer_person")
            return [SlotSet("offer", "human_handoff")]
        try:
            if self.needs_proof > Proof.ORDER_AND_EMAIL and await proof_of(tracker, customer) < self.needs_proof:
                # The form has asked; who gets here without (a proof that is too old by now) may begin again.
                dispatcher.utter_message(response="utter_code_needed")
                return [SlotSet(slot, None) for slot in (*self.forgets, CODE_SLOT)]
            events = await self.complete(dispatcher, tracker, cast(KnownCustomer, customer))
        except ShopUnavailable as error:
            return try_again_later(dispatcher, tracker, error)
        set_here = {event.get("name") for event in events}
        forgotten = (*self.forgets, *((CODE_SLOT,) if self.needs_proof > Proof.ORDER_AND_EMAIL else ()))
        return [*(SlotSet(slot, None) for slot in forgotten if slot not in set_here), *events]


def ended(tracker: Tracker, forgets: tuple[str, ...] = ()) -> list[EventType]:
    """What an action does after a form that ended before its time: empty its slots, unless another try needs them."""
    forgotten = () if tracker.get_slot(ENDED) == "unavailable" else forgets
    return [SlotSet(ENDED, None), *(SlotSet(slot, None) for slot in forgotten)]


def try_again_later(dispatcher: CollectingDispatcher, tracker: Tracker, error: ShopUnavailable) -> list[EventType]:
    """What an action after a form says where the shop cannot be reached; what was collected stays."""
    logger.error("%s", error)
    return [event for event in unavailable(dispatcher, tracker) if event["name"] != ENDED]


def ask_again_later(dispatcher: CollectingDispatcher, tracker: Tracker, error: ShopUnavailable) -> list[EventType]:
    """What an action without a form says where the shop cannot be reached: a "yes" takes up the same message again."""
    logger.error("%s", error)
    dispatcher.utter_message(response="utter_shop_unavailable")
    message = {key: tracker.latest_message.get(key) for key in ("text", "intent", "entities")}
    return [SlotSet("offer", message)]


def form_before(tracker: Tracker) -> str | None:
    """The form that was open when the latest message came."""
    loops = (e for e in earlier_events(tracker, turns=len(tracker.events)) if e["event"] in CHANGES_FORM)
    return next((event.get("name") for event in loops), None)


def empty_left_overs(tracker: Tracker, slots: Iterable[str]) -> list[EventType]:
    """Empty what an earlier form, or this one at another time, was told: its answers are not for the form that opens.

    What stays: the order and who it is; the product in hand; a photo sent outside of any form, which waits for a claim;
    the line of the order where one form follows another at once; and everything where the customer goes on with what
    was interrupted (``requests.take_up``).
    """
    if tracker.latest_message.get(GOES_ON):
        return []
    stays = {*IN_HAND, *({"item"} if form_before(tracker) else ())}
    before = {slot: value_before_this_turn(tracker, slot) for slot in {*slots, CONSENT} - stays}
    old = [
        slot
        for slot, value in before.items()
        if value is not None
        and value == tracker.get_slot(slot)
        and not (slot == "photo" and not _told_in_a_form(tracker, slot))
    ]
    # Rasa appends what it would fill the form with, and each of these would be validated as an answer.
    tracker.events = [e for e in tracker.events if not (e["event"] == "slot" and e["name"] in old)]
    emptied = [SlotSet(slot, None) for slot in old]
    tracker.slots.update(dict.fromkeys(old))
    return emptied


def _told_in_a_form(tracker: Tracker, slot: str) -> bool:
    """Whether a form was open when a slot was set last, before the latest message."""
    found = False
    for event in earlier_events(tracker, turns=len(tracker.events)):
        if event["event"] == "slot" and event.get("name") == slot:
            found = True
        if found and event["event"] in CHANGES_FORM:
            return bool(event.get("name"))
    return False


def slots_in(events: list[EventType]) -> dict[str, Any]:
    """The slots that events set."""
    return {event["name"]: event["value"] for event in events if event["event"] == "slot"}


def not_understood(dispatcher: CollectingDispatcher, tracker: Tracker, response: str, **blanks: Any) -> list[EventType]:
    """Say why an answer cannot be used, or end the form and offer a person when this has failed too often."""
    failed = (tracker.get_slot("failed_attempts") or 0.0) + 1
    if failed >= ATTEMPTS_BEFORE_A_PERSON:
        return give_up(dispatcher)
    dispatcher.utter_message(response=response, **blanks)
    return [SlotSet("failed_attempts", failed)]


def give_up(dispatcher: CollectingDispatcher, response: str = "utter_offer_person") -> list[EventType]:
    """End the form and offer a person."""
    dispatcher.utter_message(response=response)
    return [SlotSet(ENDED, "gave_up"), SlotSet("failed_attempts", 0.0), SlotSet("offer", "human_handoff")]


def refuse(dispatcher: CollectingDispatcher, response: str, offer: str | None = None, **blanks: Any) -> list[EventType]:
    """End the form because the shop's rules do not allow what it is for; say why, and offer something else."""
    dispatcher.utter_message(response=response, **blanks)
    return [SlotSet(ENDED, "refused"), SlotSet("failed_attempts", 0.0), SlotSet("offer", offer)]


def unavailable(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
    """Say that the shop cannot be reached; a "yes" then asks again for what the customer last wanted."""
    dispatcher.utter_message(response="utter_shop_unavailable")
    return [SlotSet(ENDED, "unavailable"), SlotSet("offer", tracker.get_slot("request"))]


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


async def _identify(
    dispatcher: CollectingDispatcher, tracker: Tracker, number: str, email: str, domain: DomainDict
) -> list[EventType]:
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
