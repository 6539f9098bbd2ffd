"""Whose basket a conversation fills, and which of the things in it a message means."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions.customers import KnownCustomer, Proof, proof_of, recognise
from actions.items import goods_in, named_in
from actions.shop_access import ask_shop
from actions.wording import money
from parlance.actions.messages import chosen, entity, last_shown, messages_of_request
from shop import baskets
from shop.baskets import Basket, BasketItem, Owner

BASKET_KEY = "basket_key"
"""The slot for the key of this conversation's basket, which is gone with whoever has filled it."""
SHOWN = "basket"
"""The kind of what the slot ``shown`` lists of a basket."""
WRAPPED = "gift wrapped"


@dataclass(frozen=True)
class Shopper:
    """Whose basket it is, and the customer whom the conversation knows. Only who has signed in has a basket that
    outlives the conversation: what a parcel's label says shows nobody what else somebody is about to buy."""

    owner: Owner
    customer: KnownCustomer | None = None
    is_signed_in: bool = False


async def shopper_of(tracker: Tracker) -> tuple[Shopper, list[EventType]]:
    """Who shops here, and slots to set.

    Raises:
        ShopUnavailable: The database cannot be used.
    """
    customer, events = await recognise(tracker)
    tracker.add_slots(events)
    key = tracker.get_slot(BASKET_KEY)
    if customer and await proof_of(tracker, customer) is Proof.SIGNED_IN:
        owner = Owner(f"customer {customer.id}", customer.id)
        if key:
            await ask_shop(baskets.take_over, str(key), owner)
            events = [*events, SlotSet(BASKET_KEY, None)]
        return Shopper(owner, customer, is_signed_in=True), events
    if not key:
        key = secrets.token_urlsafe(24)
        events = [*events, SlotSet(BASKET_KEY, key)]
    tracker.add_slots(events)
    return Shopper(Owner(str(key), customer.id if customer else None), customer), events


def shown_basket(basket: Basket) -> SlotSet:
    """What was listed, for "the second one"."""
    return SlotSet("shown", [{"kind": SHOWN, "ref": item.sku, "name": item.name} for item in basket.items])


def item_meant(tracker: Tracker, items: Sequence[BasketItem], only_named: bool = False) -> BasketItem | None:
    """Which of the things in a basket the latest message means: by name, by its place in the list, as the one that was
    talked about last, or because there is no other.

    Args:
        tracker: The conversation.
        items: What is in the basket.
        only_named: Whether the last two do not count.
    """
    by_sku = {item.sku: item for item in items}
    if entity(tracker, "product") in by_sku:  # a button's
        return by_sku[str(entity(tracker, "product"))]
    listed = [thing for thing in last_shown(tracker, SHOWN) if thing["ref"] in by_sku]
    position = chosen(tracker, len(listed)) if entity(tracker, "ordinal") else None
    if position is not None:
        return by_sku[listed[position]["ref"]]
    said = goods_in(tracker.latest_message)
    found = named_in(said, items)
    if found is not None:
        return next(item for item in items if item.product_id == found)
    if said or only_named:
        return None
    return by_sku.get(tracker.get_slot("product") or "") or (items[0] if len(items) == 1 else None)


def lines_of(basket: Basket) -> str:
    """What is in a basket, a line for each."""
    return "\n".join(
        f"- {item.quantity} × {item.name}: {money(item.quantity * item.unit_price_pence)}"
        + (f" ({WRAPPED}{f': “{item.note}”' if item.note else ''})" if item.is_wrapped else "")
        for item in basket.items
    )


def goods_of(basket: Basket) -> str:
    """What is in a basket as one line."""
    return ", ".join(
        f"{item.quantity} × {item.name}{f' ({WRAPPED})' if item.is_wrapped else ''}" for item in basket.items
    )


def request_text(tracker: Tracker) -> str:
    """What the customer wrote since, and when, they asked for what is in hand; the latest first."""
    texts = (str(message.get("text") or "") for message in messages_of_request(tracker))
    return "\n".join(text for text in texts if not text.startswith("/"))
