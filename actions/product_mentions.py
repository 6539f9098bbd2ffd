"""Which product a message is about: named, picked from what was shown, or the one that was talked about last."""

from collections.abc import Sequence
from dataclasses import dataclass

from rasa_sdk import Tracker
from sqlalchemy.orm import Session

from actions.product_wishes import filters_in
from actions.product_words import aspect_of_one
from parlance.actions.in_hand import is_list_in_hand, means_an_earlier_one, means_both, refs
from parlance.actions.messages import chosen, entities, free_answer, intent_of, last_shown, latest_text, marked_in
from shop.browsing import ALL, Filters, browse
from shop.models import Product
from shop.product_choice import first_by
from shop.product_summary import ProductSummary, read_products
from shop.products import by_sku, find_by_name

MOST_TO_CHOOSE_FROM = 5


@dataclass(frozen=True)
class Mention:
    """``products`` are what may be meant, best first: one is clear; several have to be asked about, unless all are
    meant ``together``. ``said`` is what the customer called it, empty where the message names none."""

    products: tuple[ProductSummary, ...] = ()
    said: str = ""
    together: bool = False


def shown_skus(tracker: Tracker) -> list[str]:
    """The products that were shown last, in their order."""
    return [str(thing["ref"]) for thing in last_shown(tracker, "product")]


def find_mention(session: Session, tracker: Tracker) -> Mention:
    """The product that the latest message is about, apart from "it"."""
    shown = shown_skus(tracker)
    for name in reversed(entities(tracker, "product")):
        return Mention(named(session, str(name), shown), str(name))
    position = chosen(tracker, len(shown))
    if position is not None:
        return Mention(in_order(session, [shown[position]]), shown[position])
    in_hand = _in_hand(session, tracker, shown)
    if in_hand.products:
        return in_hand
    filters = filters_in(tracker)
    kind = Filters(category=filters.category, colour=filters.colour)
    if kind.category or (kind.colour and shown):
        near = [*filter(None, [tracker.get_slot("product")]), *shown, *refs(tracker, "product")]
        return Mention(_of_kind(session, kind, near), kind.category or "")
    answer = free_answer(tracker, "product") if intent_of(tracker) in ("inform", "nlu_fallback") else None
    if answer:
        return Mention(named(session, answer, shown), answer)
    together = meant_together(session, tracker)
    return Mention(together, together=True) if together else Mention()


def _in_hand(session: Session, tracker: Tracker, shown: Sequence[str]) -> Mention:
    """One of what was shown by an attribute, "the cheaper one", or the one that was talked about before the last."""
    text, talked_about = latest_text(tracker), refs(tracker, "product")
    aspect = aspect_of_one(text)
    if aspect and (len(shown) > 1 or len(talked_about) > 1):
        one = first_by(in_order(session, shown if len(shown) > 1 else talked_about[:2]), aspect)
        return Mention((one,), aspect.value) if one else Mention()
    current = tracker.get_slot("product")
    before = [sku for sku in talked_about if sku != current]
    if before and means_an_earlier_one(text):
        return Mention(in_order(session, before[:1]), before[0])
    return Mention()


def meant_together(session: Session, tracker: Tracker) -> tuple[ProductSummary, ...]:
    """The products that a message means which names none: "both", "them", or whatever was listed last; none where it is
    about a single one."""
    message = dict(tracker.latest_message)
    if any(found["entity"] in ("product", "category", "ordinal") for found in marked_in(message)):
        return ()
    shown, listed = shown_skus(tracker), is_list_in_hand(tracker, "product")
    if len(shown) > 1 and listed:
        return in_order(session, shown[:MOST_TO_CHOOSE_FROM])
    talked_about = refs(tracker, "product")[:2]
    if not means_both(latest_text(tracker)) or len(talked_about) < 2:
        return ()
    return in_order(session, talked_about)


def named(session: Session, name: str, shown: Sequence[str] = ()) -> tuple[ProductSummary, ...]:
    """Products by SKU or name; of several that fit, one that was shown is meant."""
    by_number = by_sku(session, name.strip().upper())
    if by_number:
        return (by_number,)
    found = find_by_name(session, name, MOST_TO_CHOOSE_FROM)
    exactly = tuple(product for product in found if product.name.casefold() == name.strip().casefold())
    seen = tuple(product for product in found if product.sku in shown)
    return exactly or seen or found


def in_order(session: Session, skus: Sequence[str]) -> tuple[ProductSummary, ...]:
    """Products by their SKUs, in that order."""
    found = {product.sku: product for product in read_products(session, Product.sku.in_(skus))}
    return tuple(found[sku] for sku in skus if sku in found)


def _of_kind(session: Session, kind: Filters, near: Sequence[str]) -> tuple[ProductSummary, ...]:
    """ "The rug": the last product if it is one, those shown that are, or the shop's."""
    fitting = browse(session, kind, ALL)
    found = {product.sku: product for product in fitting.products} if not fitting.dropped else {}
    if near and near[0] in found:
        return (found[near[0]],)
    seen = tuple(found[sku] for sku in near if sku in found)
    if seen or not kind.category:
        return seen
    return tuple(found.values())[:MOST_TO_CHOOSE_FROM]
