"""Finding products, narrowing a search, and recommending."""

import re
from abc import ABC, abstractmethod
from dataclasses import replace

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict
from sqlalchemy.orm import Session

from actions.customers import recognise
from actions.product_cards import cards, phrase, shown_products
from actions.product_mentions import find_mention, in_order, named, shown_skus
from actions.product_wishes import direction_in, filters_in, merged
from actions.product_words import LIKE_IT
from actions.shop_access import ask_shop
from actions.wording import money
from parlance.actions.action import Action
from parlance.actions.form_endings import ask_again_later
from parlance.actions.in_hand import is_list_in_hand, refs
from parlance.actions.messages import entities, latest_text
from parlance.actions.pending_requests import take_up
from shop.browsing import Filters, Found, browse, turned
from shop.errors import ShopUnavailable
from shop.preferences import Preferences
from shop.recommendations import Wishes, recommend

MATCHING = re.compile(
    r"\bto (?:match|go with)\b|\bmatching\b|\b(?:that|which) (?:match|go(?:es)? with)\b", re.IGNORECASE
)
"""Of goods that are asked for themselves: "and cushions to match"."""
ANYTHING_FOR = re.compile(r"\b(?:some|any)thing (?:\w{1,12} ){0,2}(?:for|in) (?:the|my|our|a)\b", re.IGNORECASE)
SUGGESTED = "suggested"
"""The part of the slot ``search`` that says for what products were recommended, where they were not searched for."""
BESIDE = re.compile(
    r"\b(?:go(?:es)?|works?|pairs?|looks?)\b.*\b(?:with|alongside)\b|\bmatch(?:es)?\b|\bbeside\b|\bnext to\b",
    re.IGNORECASE,
)


