"""Details that nobody asked for just now, and what they are most likely for."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.visits import is_disowned, log_out
from parlance.actions.messages import chosen
from parlance.actions.offers import Decline, UseDetails, fresh_offer

REQUESTS_ABOUT_AN_ORDER = frozenset(
    "order_status order_contents order_question refund_status refund_question case_question return_label invoice_copy "
    "payment_failed why_cancelled".split()
)
"""The requests that ``order_form`` collects for."""
REQUESTS_ABOUT_A_CODE = frozenset(("promo_code_problem", "gift_card_balance"))
"""The requests that ``code_form`` collects for."""
ABOUT_AN_ORDER = REQUESTS_ABOUT_AN_ORDER | frozenset(
    "cancel_order change_address change_items parcel_missing item_damaged wrong_item reschedule_delivery start_return "
    "exchange_item delivery_note reinstate_order goodwill".split()
)
"""Those in which an order is named, whichever form they use."""

OF_THE_BASKET = {
    "add_to_basket": {"product", "category", "ordinal", "quantity"},
    "change_basket": {"product", "category", "ordinal", "quantity"},
    "use_code": {"code"},
    "choose_delivery": {"date"},
}
"""What Fern has asked for, by the basket's intent that it offered with the question, and the details that answer it."""


class ActionDecline(Decline):
    """The kit's; whoever is not the customer is logged out."""

    def wanted_by_details(self, tracker: Tracker) -> str | None:
        return wanted_by_details(tracker)

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        if is_disowned(tracker):
            return log_out(dispatcher, tracker)
        return list(super().run(dispatcher, tracker, domain))


class ActionUseDetails(UseDetails):
    """The kit's, with what Fern knows of details."""

    def wanted_by_details(self, tracker: Tracker) -> str | None:
        return wanted_by_details(tracker)


def wanted_by_details(tracker: Tracker) -> str | None:
    """What the details in the latest message are most likely for: "10433" asks the same about another order."""
    kinds = [entity["entity"] for entity in tracker.latest_message.get("entities") or []]
    shown = tracker.get_slot("shown") or []
    if OF_THE_BASKET.get(basket_question(tracker), set()) & set(kinds):
        return basket_question(tracker)
    if shown and chosen(tracker, len(shown)) is not None:
        return "select_option"
    request = tracker.get_slot("request")
    comparing = kinds.count("product") > 1 or fresh_offer(tracker) == "compare_products"
    # "blue" after a list narrows it; a kind of thing is another search.
    narrowing = bool(shown) and shown[0]["kind"] == "product" and "category" not in kinds
    narrows = {"amount"} if narrowing else set()
    wanted = (
        ({"code"}, request if request in REQUESTS_ABOUT_A_CODE else "promo_code_problem"),
        ({"email"} if request == "back_in_stock" else set(), "back_in_stock"),
        ({"order_number", "email"}, request if request in ABOUT_AN_ORDER else "order_status"),
        ({"date"} if request == "reschedule_delivery" else set(), "reschedule_delivery"),
        ({"ordinal"}, "select_option"),
        ({"product"}, "compare_products" if comparing else "product_details"),
        (
            {"category", "colour", "material", "room", "size"} | narrows,
            "refine_search" if narrowing else "find_product",
        ),
    )
    return next((intent for details, intent in wanted if details & set(kinds)), None)


def basket_question(tracker: Tracker) -> str:
    """The intent of the basket for which Fern has just asked for a detail; empty where it has not."""
    asked = str(fresh_offer(tracker)).partition("{")[0]
    return asked if asked in OF_THE_BASKET else ""
