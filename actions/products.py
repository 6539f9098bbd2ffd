"""Products: finding and recommending them, questions about one, comparing two, and waiting for one."""

import re
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, ClassVar

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict
from sqlalchemy.orm import Session

from actions.customers import known_customer, recognise
from actions.forms import ENDED, Form, ended, refuse, try_again_later, unavailable
from actions.messages import chosen, entities, intent_of, latest_text, picked
from actions.product_cards import cards, phrase, product_buttons, shown_products
from actions.product_mentions import Mention, find_mention, in_order, named, shown_skus
from actions.product_wishes import FILTERS, direction_in, filters_in, merged
from actions.requests import ABOUT_AN_ORDER, resume_later, take_up
from actions.shop_access import ask_shop
from actions.wording import listing, money
from shop.browsing import Filters, Found, browse, turned
from shop.errors import ShopUnavailable
from shop.preferences import Preferences
from shop.product_summary import ProductSummary
from shop.products import StockNoticeOutcome, ask_stock_notice, by_sku, compare
from shop.recommendations import Wishes, recommend

QUESTIONS = frozenset(
    "product_details product_dimensions product_material product_care check_stock back_in_stock".split()
)
"""The requests that are about one product."""
PRODUCT_FORMS = frozenset(("product_form", "notice_form"))
"""The forms of questions about products. One that is open when such a question comes goes on after the answer."""
MAY_NAME_ONE = frozenset({"inform", "select_option", "refine_search", "nlu_fallback"})
"""Other intents of messages that may say which product is meant."""
FEW = 5
SUGGESTED = "suggested"
"""The part of the slot ``search`` that says for what products were recommended, where they were not searched for."""
BESIDE = re.compile(
    r"\b(?:go(?:es)?|works?|pairs?|looks?)\b.*\b(?:with|alongside)\b|\bmatch(?:es)?\b|\bbeside\b|\bnext to\b",
    re.IGNORECASE,
)


# Finding ----------------------------------------------------------------------------------------------------------


