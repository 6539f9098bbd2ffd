"""Taking up a request that the customer did not type just now: a "yes" to an offer, the second half of a message."""

import json
from collections.abc import Collection
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import ActionExecuted, EventType, FollowupAction, SlotSet, UserUttered
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import consent
from actions.customers import known_customer
from actions.fallback import intent_titles
from actions.messages import CHANGES_FORM, GOES_ON, chosen, earlier_events, latest_text
from actions.refusals import disowns
from actions.visits import Action, log_out

REQUESTS_ABOUT_AN_ORDER = frozenset(
    "order_status order_contents refund_status return_label invoice_copy payment_failed".split()
)
"""The requests that ``order_form`` collects for."""
REQUESTS_ABOUT_A_CODE = frozenset(("promo_code_problem", "gift_card_balance"))
"""The requests that ``code_form`` collects for."""
WORDS_OF_AN_OFFER = "show tell get send try again look chase compare take day a person more other others next know how"
"""With which a yes to an offer may say again what was offered."""
WORDS_OF_A_PERSON = "get find fetch pass put hand over through person human"
"""With which a yes to a person may: "yes, tell me more" opens no ticket."""
ABOUT_AN_ORDER = frozenset(
    "order_status order_contents cancel_order change_address change_items parcel_missing item_damaged wrong_item "
    "reschedule_delivery start_return exchange_item refund_status return_label invoice_copy payment_failed".split()
)
"""Those in which an order is named, whichever form they use."""


def take_up(
    domain: DomainDict, intent: str, parsed: dict[str, Any] | None = None, goes_on: bool = False
) -> list[EventType]:
    """The events after which the conversation goes on as though the customer had asked for an intent.

    Rasa fills slots only from messages that come in by a channel, so the slots that the domain maps from this intent
    and from its entities are set here.

    Args:
        domain: The domain, as the action got it.
        intent: What is asked for.
        parsed: The parse result where there are entities or an answer of a retrieval intent to pass on.
        goes_on: Whether a form that opens keeps what was told before.
    """
    parsed = parsed or {"text": f"/{intent}", "entities": []}
    parsed = {**parsed, "intent": {"name": intent, "confidence": 1.0}, GOES_ON: goes_on}
    found = {(entity["entity"], entity.get("role")): entity["value"] for entity in parsed["entities"]}
    slots = []
    for slot, settings in domain.get("slots", {}).items():
        for mapping in settings.get("mappings", []):
            if mapping.get("conditions"):
                continue
            if mapping["type"] == "from_intent" and mapping.get("intent") == intent:
                slots.append(SlotSet(slot, mapping["value"]))
            elif mapping["type"] == "from_entity" and (mapping["entity"], mapping.get("role")) in found:
                slots.append(SlotSet(slot, found[mapping["entity"], mapping.get("role")]))
    return [ActionExecuted("action_listen"), UserUttered(parsed["text"], parsed), *slots]


def offering(intent: str, **details: str) -> str:
    """A value for the slot ``offer``: an intent, and the entities that go with it, as in a button's payload."""
    return intent + (json.dumps(details) if details else "")


def fresh_offer(tracker: Tracker) -> str | dict[str, Any] | None:
    """What Fern offered in its last turn, as ``offering`` wrote it, or as a message to take up again (its parse
    result); an older offer is not what a "yes" means."""
    offers = (e.get("value") for e in earlier_events(tracker) if e["event"] == "slot" and e.get("name") == "offer")
    return next(offers, None)


class ActionAccept(Action):
    """A "yes" outside of a form: takes up what Fern's last turn offered (slot ``offer``), or asks what is wanted."""

    def name(self) -> str:
        return "action_accept"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        offer = fresh_offer(tracker)
        words = WORDS_OF_A_PERSON if offer == "human_handoff" else WORDS_OF_AN_OFFER
        if offer and latest_text(tracker) and not consent.is_plain_yes(latest_text(tracker), words):
            dispatcher.utter_message(response="utter_offer_stands")
            return [SlotSet("offer", offer)]
        if isinstance(offer, dict):
            return [SlotSet("offer", None), *take_up(domain, offer["intent"]["name"], offer, goes_on=True)]
        if offer:
            intent, brace, details = offer.partition("{")
            entities = [{"entity": name, "value": value} for name, value in json.loads(brace + details or "{}").items()]
            parsed = {"text": f"/{offer}", "entities": entities}
            return [SlotSet("offer", None), *take_up(domain, intent, parsed, goes_on=True)]
        dispatcher.utter_message(response="utter_go_on" if tracker.active_loop.get("name") else "utter_what_else")
        return []


class ActionDecline(Action):
    """A "no" outside of a question that a form understands."""

    def name(self) -> str:
        return "action_decline"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        in_form = bool(tracker.active_loop.get("name"))
        customer = known_customer(tracker)
        if customer and disowns(latest_text(tracker), customer.first_name):
            return log_out(dispatcher, tracker)
        details_for = None if in_form else wanted_by_details(tracker)
        if details_for:  # "no, friday"
            return [SlotSet("offer", None), *take_up(domain, details_for, dict(tracker.latest_message))]
        if not in_form and tracker.get_slot("further_request"):  # which has waited for this answer
            return [SlotSet("offer", None), *next_request(dispatcher, tracker, domain)]
        dispatcher.utter_message(response="utter_form_declined" if in_form else "utter_all_done")
        return [SlotSet("offer", None)]


