"""Delivery: parcels that do not come, goods that come broken or wrong, and another day for a delivery."""

import logging
import re
from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customer_forms import CompletedForm, ConfirmedAct, OrderForm
from actions.customers import KnownCustomer, Proof, known_customer
from actions.items import AskConsent, ItemForm, Line, about_order, not_found
from actions.shop_access import ask_shop
from parlance.actions import consent
from parlance.actions.action import Action
from parlance.actions.confirmation import Question
from parlance.actions.consent import CONFIRMED
from parlance.actions.dates import find_date
from parlance.actions.form_endings import refuse
from parlance.actions.messages import entity, free_answer, intent_of, is_asked_for, latest_text, yes_or_no
from parlance.actions.offers import offering
from parlance.actions.wording import day
from shop.claims import (
    ClaimKind,
    ClaimOutcome,
    PhotoOutcome,
    attach_photo,
    claim_that_is_open,
    claimable_lines,
    open_claim,
)
from shop.delivery import (
    MissingOutcome,
    MissingReport,
    RescheduleOutcome,
    report_missing,
    reschedule,
    why_not_missing,
)
from shop.errors import ShopUnavailable
from shop.models import today
from shop.order_numbers import show_order_number

logger = logging.getLogger(__name__)

NO_PHOTO = "none"
PHOTO_ID = re.compile(r"[\w-]{1,64}")
SAYS_NO_PHOTO = re.compile(
    r"\b(?:(?:no|without) (?:\w+ )?(?:photo|pic|picture|image|camera)|none|later|can'?t|cannot|(?:don'?t|do not) have|"
    r"haven'?t|have not|not (?:now|yet|possible))",
    re.I,
)
ASKS = re.compile(r"\?|\bhow\b", re.I)
PART_IS_MISSING = re.compile(
    r"\b(?:missing|lacks|lacking|without|incomplete|left out|not in(?:side)? the (?:box|pack)|only (?:one|half|part)|"
    r"no (?:screws?|bolts?|legs?|fittings?|instructions|lid|bulb|shade|cover|insert))\b",
    re.I,
)
TELLS_WHAT_IS_WRONG = frozenset({"item_damaged", "wrong_item", "parcel_missing", "complaint", "start_return"})
"""Intents that an answer to "what is wrong with it?" may be taken for."""
WORDS_THAT_DESCRIBE = 7
"""A first message of so many words has said already what is wrong."""
WORDS_OF_A_DETAIL = 4
"""So many words where a photo was asked for add to what is wrong."""
CLAIM_REFUSED = {
    ClaimOutcome.NOT_DELIVERED: ("utter_claim_not_delivered", "order_status"),
    ClaimOutcome.TOO_OLD: ("utter_claim_too_old", "human_handoff"),
    ClaimOutcome.NOT_FOUND: ("utter_order_not_yours", None),
}
"""What is said where no claim can be opened, and what is offered instead."""
MISSING_OFFERS = {MissingOutcome.NOT_SENT: "order_status", MissingOutcome.TOO_OLD: "human_handoff"}
OFFER_NEAREST_DAY = (RescheduleOutcome.TOO_SOON, RescheduleOutcome.TOO_FAR, RescheduleOutcome.NOT_A_DELIVERY_DAY)


# Missing parcels --------------------------------------------------------------------------------------------------


class ValidateMissingForm(OrderForm):
    """A parcel that is looked for: which order, and a yes."""

    act = "look search open start find chase parcel order carrier"

    def name(self) -> str:
        return "validate_missing_form"

    def further(self, tracker: Tracker) -> list[str]:
        return [CONFIRMED]

    async def look_up_order(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: DomainDict,
        customer: KnownCustomer,
        said: dict[str, Any],
    ) -> list[EventType]:
        """Ends the form where the carrier cannot look for it, or does already."""
        number = tracker.get_slot("order_number")
        refusal = await ask_shop(why_not_missing, number, customer.id)
        if refusal is None:
            return []
        response, blanks = told_of_search(refusal, number)
        return refuse(dispatcher, response, MISSING_OFFERS.get(refusal.outcome), **blanks)


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
        return [SlotSet("offer", MISSING_OFFERS.get(report.outcome))]


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


# Claims -----------------------------------------------------------------------------------------------------------