class ProductSearch(Action, ABC):
    """What searches for products and shows them."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        try:
            return await self.search(dispatcher, tracker, domain)
        except ShopUnavailable as error:
            events = try_again_later(dispatcher, tracker, error)
            # No form holds what was asked for, so the message itself is what a "yes" takes up.
            return [*events, SlotSet("offer", again(tracker))]

    @abstractmethod
    async def search(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        """Search, show, and return slots to set."""

    async def show(self, dispatcher: CollectingDispatcher, domain: DomainDict, filters: Filters) -> list[EventType]:
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
        return [SlotSet("search", found.filters.stored()), *shown_products(found.products)]


class ActionFindProducts(ProductSearch):
    """Searches by what the message names; a new search forgets the last one's filters."""

    def name(self) -> str:
        return "action_find_products"

    async def search(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        name = " ".join(entities(tracker, "product")[:1])
        products = await ask_shop(named, name) if name else ()
        if products:
            dispatcher.utter_message(response="utter_found", json_message=cards(products, domain))
            return [SlotSet("search", Filters(text=name).stored()), *shown_products(products)]
        filters = filters_in(tracker)
        if filters in (Filters(), Filters(in_stock=True)):
            # Nothing that NLU knows for a filter: "something to keep spices in".
            filters = replace(filters, text=name or latest_text(tracker))
            if not filters.text or not (await ask_shop(browse, filters)).products:
                dispatcher.utter_message(response="utter_ask_category")
                return [SlotSet("search", None)]
        return await self.show(dispatcher, domain, filters)


class ActionRefineSearch(ProductSearch):
    """Narrows or turns the search that was shown: "cheaper ones", "no, the blue one", "in oak"."""

    def name(self) -> str:
        return "action_refine_search"

    async def search(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        said, way = filters_in(tracker), direction_in(latest_text(tracker))
        shown = await ask_shop(in_order, shown_skus(tracker))
        stored = dict(tracker.get_slot("search") or {})
        suggested = stored.pop(SUGGESTED, None)
        if not stored and not shown:
            return take_up(domain, "find_product", dict(tracker.latest_message))
        # Where a product was talked about without a search, it says what the search is about.
        kind = shown[0].category if len(shown) == 1 and not stored and suggested is None else None
        before = replace(Filters.of(stored), category=kind or stored.get("category"))
        filters = merged(before, said)
        if said.max_pence is None and said.min_pence is None and way:
            filters = turned(filters, shown, way)
        elif said == Filters():
            dispatcher.utter_message(response="utter_refine_unclear")
            return []
        if suggested is not None:
            return await suggest(dispatcher, tracker, domain, Wishes(filters, suggested["beside"], suggested["text"]))
        return await self.show(dispatcher, domain, filters)


class ActionSelectOption(Action):
    """Takes "the second one" of what was listed: tells about a product, or goes on with an order."""

    def name(self) -> str:
        return "action_select_option"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        shown = tracker.get_slot("shown") or []
        position = chosen(tracker, len(shown))
        if position is None:
            try:
                mention = await ask_shop(find_mention, tracker)
            except ShopUnavailable as error:
                return try_again_later(dispatcher, tracker, error)
            if len(mention.products) == 1:
                return tell_details(dispatcher, domain, mention.products[0])
            dispatcher.utter_message(response="utter_option_unclear" if shown else "utter_nothing_to_choose")
            return []
        thing = shown[position]
        request = tracker.get_slot("request")
        if thing["kind"] == "order":
            wanted = request if request in ABOUT_AN_ORDER else "order_status"
            return [SlotSet("order_number", thing["ref"]), *take_up(domain, wanted)]
        if thing["kind"] == "item" and request:
            return [SlotSet("item", thing["ref"]), *take_up(domain, request)]
        try:
            product = await ask_shop(by_sku, thing["ref"])
        except ShopUnavailable as error:
            return try_again_later(dispatcher, tracker, error)
        return tell_details(dispatcher, domain, product) if product else gone(dispatcher)


# Questions about one product --------------------------------------------------------------------------------------


class ValidateProductForm(Form):
    """Which product a question is about; the slot holds its SKU and keeps it as "it" for what follows."""

    # The other form's request would end this one without an answer.
    questions: ClassVar[frozenset[str]] = QUESTIONS - {"back_in_stock"}

    def name(self) -> str:
        return "validate_product_form"

    def wanted(self, tracker: Tracker) -> list[str]:
        return ["product"]

    async def look_up(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict, said: dict[str, Any]
    ) -> list[EventType]:
        """The product that the message names, or several to ask about."""
        if intent_of(tracker) not in self.questions | MAY_NAME_ONE:
            return []
        try:
            mention: Mention = await ask_shop(find_mention, tracker)
        except ShopUnavailable:
            return unavailable(dispatcher, tracker)
        if len(mention.products) == 1:
            return [SlotSet("product", mention.products[0].sku), SlotSet("failed_attempts", 0.0)]
        if mention.products:
            shown = [event for event in shown_products(mention.products) if event["name"] == "shown"]
            return [SlotSet("product", None), *shown]
        if not mention.said or intent_of(tracker) in ("inform", "nlu_fallback"):
            # "it" is the product of before; an answer that names none is for the form to explain.
            return []
        dispatcher.utter_message(response="utter_product_not_found", name=mention.said)
        return [SlotSet("product", None)]


class ValidateNoticeForm(ValidateProductForm):
    """A product that is out of stock, and where to write to when it is back."""

    questions = frozenset({"back_in_stock"})

    def name(self) -> str:
        return "validate_notice_form"

    def wanted(self, tracker: Tracker) -> list[str]:
        return ["product", *([] if known_customer(tracker) else ["email"])]

    async def look_up(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict, said: dict[str, Any]
    ) -> list[EventType]:
        """Asks for no address where the product is there."""
        events = await super().look_up(dispatcher, tracker, domain, said)
        tracker.add_slots(events)
        sku = tracker.get_slot("product")
        if not sku or tracker.get_slot(ENDED):
            return events
        try:
            _, recognised = await recognise(tracker)
            product = await ask_shop(by_sku, sku)
        except ShopUnavailable:
            return [*events, *unavailable(dispatcher, tracker)]
        tracker.add_slots(recognised)
        events = [*events, *recognised]
        if product and product.stock:
            events += refuse(dispatcher, "utter_notice_in_stock", name=product.name, stock=product.stock)
        return events


class ActionAskProduct(Action):
    """Asks which product is meant, with what was shown to choose from."""

    def name(self) -> str:
        return "action_ask_product"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        try:
            shown: tuple[ProductSummary, ...] = await ask_shop(in_order, shown_skus(tracker))
        except ShopUnavailable:
            shown = ()
        if shown:
            dispatcher.utter_message(response="utter_ask_which_product", buttons=product_buttons(shown))
        else:
            dispatcher.utter_message(response="utter_ask_product")
        return []


class ProductAnswer(Action, ABC):
    """The answer to a question about the product that a form has found out."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        events = await self.answer(dispatcher, tracker, domain)
        return [*events, *resume_later(tracker, PRODUCT_FORMS)]

    async def answer(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        """Look the product up and tell what was asked, or why that cannot be done."""
        if tracker.get_slot(ENDED):
            return ended(tracker)
        try:
            product = await ask_shop(by_sku, tracker.get_slot("product") or "")
        except ShopUnavailable as error:
            return try_again_later(dispatcher, tracker, error)
        return self.tell(dispatcher, domain, product) if product else gone(dispatcher)

    @abstractmethod
    def tell(self, dispatcher: CollectingDispatcher, domain: DomainDict, product: ProductSummary) -> list[EventType]:
        """Say it, and return slots to set."""


class ActionProductDetails(ProductAnswer):
    """Describes a product, with its price."""

    def name(self) -> str:
        return "action_product_details"

    def tell(self, dispatcher: CollectingDispatcher, domain: DomainDict, product: ProductSummary) -> list[EventType]:
        return tell_details(dispatcher, domain, product)


class ProductFact(ProductAnswer):
    """A single fact of a product: ``response`` with the product's data as blanks."""

    response: ClassVar[str]

    @abstractmethod
    def name(self) -> str:
        """The action's name."""

    def tell(self, dispatcher: CollectingDispatcher, domain: DomainDict, product: ProductSummary) -> list[EventType]:
        weight = f"{product.weight_g / 1000:.1f} kg" if product.weight_g >= 1000 else f"{product.weight_g} g"
        dispatcher.utter_message(
            response=self.response,
            name=product.name,
            dimensions=product.dimensions,
            weight=weight,
            material=product.material,
            colour=product.colour,
            care=product.care,
        )
        return []


class ActionProductDimensions(ProductFact):
    """Says how large and heavy a product is."""

    response = "utter_product_dimensions"

    def name(self) -> str:
        return "action_product_dimensions"


class ActionProductMaterial(ProductFact):
    """Says what a product is made of."""

    response = "utter_product_material"

    def name(self) -> str:
        return "action_product_material"


class ActionProductCare(ProductFact):
    """Says how to look after a product."""

    response = "utter_product_care"

    def name(self) -> str:
        return "action_product_care"


class ActionCheckStock(ProductAnswer):
    """Says how many there are; offers a notice where there is none."""

    def name(self) -> str:
        return "action_check_stock"

    def tell(self, dispatcher: CollectingDispatcher, domain: DomainDict, product: ProductSummary) -> list[EventType]:
        response = "utter_in_stock" if product.stock > FEW else "utter_few_in_stock"
        dispatcher.utter_message(
            response=response if product.stock else "utter_out_of_stock", name=product.name, stock=product.stock
        )
        return [SlotSet("offer", None if product.stock else "back_in_stock")]


class ActionStockNotice(Action):
    """Notes down who wants to hear when a product is back."""

    def name(self) -> str:
        return "action_stock_notice"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        return [*await self.note(dispatcher, tracker), *resume_later(tracker, PRODUCT_FORMS)]

    async def note(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """Note it down, or say why it cannot be."""
        if tracker.get_slot(ENDED):
            return ended(tracker)
        sku, email = tracker.get_slot("product") or "", tracker.get_slot("email") or ""
        try:
            notice = await ask_shop(ask_stock_notice, sku, email, tracker.sender_id)
        except ShopUnavailable as error:
            return try_again_later(dispatcher, tracker, error)
        if notice.outcome is StockNoticeOutcome.NOT_FOUND:
            return gone(dispatcher)
        dispatcher.utter_message(
            response=f"utter_notice_{notice.outcome.value}", name=notice.name, stock=notice.stock, email=email
        )
        return []


# Choosing ---------------------------------------------------------------------------------------------------------


class ActionCompareProducts(Action):
    """Shows where two products differ; one that is not named is the one that was talked about last."""

    def name(self) -> str:
        return "action_compare_products"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        try:
            pair = await ask_shop(products_to_compare, tracker)
        except ShopUnavailable as error:
            return [*try_again_later(dispatcher, tracker, error), SlotSet("offer", again(tracker))]
        if len(pair) < 2:
            response = "utter_compare_with_what" if pair else "utter_compare_what"
            dispatcher.utter_message(response=response, name=pair[0].name if pair else "")
            last = [SlotSet("product", pair[0].sku)] if pair else []
            return [*last, SlotSet("offer", "compare_products")]
        first, second = pair
        differences = compare(first, second)
        lines = "\n".join(f"{one.aspect.capitalize()}: {one.first or '-'} / {one.second or '-'}" for one in differences)
        dispatcher.utter_message(
            response="utter_comparison" if differences else "utter_no_difference",
            first=first.name,
            second=second.name,
            lines=lines,
        )
        return [SlotSet("product", None), SlotSet("offer", None), *shown_products(pair)]


class ActionRecommend(ProductSearch):
    """Recommends products and says why, to anybody; better to customers whom Fern knows."""

    def name(self) -> str:
        return "action_recommend"

    async def search(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        return await suggest(dispatcher, tracker, domain, await ask_shop(wishes_in, tracker))


# Shared by the actions above --------------------------------------------------------------------------------------


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
    return [*events, SlotSet("search", search), *shown_products(products)]


def tell_details(dispatcher: CollectingDispatcher, domain: DomainDict, product: ProductSummary) -> list[EventType]:
    """Describe a product; from now on it is "it"."""
    dispatcher.utter_message(
        response="utter_product_details" if product.stock else "utter_product_details_out_of_stock",
        json_message=cards([product], domain),
        name=product.name,
        price=money(product.price_pence),
        description=product.description,
        rooms=listing(product.rooms),
    )
    return [SlotSet("product", product.sku), SlotSet("offer", None if product.stock else "back_in_stock")]


def again(tracker: Tracker) -> dict[str, Any]:
    """The latest message as an offer, for a "yes" to another try."""
    return {part: tracker.latest_message.get(part) for part in ("text", "intent", "entities")}


def gone(dispatcher: CollectingDispatcher) -> list[EventType]:
    """The product is not in the catalogue any more."""
    dispatcher.utter_message(response="utter_product_gone")
    return [SlotSet("product", None)]


def products_to_compare(session: Session, tracker: Tracker) -> list[ProductSummary]:
    """Up to two products: named, picked by number, of two kinds ("jute or wool"), or the last one and those shown."""
    shown = shown_skus(tracker)
    found = [named(session, str(name), shown) for name in entities(tracker, "product")]
    unknown = any(not products for products in found)
    found += [_best_of_group(session, tracker, group) for group in ("1", "2")]
    found += [in_order(session, [shown[position]]) for position in picked(tracker, len(shown))]
    pair = list(dict.fromkeys(products[0] for products in found if products))
    last = [tracker.get_slot("product")] if tracker.get_slot("product") else []
    if not pair and len(shown) > 1:
        # "What's the difference?" is about those that were shown.
        pair += in_order(session, shown[:2])
    elif not unknown:
        pair += in_order(session, last)
    return list(dict.fromkeys(pair))[:2]


def _best_of_group(session: Session, tracker: Tracker, group: str) -> tuple[ProductSummary, ...]:
    """The best product of one side of "a jute rug or a wool one", where the side has no product's name."""
    message = dict(tracker.latest_message)
    all_said = message.get("entities") or []
    side = [entity for entity in all_said if entity.get("group") == group]
    if not side or any(entity["entity"] == "product" for entity in side):
        return ()
    # "The Pebble" may look like a material.
    called = named(session, str(side[0]["value"]))
    if len(called) == 1:
        return called
    both = [entity for entity in all_said if not entity.get("group")]
    filters = Filters()
    for entity in [*both, *side]:
        if entity["entity"] in FILTERS:
            one: dict[str, Any] = {entity["entity"]: str(entity["value"])}
            filters = replace(filters, **one)
    searched = {name: value for name, value in (tracker.get_slot("search") or {}).items() if name != SUGGESTED}
    if filters.category is None and searched:
        filters = merged(Filters.of(searched), filters)
    return browse(session, filters, 1).products


def wishes_in(session: Session, tracker: Tracker) -> Wishes:
    """What a request for a recommendation asks for. "What goes with a navy sofa" does not ask for sofas."""
    text, filters = latest_text(tracker), filters_in(tracker)
    name = " ".join(entities(tracker, "product")[:1])
    if not name and not BESIDE.search(text):
        return Wishes(filters=filters, text=text)
    beside = named(session, name, shown_skus(tracker)) if name else find_mention(session, tracker).products
    sku = beside[0].sku if beside else tracker.get_slot("product") or ""
    return Wishes(filters=Filters(max_pence=filters.max_pence, room=filters.room), beside=sku, text=text)
