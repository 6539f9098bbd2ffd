"""Questions about one product, taking one of those that were listed, and waiting for one to be back."""

from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customer_forms import Form
from actions.customers import known_customer, recognise
from actions.details import ABOUT_AN_ORDER, basket_question
from actions.product_answers import QUESTIONS, gone, tell_details
from actions.product_cards import product_buttons, shown_products
from actions.product_mentions import Mention, find_mention, in_order, shown_skus
from actions.shop_access import ask_shop
from parlance.actions.action import Action
from parlance.actions.form_endings import ENDED, ended, refuse, try_again_later, unavailable
from parlance.actions.in_hand import hold
from parlance.actions.messages import chosen, intent_of
from parlance.actions.pending_requests import take_up
from shop.errors import ShopUnavailable
from shop.product_summary import ProductSummary
from shop.products import StockNoticeOutcome, ask_stock_notice, by_sku

MAY_NAME_ONE = frozenset({"inform", "select_option", "refine_search", "nlu_fallback"})
"""Other intents of messages that may say which product is meant."""


class ValidateProductForm(Form):
    """Which product a question is about; the slot holds its SKU and keeps it as "it" for what follows."""

    is_aside = True
    # The other form's request would end this one without an answer.
    questions: ClassVar[frozenset[str]] = QUESTIONS - {"back_in_stock"}

    answers_together: ClassVar[bool] = True
    """Whether several products that are meant together, "both", can be answered at once."""

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
        if len(mention.products) == 1 or (mention.together and self.answers_together):
            return [SlotSet("product", mention.products[0].sku), SlotSet("failed_attempts", 0.0)]
        if mention.products:
            return [SlotSet("product", None), *shown_products(tracker, mention.products)]
        if not mention.said or intent_of(tracker) in ("inform", "nlu_fallback"):
            # "it" is the product of before; an answer that names none is for the form to explain.
            return []
        dispatcher.utter_message(response="utter_product_not_found", name=mention.said)
        return [SlotSet("product", None)]


class ValidateNoticeForm(ValidateProductForm):
    """A product that is out of stock, and where to write to when it is back."""

    questions = frozenset({"back_in_stock"})
    answers_together = False

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


class ActionStockNotice(Action):
    """Notes down who wants to hear when a product is back."""

    def name(self) -> str:
        return "action_stock_notice"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
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
        return hold(tracker, "product", sku, self.name())


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
                return tell_details(dispatcher, tracker, domain, mention.products[0])
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
        return tell_details(dispatcher, tracker, domain, product) if product else gone(dispatcher)
