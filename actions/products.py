"""Questions about one product, taking one of those that were listed, and waiting for one to be back."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customer_forms import Form
from actions.customers import known_customer, recognise
from actions.details import ABOUT_AN_ORDER, basket_question
from actions.product_cards import cards, product_buttons, shown_products
from actions.product_mentions import Mention, find_mention, in_order, shown_skus
from actions.shop_access import ask_shop
from actions.wording import money
from parlance.actions.action import Action
from parlance.actions.form_endings import ENDED, ended, refuse, try_again_later, unavailable
from parlance.actions.messages import chosen, intent_of
from parlance.actions.pending_requests import resume_later, take_up
from parlance.actions.wording import listing
from shop.errors import ShopUnavailable
from shop.product_summary import ProductSummary
from shop.products import StockNoticeOutcome, ask_stock_notice, by_sku

QUESTIONS = frozenset(
    "product_details product_dimensions product_material product_care check_stock back_in_stock".split()
)
"""The requests that are about one product."""
PRODUCT_FORMS = frozenset(("product_form", "notice_form"))
"""The forms of questions about products. One that is open when such a question comes goes on after the answer."""
MAY_NAME_ONE = frozenset({"inform", "select_option", "refine_search", "nlu_fallback"})
"""Other intents of messages that may say which product is meant."""
FEW = 5


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
        return [*events, *resume_later(tracker, PRODUCT_FORMS, goods_to_read_again(tracker))]

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
        return [
            *await self.note(dispatcher, tracker),
            *resume_later(tracker, PRODUCT_FORMS, goods_to_read_again(tracker)),
        ]

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


class ActionSelectOption(Action):
    """Takes "the second one" of what was listed: tells about a product, or goes on with an order."""

    def name(self) -> str:
        return "action_select_option"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        if basket_question(tracker):
            return [SlotSet("offer", None), *take_up(domain, basket_question(tracker), dict(tracker.latest_message))]
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


def gone(dispatcher: CollectingDispatcher) -> list[EventType]:
    """The product is not in the catalogue any more."""
    dispatcher.utter_message(response="utter_product_gone")
    return [SlotSet("product", None)]


def goods_to_read_again(tracker: Tracker) -> tuple[str, ...]:
    """Until the line of the order is known, goods that were named at first are nowhere but in that message."""
    return () if tracker.get_slot("item") is not None else ("product", "category")
