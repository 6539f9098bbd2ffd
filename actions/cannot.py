"""What customers ask for near the shop's business and Fern cannot do: it says so, and what comes closest."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from parlance.actions.action import Action

INTENT = "cannot"
OFFERS = {
    "assembly_date": "reschedule_delivery",
    "call_driver": "delivery_note",
    "combine_orders": "human_handoff",
    "custom_sizes": "find_product",
    "interior_design": "recommend",
    "invoice_name": "human_handoff",
    "merge_accounts": "human_handoff",
    "order_name": "human_handoff",
    "press": "human_handoff",
    "price_alerts": "newsletter",
    "recalls": "human_handoff",
    "spare_parts": "human_handoff",
    "split_order": "change_items",
    "van_location": "order_status",
}
"""What an answer offers where no form is open, by topic. The other answers say all that there is."""


class ActionCannot(Action):
    """Says the answer of the topic, and offers what comes closest."""

    def name(self) -> str:
        return "action_cannot"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        topic = topic_of(tracker)
        dispatcher.utter_message(response=f"utter_cannot/{topic}" if topic else "utter_out_of_scope")
        # In a form the next yes is the answer to its question.
        offer = None if tracker.active_loop.get("name") else OFFERS.get(topic)
        if offer:
            dispatcher.utter_message(response=f"utter_cannot_offer_{offer}")
        return [SlotSet("offer", offer)]


def topic_of(tracker: Tracker) -> str:
    """What the message was taken for, within the retrieval intent; empty for a button, which says nothing more."""
    selected = (tracker.latest_message.get("response_selector") or {}).get(INTENT) or {}
    key = str((selected.get("response") or {}).get("intent_response_key") or "")
    return key.removeprefix(f"{INTENT}/")