class ValidateClaimForm(ItemForm):
    """What arrived broken, wrong or incomplete: which item, what is wrong with it, and a photo if there is one."""

    requests: ClassVar[frozenset[str]] = frozenset({"item_damaged", "wrong_item"})
    act = "open start claim file report send order item"

    def name(self) -> str:
        return "validate_claim_form"

    def further(self, tracker: Tracker) -> list[str]:
        return ["item", "description", "photo", CONFIRMED]

    def extract_description(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """What is wrong: the answer to the question, or a first message that tells it."""
        if yes_or_no(tracker, "description") is not None and len(latest_text(tracker).split()) < 3:
            return {}
        answer = free_answer(tracker, "description", TELLS_WHAT_IS_WRONG)
        if answer is None and intent_of(tracker) in self.requests:
            words = [word for word in latest_text(tracker).split() if word.strip(".,!?").replace("'", "").isalpha()]
            answer = latest_text(tracker) if len(words) >= WORDS_THAT_DESCRIBE else None
        if answer and tracker.get_slot("description") is None:
            return {"description": answer}
        if self._corrects(tracker):
            return {"description": latest_text(tracker)}
        added = None if says_no_photo(tracker) else free_answer(tracker, "photo", TELLS_WHAT_IS_WRONG)
        if added and len(added.split()) >= WORDS_OF_A_DETAIL:
            return {"description": f"{tracker.get_slot('description')}\n{added}"}
        return {}

    def _corrects(self, tracker: Tracker) -> bool:
        """Whether the question for the yes is answered with what is wrong instead: what was said before is not it."""
        tells = intent_of(tracker) in self.requests and len(latest_text(tracker).split()) >= WORDS_OF_A_DETAIL
        return tells and is_asked_for(tracker, CONFIRMED) and consent.answer(tracker, self.act) is not True

    def extract_photo(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> dict[str, Any]:
        """That there is no photo. A photo itself comes as an entity."""
        if not is_asked_for(tracker, "photo") or entity(tracker, "photo"):
            return {}
        if says_no_photo(tracker):
            return {"photo": NO_PHOTO}
        if intent_of(tracker) in ("affirm", "send_photo"):
            return {"photo": None}  # nothing yet: the form asks again and says how (ActionAskPhoto)
        answer = free_answer(tracker, "photo", TELLS_WHAT_IS_WRONG)
        # Whoever answers with words twice is not asked a third time; a picture can be sent later, too.
        return {"photo": NO_PHOTO} if answer and not ASKS.search(answer) and asked_twice(tracker) else {}

    def validate_photo(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """The id of an upload, or that there is none."""
        return {"photo": value if isinstance(value, str) and PHOTO_ID.fullmatch(value) else None}

    async def lines(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer
    ) -> tuple[Sequence[Line], list[EventType]]:
        """What has arrived, and not too long ago."""
        number = tracker.get_slot("order_number")
        found = await ask_shop(claimable_lines, number, customer.id)
        if found.outcome is ClaimOutcome.OPENED:
            return found.lines, []
        response, offer = CLAIM_REFUSED[found.outcome]
        return (), refuse(dispatcher, response, offer, number=show_order_number(number))

    async def look_up_item(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, lines: Sequence[Line]
    ) -> list[EventType]:
        """Ends the form where this has been claimed already; a photo goes to the claim that is open."""
        customer, request = known_customer(tracker), tracker.get_slot("request")
        description = tracker.get_slot("description") or ""
        if customer is None or (request == "wrong_item" and not description):
            return []
        claim = await ask_shop(
            claim_that_is_open,
            tracker.get_slot("order_number"),
            customer.id,
            tracker.get_slot("item"),
            kind_of(request, description),
        )
        if claim is None:
            return []
        photo = tracker.get_slot("photo") if tracker.get_slot("photo") != NO_PHOTO else None
        if photo:
            await ask_shop(attach_photo, claim.reference, photo)
        without = "" if photo or claim.has_photo else "_without_photo"
        events = refuse(
            dispatcher,
            f"utter_claim_already_open{without}",
            reference=claim.reference,
            item=claim.item,
            email=customer.email,
        )
        return [*events, SlotSet("claim", claim.reference)]


class ActionAskClaimFormConfirmed(AskConsent):
    """Asks whether to open the claim, with what it will say."""

    form = "claim_form"

    async def question(self, tracker: Tracker) -> Question | None:
        return await about_order(tracker, "utter_confirm_claim", description=tracker.get_slot("description"))


class ActionAskPhoto(Action):
    """Asks for a photo; says how to send one to whoever agrees without sending it."""

    def name(self) -> str:
        return "action_ask_photo"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        agreed = is_asked_for(tracker, "photo") and intent_of(tracker) in ("affirm", "send_photo")
        dispatcher.utter_message(response="utter_photo_how" if agreed else "utter_ask_photo")
        return []


class ActionOpenClaim(ConfirmedAct):
    """Opens a claim for what is broken, wrong or incomplete."""

    needs_proof: ClassVar[Proof] = Proof.ORDER_AND_EMAIL
    forgets: ClassVar[tuple[str, ...]] = ("item", "description", "photo")

    def name(self) -> str:
        return "action_open_claim"

    async def act(self, dispatcher: CollectingDispatcher, tracker: Tracker, customer: KnownCustomer) -> list[EventType]:
        number, description = tracker.get_slot("order_number"), tracker.get_slot("description")
        photo = "" if tracker.get_slot("photo") == NO_PHOTO else tracker.get_slot("photo")
        kind = kind_of(tracker.get_slot("request"), description)
        claim = await ask_shop(
            open_claim, number, customer.id, tracker.get_slot("item"), kind, description, photo, tracker.sender_id
        )
        if claim.outcome in CLAIM_REFUSED:
            response, offer = CLAIM_REFUSED[claim.outcome]
            dispatcher.utter_message(response=response, number=show_order_number(number))
            return [SlotSet("offer", offer)]
        if photo and claim.outcome is ClaimOutcome.ALREADY_OPEN:
            await ask_shop(attach_photo, claim.reference, photo)
        without = "" if photo or claim.has_photo else "_without_photo"
        dispatcher.utter_message(
            response=f"utter_claim_{claim.outcome.value}{without}",
            number=show_order_number(number),
            reference=claim.reference,
            item=claim.item,
            email=customer.email,
        )
        return [SlotSet("claim", claim.reference), SlotSet("offer", None)]


class ActionAttachPhoto(Action):
    """A photo outside of the question for one: goes to the claim that was opened, or waits for one to be."""

    def name(self) -> str:
        return "action_attach_photo"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        photo, claim = entity(tracker, "photo"), tracker.get_slot("claim")
        if photo is None:
            dispatcher.utter_message(response="utter_photo_how_to_attach")
            return []
        if not PHOTO_ID.fullmatch(photo):
            return [SlotSet("photo", None)]
        if claim is None:
            in_form = bool(tracker.active_loop.get("name"))
            dispatcher.utter_message(response="utter_photo_noted" if in_form else "utter_photo_of_what")
            return []
        try:
            outcome = await ask_shop(attach_photo, claim, photo)
        except ShopUnavailable as error:
            logger.error("%s", error)
            dispatcher.utter_message(response="utter_photo_unavailable")
            return [SlotSet("offer", offering("send_photo", photo=photo))]
        if outcome is PhotoOutcome.NOT_FOUND:  # the claim is closed
            dispatcher.utter_message(response="utter_photo_of_what")
            return [SlotSet("claim", None)]
        dispatcher.utter_message(response=f"utter_photo_{outcome.value}", reference=claim)
        return [SlotSet("photo", None)]


def says_no_photo(tracker: Tracker) -> bool:
    """Whether the customer has no photo to send, or not now; "later" is no goodbye here."""
    text = latest_text(tracker)
    if intent_of(tracker) == "deny":
        return True
    answers = free_answer(tracker, "photo", ("send_photo",)) is not None or len(text.split()) < WORDS_OF_A_DETAIL
    return answers and bool(SAYS_NO_PHOTO.search(text)) and not ASKS.search(text)


def asked_twice(tracker: Tracker) -> bool:
    """Whether this form has asked for a photo twice."""
    asked = 0
    for event in reversed(tracker.events):
        if event.get("event") == "active_loop":
            break
        asked += event.get("event") == "action" and event.get("name") == "action_ask_photo"
    return asked >= 2


def kind_of(request: str, description: str) -> ClaimKind:
    """What a claim is about: what the customer asked for, and whether something is missing rather than wrong."""
    if request == "item_damaged":
        return "damaged"
    return "missing_part" if PART_IS_MISSING.search(description) else "wrong_item"


# Another day ------------------------------------------------------------------------------------------------------


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
        speaks_of_it = is_asked_for(tracker, "delivery_day") or intent_of(tracker) == "reschedule_delivery"
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
