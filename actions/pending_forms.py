"""What a question in the middle of a form interrupts, and how it goes on."""

from collections.abc import Collection

from rasa_sdk import Tracker
from rasa_sdk.events import EventType

from parlance.actions.pending_requests import resume_later

PRODUCT_FORMS = frozenset(("product_form", "notice_form"))
"""The forms of questions about products. One that is open when such a question comes goes on after the answer."""
ORDER_FORMS = frozenset(("order_form",))
"""The form of questions about an order, a refund or a case, likewise."""


def goes_on_later(tracker: Tracker, forms: Collection[str]) -> list[EventType]:
    """Has the form go on that a question with one of ``forms`` interrupted, if there was one.

    Until the line of the order is known, goods that were named at first are nowhere but in that message.
    """
    again = () if tracker.get_slot("item") is not None else ("product", "category")
    return resume_later(tracker, forms, again)
