"""Claims for what came broken, wrong or incomplete. Their photos are in claim_photos.py."""

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.claim_photos import ASKS, NO_PHOTO, PHOTO_ID, WORDS_OF_A_DETAIL, says_no_photo
from actions.customer_forms import ConfirmedAct
from actions.customers import KnownCustomer, Proof, known_customer
from actions.items import AskConsent, ItemForm, Line, about_order, goods_in
from actions.shop_access import ask_shop
from parlance.actions import consent
from parlance.actions.acts import CORRECT, act_of
from parlance.actions.confirmation import Question
from parlance.actions.consent import CONFIRMED
from parlance.actions.form_endings import refuse
from parlance.actions.in_hand import hold
from parlance.actions.messages import entity, free_answer, intent_of, is_asked_for, latest_text, yes_or_no
from parlance.actions.questions import MOST_ASKED, times_asked
from shop.claims import ClaimKind, ClaimOutcome, attach_photo, claim_that_is_open, claimable_lines, open_claim
from shop.order_numbers import show_order_number

PART_IS_MISSING = re.compile(
    r"\b(?:missing|lacks|lacking|without|incomplete|left out|not in(?:side)? the (?:box|pack)|only (?:one|half|part)|"
    r"no (?:screws?|bolts?|legs?|fittings?|instructions|lid|bulb|shade|cover|insert))\b",
    re.I,
)
TELLS_WHAT_IS_WRONG = frozenset({"item_damaged", "wrong_item", "parcel_missing", "complaint", "start_return"})
"""Intents that an answer to "what is wrong with it?" may be taken for."""
WORDS_THAT_DESCRIBE = 7
"""A first message of so many words has said already what is wrong."""
CLAIM_REFUSED = {
    ClaimOutcome.NOT_DELIVERED: ("utter_claim_not_delivered", "order_status"),
    ClaimOutcome.TOO_OLD: ("utter_claim_too_old", "human_handoff"),
    ClaimOutcome.NOT_FOUND: ("utter_order_not_yours", None),
}
"""What is said where no claim can be opened, and what is offered instead."""


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
        tells = intent_of(tracker) in self.requests or act_of(tracker) == CORRECT
        says_enough = len(latest_text(tracker).split()) >= WORDS_OF_A_DETAIL and not goods_in(tracker.latest_message)
        return (
            tells and says_enough and is_asked_for(tracker, CONFIRMED) and consent.answer(tracker, self.act) is not True
        )

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
        return (
            {"photo": NO_PHOTO}
            if answer and not ASKS.search(answer) and times_asked(tracker, "photo") >= MOST_ASKED
            else {}
        )

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
        return [*events, SlotSet("claim", claim.reference), *hold(tracker, "case", claim.reference)]


class ActionAskClaimFormConfirmed(AskConsent):
    """Asks whether to open the claim, with what it will say."""

    form = "claim_form"

    async def question(self, tracker: Tracker) -> Question | None:
        return await about_order(tracker, "utter_confirm_claim", description=tracker.get_slot("description"))


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
        held = hold(tracker, "case", claim.reference, self.name())
        return [SlotSet("claim", claim.reference), SlotSet("offer", None), *held]


def kind_of(request: str, description: str) -> ClaimKind:
    """What a claim is about: what the customer asked for, and whether something is missing rather than wrong."""
    if request == "item_damaged":
        return "damaged"
    return "missing_part" if PART_IS_MISSING.search(description) else "wrong_item"
