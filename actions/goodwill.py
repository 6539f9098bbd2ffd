"""Goodwill for what went wrong: what the shop's rules give for an order, and nothing else."""

import re
from typing import ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.customer_forms import ConfirmedAct, OrderForm
from actions.customers import KnownCustomer, Proof, known_customer
from actions.items import AskConsent, about_order, not_found
from actions.shop_access import ask_shop
from actions.wording import money
from parlance.actions.confirmation import Question
from parlance.actions.form_endings import refuse
from parlance.actions.messages import messages_of_request
from parlance.actions.wording import day
from shop.claims import ClaimOutcome, claimable_lines
from shop.goodwill import GIVING, GoodwillDecision, GoodwillOutcome, due, give_goodwill
from shop.order_numbers import show_order_number

DAMAGE = re.compile(
    r"\b(?:damaged?|broken?|broke|smashed|cracked|chipped|scratch(?:ed|es)?|dent(?:ed)?|torn|ripped|stain(?:ed)?|faulty"
    r"|defective|shattered|in (?:pieces|bits)|missing|wrong (?:item|thing|one|colour|size))\b",
    re.IGNORECASE,
)
"""Words of what a claim makes good, which is worth more than points."""
WITH_A_PERSON = frozenset({GoodwillOutcome.NOT_LATE, GoodwillOutcome.TOO_LITTLE, GoodwillOutcome.TOO_OLD})
WITH_A_PERSON |= {GoodwillOutcome.CLOSED, GoodwillOutcome.ALREADY_POINTS, GoodwillOutcome.ALREADY_VOUCHER}


class ValidateGoodwillForm(OrderForm):
    """The order, and a yes to what the rules give."""

    act = "give points voucher code send put add credit account compensation"

    def name(self) -> str:
        return "validate_goodwill_form"

    def further(self, tracker: Tracker) -> list[str]:
        return ["confirmed"]

    async def look_up_order(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> list[EventType]:
        """Ends the form where the rules give nothing, and says which rule it is."""
        number = tracker.get_slot("order_number")
        decision = await ask_shop(due, number, customer.id)
        if decision.outcome in GIVING or decision.outcome is GoodwillOutcome.NOT_FOUND:
            return []
        shown = show_order_number(number)
        if decision.outcome in WITH_A_PERSON and speaks_of_damage(tracker):
            claimable = await ask_shop(claimable_lines, number, customer.id)
            if claimable.outcome is ClaimOutcome.OPENED:
                return refuse(dispatcher, "utter_goodwill_claim_first", "item_damaged", number=shown)
        response, blanks = told_of_goodwill(decision, number)
        offer = "human_handoff" if decision.outcome in WITH_A_PERSON else None
        return refuse(dispatcher, response, offer, **blanks)


class ActionAskGoodwillFormConfirmed(AskConsent):
    """Says what the rules give and why, and asks whether to give it."""

    form = "goodwill_form"

    async def question(self, tracker: Tracker) -> Question | None:
        customer, number = known_customer(tracker), tracker.get_slot("order_number")
        decision = await ask_shop(due, number, customer.id) if customer else None
        if customer is None or decision is None or decision.outcome not in GIVING:
            return None
        _, told = told_of_goodwill(decision, number)
        voucher = decision.outcome is GoodwillOutcome.VOUCHER
        return await about_order(
            tracker,
            "utter_confirm_goodwill_voucher" if voucher else "utter_confirm_goodwill_points",
            days=told["days"],
            promised_on=told["promised_on"],
            points=told["points"],
            amount=told["amount"],
            email=customer.email,
        )


class ActionGiveGoodwill(ConfirmedAct):
    """Gives what the rules give, once for an order."""

    needs_proof: ClassVar[Proof] = Proof.ORDER_AND_EMAIL

    def name(self) -> str:
        return "action_give_goodwill"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer) -> list[EventType]:
        number = tracker.get_slot("order_number")
        decision = await ask_shop(give_goodwill, number, customer.id, tracker.sender_id)
        if decision.outcome is GoodwillOutcome.NOT_FOUND:
            return not_found(dispatcher, tracker)
        response, blanks = told_of_goodwill(decision, number)
        dispatcher.utter_message(response=response, email=customer.email, **blanks)
        return [SlotSet("offer", "human_handoff" if decision.outcome in WITH_A_PERSON else None)]


def speaks_of_damage(tracker: Tracker) -> bool:
    """Whether the customer wants it made good that something was broken, wrong or missing."""
    return any(DAMAGE.search(str(message.get("text") or "")) for message in messages_of_request(tracker))


def told_of_goodwill(decision: GoodwillDecision, number: str) -> tuple[str, dict[str, str]]:
    """The response that says what the rules give, and what fills it."""
    return f"utter_goodwill_{decision.outcome.value}", {
        "number": show_order_number(number),
        "days": "1 day" if decision.days_late == 1 else f"{decision.days_late} days",
        "points": str(decision.worth),
        "amount": money(decision.worth),
        "promised_on": day(decision.promised_on) if decision.promised_on else "",
        "given_on": day(decision.given_on) if decision.given_on else "",
        "reference": decision.reference,
    }