class ProductSearch(Action, ABC):
    """What searches for products and shows them."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        try:
            return await self.search(dispatcher, tracker, domain)
        except ShopUnavailable as error:
            return ask_again_later(dispatcher, tracker, error)

    @abstractmethod
    async def search(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        """Search, show, and return slots to set."""

    async def show(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict, filters: Filters
    ) -> list[EventType]:
        """Show what fits the filters, and remember them; say what had to be left out."""
        found: Found = await ask_shop(browse, filters)
        if not found.products:
            dispatcher.utter_message(response="utter_nothing_found", what=filters.category or filters.text)
            return [SlotSet("search", None)]
        response = f"utter_found_without_{found.dropped}" if found.dropped else "utter_found"
        dispatcher.utter_message(
            response=response,
            json_message=cards(found.products, domain),
            colour=filters.colour or "",
            material=filters.material or "",
            size=filters.size or "",
            room=filters.room or "",
            amount=money(filters.max_pence or filters.min_pence or 0),
        )
        return [SlotSet("search", found.filters.stored()), *shown_products(tracker, found.products, self.name())]


class ActionFindProducts(ProductSearch):
    """Searches by what the message names; a new search forgets the last one's filters."""

    def name(self) -> str:
        return "action_find_products"

    async def search(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        name = " ".join(entities(tracker, "product")[:1])
        products = await ask_shop(named, name) if name else ()
        if products:
            dispatcher.utter_message(response="utter_found", json_message=cards(products, domain))
            return [SlotSet("search", Filters(text=name).stored()), *shown_products(tracker, products, self.name())]
        if MATCHING.search(latest_text(tracker)) and product_in_hand(tracker):
            return await suggest(dispatcher, tracker, domain, await ask_shop(wishes_in, tracker))
        filters = filters_in(tracker)
        if narrows(tracker, filters):
            return take_up(domain, "refine_search", dict(tracker.latest_message))
        if filters in (Filters(), Filters(in_stock=True)):
            # Nothing that NLU knows for a filter: "something to keep spices in".
            filters = replace(filters, text=name or latest_text(tracker))
            if not filters.text or not (await ask_shop(browse, filters)).products:
                dispatcher.utter_message(response="utter_ask_category")
                return [SlotSet("search", None)]
        return await self.show(dispatcher, tracker, domain, filters)


class ActionRefineSearch(ProductSearch):
    """Narrows or turns the search that was shown: "cheaper ones", "no, the blue one", "in oak"."""

    def name(self) -> str:
        return "action_refine_search"

    async def search(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        said, way = filters_in(tracker), direction_in(latest_text(tracker))
        in_hand = product_in_hand(tracker)
        like_it = LIKE_IT.search(latest_text(tracker)) is not None or not shown_skus(tracker)
        shown = await ask_shop(in_order, [in_hand] if in_hand and like_it else shown_skus(tracker))
        stored = {} if in_hand and like_it else dict(tracker.get_slot("search") or {})
        suggested = stored.pop(SUGGESTED, None)
        if (not stored and not shown and suggested is None) or begins_anew(tracker, said):
            return take_up(domain, "find_product", dict(tracker.latest_message))
        # Where a product was talked about without a search, it says what the search is about.
        kind = shown[0].category if len(shown) == 1 and not stored and suggested is None else None
        before = replace(Filters.of(stored), category=kind or stored.get("category"))
        filters = merged(before, said)
        if said.max_pence is None and said.min_pence is None and way:
            filters = turned(filters, shown, way)
        elif suggested is not None and said == Filters():
            # "She likes cooking", of whom the present is for.
            text = f"{suggested['text']} {latest_text(tracker)}".strip()
            suggested = {**suggested, "text": text}
        elif said == Filters():
            dispatcher.utter_message(response="utter_refine_unclear")
            return []
        if suggested is not None:
            return await suggest(dispatcher, tracker, domain, Wishes(filters, suggested["beside"], suggested["text"]))
        return await self.show(dispatcher, tracker, domain, filters)


class ActionRecommend(ProductSearch):
    """Recommends products and says why, to anybody; better to customers whom Fern knows."""

    def name(self) -> str:
        return "action_recommend"

    async def search(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        return await suggest(dispatcher, tracker, domain, await ask_shop(wishes_in, tracker))


async def suggest(
    dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict, wishes: Wishes
) -> list[EventType]:
    """Recommend, with the reasons on the cards. The slot ``search`` keeps what it was for, so that it can be refined.

    Raises:
        ShopUnavailable: The database cannot be used.
    """
    customer, events = await recognise(tracker)
    wishes = replace(wishes, likes=Preferences(**(tracker.get_slot("preferences") or {})))
    suggested = await ask_shop(recommend, customer.id if customer else None, wishes)
    if not suggested:
        dispatcher.utter_message(response="utter_nothing_to_recommend")
        return events
    reasons = {
        one.product.sku: phrase(domain, f"utter_because_{one.because.code}", what=one.because.what) for one in suggested
    }
    products = [one.product for one in suggested]
    dispatcher.utter_message(
        response="utter_recommend_popular" if suggested[0].because.code == "popular" else "utter_recommend",
        json_message=cards(products, domain, reasons),
    )
    search = {**wishes.filters.stored(), SUGGESTED: {"text": wishes.text, "beside": wishes.beside}}
    return [*events, SlotSet("search", search), *shown_products(tracker, products, "action_recommend", reasons)]


def wishes_in(session: Session, tracker: Tracker) -> Wishes:
    """What a request for a recommendation asks for. "What goes with a navy sofa" does not ask for sofas."""
    text, filters = latest_text(tracker), filters_in(tracker)
    name = " ".join(entities(tracker, "product")[:1])
    if not name and MATCHING.search(text):
        kind = Filters(category=filters.category, max_pence=filters.max_pence)
        return Wishes(filters=kind, beside=product_in_hand(tracker) or "", text=text)
    if not name and not BESIDE.search(text):
        return Wishes(filters=filters, text=text)
    beside = named(session, name, shown_skus(tracker)) if name else find_mention(session, tracker).products
    sku = beside[0].sku if beside else product_in_hand(tracker) or ""
    return Wishes(filters=Filters(max_pence=filters.max_pence, room=filters.room), beside=sku, text=text)


def product_in_hand(tracker: Tracker) -> str | None:
    """The product that was talked about last, or the first of those that were shown after it."""
    shown = shown_skus(tracker)
    if shown and is_list_in_hand(tracker, "product"):
        return shown[0]
    return tracker.get_slot("product") or next(iter(refs(tracker, "product")), None)


def narrows(tracker: Tracker, said: Filters) -> bool:
    """Whether a search says nothing of its own but a colour, a material, a size or a price: "something in blue"."""
    alone = replace(said, colour=None, material=None, size=None, max_pence=None, min_pence=None, not_in=())
    is_open = bool(tracker.get_slot("search")) and bool(shown_skus(tracker))
    return is_open and alone == Filters() and said != Filters() and not begins_anew(tracker, said)


def begins_anew(tracker: Tracker, said: Filters) -> bool:
    """Whether a search looks for anything at all for another room: "what about something for the garden"."""
    searched = (tracker.get_slot("search") or {}).get("room")
    return bool(said.room) and said.room != searched and ANYTHING_FOR.search(latest_text(tracker)) is not None
