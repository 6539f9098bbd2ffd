"""Who Fern is talking to."""

import logging
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions.shop_access import ask_shop
from shop import one_time_codes, preferences
from shop.customers import CustomerSummary, customer_by_email
from shop.errors import ShopUnavailable
from shop.identity import identity_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class KnownCustomer:
    """A customer who proved who they are in this conversation. Kept in the slot ``customer``."""

    id: int
    first_name: str
    email: str

    @classmethod
    def of(cls, summary: CustomerSummary) -> "KnownCustomer":
        """From what the shop knows."""
        return cls(summary.id, summary.first_name, summary.email)

    def remembered(self) -> list[EventType]:
        """The slots that keep them for the rest of the conversation."""
        return [SlotSet("customer", asdict(self)), SlotSet("email", self.email)]


def known_customer(tracker: Tracker) -> KnownCustomer | None:
    """The customer whom this conversation has recognised already."""
    slot = tracker.get_slot("customer")
    return KnownCustomer(**slot) if slot else None


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
    identity = identity_of(_token(tracker))
    signed_in = await ask_shop(customer_by_email, identity.email) if identity else None
    if signed_in is not None and signed_in.id == customer.id:
        return Proof.SIGNED_IN
    by_code = await ask_shop(one_time_codes.proved, customer.id, tracker.sender_id)
    return Proof.CODE if by_code else Proof.ORDER_AND_EMAIL


async def recognise(tracker: Tracker) -> tuple[KnownCustomer | None, list[EventType]]:
    """The customer, from the conversation or from the signed token that the channel passes on, and slots to set.

    Raises:
        ShopUnavailable: The database cannot be used.
    """
    known = known_customer(tracker)
    if known:
        return known, []
    identity = identity_of(_token(tracker)) if _token(tracker) else None
    summary = await ask_shop(customer_by_email, identity.email) if identity else None
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
    told = tracker.get_slot("preferences")
    if told:
        kept = await ask_shop(preferences.remember, known.id, tracker.sender_id, **told)
    else:
        kept = await ask_shop(preferences.of, known.id)
    events = [*known.remembered(), SlotSet("tone", kept.tone or None)]
    return known, [*events, SlotSet("preferences", None)] if told else events


def _token(tracker: Tracker) -> str:
    """The newest identity token in the conversation; buttons' messages carry one like any other message."""
    for event in reversed(tracker.events):
        metadata: dict[str, Any] = event.get("metadata") or {}
        if event.get("event") == "user" and metadata.get("identity_token"):
            return str(metadata["identity_token"])
    return ""