class ActionNextRequest(Action):
    """Takes up what waits in the slot ``further_request``, a parse result: the second request of a message once the
    first is done, or what a question has interrupted."""

    def name(self) -> str:
        return "action_next_request"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        return next_request(dispatcher, tracker, domain)


def next_request(dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
    """The events that take up what waits in the slot ``further_request``."""
    parsed = tracker.get_slot("further_request")
    if not parsed:
        return []
    interrupted = parsed["text"].startswith("/")
    if not interrupted:  # an interrupted form only asks again, as after any digression
        # By its title: what somebody wrote may be a story, and is not to be told back to them.
        title = intent_titles().get(parsed["intent"]["name"], "your question")
        dispatcher.utter_message(response="utter_next_request", request=title[0].lower() + title[1:])
    return [SlotSet("further_request", None), *take_up(domain, parsed["intent"]["name"], parsed, interrupted)]


def resume_later(tracker: Tracker, forms: Collection[str]) -> list[EventType]:
    """After one of ``forms``: has the form go on that was open when it started, if there was one.

    Rasa has one active form, so a question with a form of its own ends the other. Its slots are kept; the request that
    it was for goes into the slot ``further_request``, and TurnPolicy takes it up when the question is answered.
    """
    asked = _interruption(tracker.events, forms)
    before = tracker.events[:asked]
    request = next((e["value"] for e in reversed(before) if e["event"] == "slot" and e["name"] == "request"), None)
    if request is None:
        return []
    # Until the order is known, the goods that were named at first are nowhere but in that message.
    goods = [] if tracker.get_slot("item") is not None else _goods_at_first(before, request)
    waiting = tracker.get_slot("further_request")
    entities = [*goods, *([{"entity": "further_request", "value": waiting}] if waiting else [])]
    return [SlotSet("further_request", {"text": f"/{request}", "intent": {"name": request}, "entities": entities})]


def _interruption(events: list[dict[str, Any]], forms: Collection[str]) -> int:
    """Which event is the message that started one of ``forms``, just ended, while another was open; 0 if none was."""
    loops = [n for n, event in enumerate(events) if event["event"] in CHANGES_FORM]
    if loops and not events[loops[-1]].get("name"):  # the end of the form
        loops.pop()
    started = None
    while loops and events[loops[-1]].get("name") in forms:
        started = loops.pop()
    if started is None or not loops or not events[loops[-1]].get("name"):
        return 0
    return max((n for n in range(started) if events[n]["event"] == "user"), default=0)


def _goods_at_first(events: list[dict[str, Any]], request: str) -> list[dict[str, Any]]:
    """The products and kinds of goods in the latest message that asked for something."""
    messages = (event.get("parse_data") or event for event in reversed(events) if event["event"] == "user")
    for message in messages:
        if (message.get("intent") or {}).get("name") == request:
            return [e for e in message.get("entities") or [] if e["entity"] in ("product", "category")]
    return []


class ActionUseDetails(Action):
    """Details that nobody asked for just now: goes on with what they are most likely for, or with the open form."""

    def name(self) -> str:
        return "action_use_details"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        form = tracker.active_loop.get("name")
        if form:  # which had given way to another question of Fern's, such as whether to get a person
            return [FollowupAction(form)]
        intent = wanted_by_details(tracker)
        if intent:
            return take_up(domain, intent, dict(tracker.latest_message))
        dispatcher.utter_message(response="utter_what_else")
        return []


def wanted_by_details(tracker: Tracker) -> str | None:
    """What the details in the latest message are most likely for: "10433" asks the same about another order."""
    kinds = [entity["entity"] for entity in tracker.latest_message.get("entities") or []]
    shown = tracker.get_slot("shown") or []
    if shown and chosen(tracker, len(shown)) is not None:
        return "select_option"
    request = tracker.get_slot("request")
    comparing = kinds.count("product") > 1 or fresh_offer(tracker) == "compare_products"
    # "blue" after a list narrows it; a kind of thing is another search.
    narrowing = bool(shown) and shown[0]["kind"] == "product" and "category" not in kinds
    wanted = (
        ({"code"}, request if request in REQUESTS_ABOUT_A_CODE else "promo_code_problem"),
        ({"email"} if request == "back_in_stock" else set(), "back_in_stock"),
        ({"order_number", "email"}, request if request in ABOUT_AN_ORDER else "order_status"),
        ({"date"} if request == "reschedule_delivery" else set(), "reschedule_delivery"),
        ({"ordinal"}, "select_option"),
        ({"product"}, "compare_products" if comparing else "product_details"),
        ({"category", "colour", "material", "room", "size"}, "refine_search" if narrowing else "find_product"),
    )
    return next((intent for details, intent in wanted if details & set(kinds)), None)
