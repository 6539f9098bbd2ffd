"""Who Fern is talking to."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions.shop_access import ask_shop
from parlance.actions.messages import GOES_ON
from shop import one_time_codes, preferences
from shop.customers import CustomerSummary, customer_by_email, note_conversation
from shop.errors import ShopUnavailable
from shop.identity import identity_of
from shop.recognition import Recognition, recognition_in, sign

logger = logging.getLogger(__name__)

CUSTOMER = "customer"
"""The slot for whom the conversation has recognised, a token of ``shop.recognition``; read it by ``known_customer``."""

ADDRESS = frozenset(("usual_address", "usual_postcode"))
"""The preferences that are neither told to nor kept for whom a parcel's label may have introduced: orders may go there.
"""


@dataclass(frozen=True)
class KnownCustomer:
    """A customer who proved who they are in this conversation."""

    id: int
    first_name: str
    email: str

    @classmethod
    def of(cls, summary: CustomerSummary) -> "KnownCustomer":
        """From what the shop knows."""
        return cls(summary.id, summary.first_name, summary.email)

    def remembered(self, tracker: Tracker) -> list[EventType]:
        """The slots that keep them for the rest of the conversation.

        Raises:
            ShopUnavailable: There is no secret to sign with.
        """
        before = recognition_in(tracker.get_slot(CUSTOMER), tracker.sender_id)
        since = before.since if before and before.customer_id == self.id else time.time()
        recognition = Recognition(self.id, self.first_name, self.email, signed_in_as(tracker), since)
        return [SlotSet(CUSTOMER, sign(recognition, tracker.sender_id)), SlotSet("email", self.email)]


def known_customer(tracker: Tracker) -> KnownCustomer | None:
    """The customer whom this conversation has recognised already; nobody where the latest message is of another, or
    where they had signed in and are not any more."""
    known = recognition_in(tracker.get_slot(CUSTOMER), tracker.sender_id)
    if known is None or signed_in_as(tracker) not in (known.email, known.signed_in):
        return None
    return KnownCustomer(known.customer_id, known.first_name, known.email)


def signed_in_as(tracker: Tracker) -> str:
    """The e-mail address that the channel vouches for with the latest message; empty where it does not."""
    identity = identity_of(_token(tracker)) if _token(tracker) else None
    return identity.email if identity else ""


def is_from_customer(event: Mapping[str, Any]) -> bool:
    """Whether an event is a message that came in by a channel, and none that an action took up again."""
    return event.get("event") == "user" and GOES_ON not in (event.get("parse_data") or {})


def token_of(event: Mapping[str, Any]) -> str:
    """The identity token that came with a message, unchecked; buttons' messages carry one like any other."""
    metadata: dict[str, Any] = event.get("metadata") or {}
    return str(metadata.get("identity_token") or "")


class Proof(IntEnum):
    """How well a customer has proved who they are. What a parcel's label says is enough to look, not to act."""

    NOBODY = 0
    ORDER_AND_EMAIL = 1
    CODE = 2
    SIGNED_IN = 3


async def proof_of(tracker: Tracker, customer: KnownCustomer | None) -> Proof:
    """What this conversation has proved of being this customer: by the channel's signed token and the shop's record of
    codes, never by a slot.

    Raises:
        ShopUnavailable: The database cannot be used.
    """
    if customer is None:
        return Proof.NOBODY
    email = signed_in_as(tracker)
    signed_in = await ask_shop(customer_by_email, email) if email else None
    if signed_in is not None and signed_in.id == customer.id:
        return Proof.SIGNED_IN
    known = recognition_in(tracker.get_slot(CUSTOMER), tracker.sender_id)
    if known is None or known.customer_id != customer.id:
        return Proof.NOBODY
    since = datetime.utcfromtimestamp(known.since)
    by_code = await ask_shop(one_time_codes.proved, customer.id, tracker.sender_id, since)
    return Proof.CODE if by_code else Proof.ORDER_AND_EMAIL


async def recognise(tracker: Tracker) -> tuple[KnownCustomer | None, list[EventType]]:
    """The customer, from the conversation or from the signed token that the channel passes on, and slots to set.

    Raises:
        ShopUnavailable: The database cannot be used.
    """
    known = known_customer(tracker)
    if known:
        return known, []
    email = signed_in_as(tracker)
    summary = await ask_shop(customer_by_email, email) if email else None
    return await get_to_know(tracker, summary) if summary else (None, [])


async def recognise_if_possible(tracker: Tracker) -> list[EventType]:
    """The slots of ``recognise``; none where the shop cannot be reached, for what can do without knowing."""
    try:
        _, events = await recognise(tracker)
    except ShopUnavailable as error:
        logger.error("%s", error)
        return []
    return events


async def get_to_know(tracker: Tracker, summary: CustomerSummary) -> tuple[KnownCustomer, list[EventType]]:
    """A customer who has just proved who they are: how they like to be talked to, and what they asked Fern to remember
    before it knew them.

    Raises:
        ShopUnavailable: The database cannot be used.
    """
    known = KnownCustomer.of(summary)
    await ask_shop(note_conversation, known.id, tracker.sender_id)
    told = dict(tracker.get_slot("preferences") or {})
    if not signed_in_as(tracker):
        told = {field: value for field, value in told.items() if field not in ADDRESS}
    if told:
        kept = await ask_shop(preferences.remember, known.id, tracker.sender_id, **told)
    else:
        kept = await ask_shop(preferences.of, known.id)
    events = [*known.remembered(tracker), SlotSet("tone", kept.tone or None)]
    return known, [*events, SlotSet("preferences", None)] if tracker.get_slot("preferences") else events


def _token(tracker: Tracker) -> str:
    return next((token_of(event) for event in reversed(tracker.events) if is_from_customer(event)), "")
