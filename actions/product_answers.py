"""Answers about the product that a form has found out, or about several that are meant together: "both", "them"."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.product_cards import cards, phrase, shown_products
from actions.product_mentions import meant_together
from actions.shop_access import ask_shop
from actions.wording import money
from parlance.actions.action import Action
from parlance.actions.form_endings import ENDED, ended, try_again_later
from parlance.actions.in_hand import hold
from parlance.actions.messages import intent_of
from parlance.actions.wording import listing
from shop.errors import ShopUnavailable
from shop.product_summary import ProductSummary
from shop.products import by_sku

QUESTIONS = frozenset(
    "product_details product_dimensions product_material product_care product_question check_stock "
    "back_in_stock".split()
)
"""The requests that are about one product, or several that are in hand."""
FEW = 5


class ProductAnswer(Action, ABC):
    """The answer to a question about what ``product_form`` has found out."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        """Look up what is meant and tell what was asked, or why that cannot be done."""
        if tracker.get_slot(ENDED):
            return ended(tracker)
        try:
            together = await ask_shop(meant_together, tracker) if intent_of(tracker) in QUESTIONS else ()
            if len(together) > 1:
                self.tell_together(dispatcher, tracker, domain, together)
                return [SlotSet("product", None), *shown_products(tracker, together, self.name())]
            product = await ask_shop(by_sku, tracker.get_slot("product") or "")
            if product is None:
                return gone(dispatcher)
            events = await self.tell(dispatcher, tracker, domain, product)
        except ShopUnavailable as error:
            return try_again_later(dispatcher, tracker, error)
        return [*events, *hold(tracker, "product", product.sku, self.name())]

    @abstractmethod
    async def tell(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict, product: ProductSummary
    ) -> list[EventType]:
        """Say it of one product, and return slots to set. May raise ShopUnavailable."""

    @abstractmethod
    def short(self, tracker: Tracker, product: ProductSummary) -> str:
        """The response that says it of one of several, in a line."""

    def tell_together(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict, products: Sequence[ProductSummary]
    ) -> None:
        """Say it of several, each in a line."""
        lines = [phrase(domain, self.short(tracker, product), **facts_of(product)) for product in products]
        dispatcher.utter_message(response="utter_product_each", lines="\n".join(lines))


class ActionProductDetails(ProductAnswer):
    """Describes a product, with its price."""

    def name(self) -> str:
        return "action_product_details"

    async def tell(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict, product: ProductSummary
    ) -> list[EventType]:
        return tell_details(dispatcher, tracker, domain, product)

    def short(self, tracker: Tracker, product: ProductSummary) -> str:
        return "utter_each_details"


class ProductFact(ProductAnswer):
    """A single fact of a product: ``response`` with the product's data as blanks; ``in_a_line`` of one of several."""

    response: ClassVar[str]
    in_a_line: ClassVar[str]

    @abstractmethod
    def name(self) -> str:
        """The action's name."""

    async def tell(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict, product: ProductSummary
    ) -> list[EventType]:
        dispatcher.utter_message(response=self.response, **facts_of(product))
        return [SlotSet("offer", None)]

    def short(self, tracker: Tracker, product: ProductSummary) -> str:
        return self.in_a_line


class ActionProductMaterial(ProductFact):
    """Says what a product is made of."""

    response, in_a_line = "utter_product_material", "utter_each_material"

    def name(self) -> str:
        return "action_product_material"


class ActionProductCare(ProductFact):
    """Says how to look after a product."""

    response, in_a_line = "utter_product_care", "utter_each_care"

    def name(self) -> str:
        return "action_product_care"


class ActionCheckStock(ProductAnswer):
    """Says how many there are; offers a notice where there is none."""

    def name(self) -> str:
        return "action_check_stock"

    async def tell(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict, product: ProductSummary
    ) -> list[EventType]:
        return tell_stock(dispatcher, product)

    def short(self, tracker: Tracker, product: ProductSummary) -> str:
        return "utter_each_in_stock" if product.stock else "utter_each_out_of_stock"


def tell_stock(dispatcher: CollectingDispatcher, product: ProductSummary) -> list[EventType]:
    """Say how many there are; offer a notice where there is none."""
    response = "utter_in_stock" if product.stock > FEW else "utter_few_in_stock"
    dispatcher.utter_message(
        response=response if product.stock else "utter_out_of_stock", name=product.name, stock=product.stock
    )
    return [SlotSet("offer", None if product.stock else "back_in_stock")]


def tell_details(
    dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict, product: ProductSummary
) -> list[EventType]:
    """Describe a product; from now on it is "it"."""
    dispatcher.utter_message(
        response="utter_product_details" if product.stock else "utter_product_details_out_of_stock",
        json_message=cards([product], domain),
        name=product.name,
        price=money(product.price_pence),
        description=product.description,
        rooms=listing(product.rooms),
    )
    offer = None if product.stock else "back_in_stock"
    return [SlotSet("product", product.sku), SlotSet("offer", offer), *hold(tracker, "product", product.sku)]


def facts_of(product: ProductSummary) -> Mapping[str, Any]:
    """What an answer about a product may use."""
    weight = f"{product.weight_g / 1000:.1f} kg" if product.weight_g >= 1000 else f"{product.weight_g} g"
    return {
        "name": product.name,
        "price": money(product.price_pence),
        "dimensions": product.dimensions,
        "weight": weight,
        "material": product.material,
        "colour": product.colour,
        "care": product.care,
        "rooms": listing(product.rooms),
        "description": product.description,
    }


def gone(dispatcher: CollectingDispatcher) -> list[EventType]:
    """The product is not in the catalogue any more."""
    dispatcher.utter_message(response="utter_product_gone")
    return [SlotSet("product", None)]
