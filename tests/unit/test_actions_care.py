"""Notes for the driver, cancelled orders, goodwill, and what Fern cannot do, as conversations."""

from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.engine import URL

from actions.cannot import OFFERS
from shop.database import open_session
from shop.models import Order, OrderStatus

from .acts import ADA, HARRIET
from .dialogue import DOMAIN, Chat, registered_actions, sent_code

TOPICS = [name.removeprefix("utter_cannot/") for name in DOMAIN["responses"] if name.startswith("utter_cannot/")]


def about(topic: str) -> dict[str, Any]:
    """What TransformerNLU writes for a retrieval intent."""
    return {"cannot": {"response": {"intent_response_key": f"cannot/{topic}"}}}


def noted(chat: Chat, note: str) -> None:
    """Leaves a note on Ada's order, with a code where it takes one."""
    chat.say(note, "delivery_note", driver_note=note)
    if chat.slots["requested_slot"] == "one_time_code":
        chat.say(sent_code())
    assert chat.ask("affirm") == ["utter_delivery_note_noted"]


# Notes -------------------------------------------------------------------------------------------------------------


def test_a_note_is_asked_for_proved_and_agreed_to(own_shop: URL) -> None:
    chat = Chat()
    assert chat.say(f"can I leave a note for the driver of 10434, {ADA}", "delivery_note") == ["utter_ask_driver_note"]
    assert chat.say("in the shed if we're out") == ["utter_ask_one_time_code"]
    assert chat.say(sent_code()) == ["utter_confirm_delivery_note"]
    assert chat.told("note") == "in the shed if we're out"
    assert chat.say("yes, tell the driver", "affirm") == ["utter_delivery_note_noted"]
    assert chat.slots["driver_note"] is None


def test_a_note_that_is_named_at_once_is_not_asked_for(own_shop: URL) -> None:
    chat = Chat()
    text = f"ask the driver of 10434 to ring the bell twice, {ADA}"
    assert chat.say(text, "delivery_note", driver_note="ring the bell twice") == ["utter_ask_one_time_code"]


def test_a_note_is_changed_and_removed(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"where is 10434, {ADA}", "order_status")
    noted(chat, "leave it in the shed")
    assert chat.say("tell him round the back instead", "delivery_note", driver_note="round the back") == [
        "utter_confirm_delivery_note_changed"
    ]
    assert chat.told("before") == "leave it in the shed"
    chat.say("no", "deny")
    assert chat.say("remove the note for the driver please", "delivery_note") == ["utter_confirm_delivery_note_removed"]
    assert chat.say("yes, remove it", "affirm") == ["utter_delivery_note_removed"]
    assert chat.say("take the note off", "delivery_note") == ["utter_delivery_note_none"]


def test_status_tells_the_note_to_whom_has_proved_more_than_a_label(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"where is 10434, {ADA}", "order_status")
    noted(chat, "the gate code is 4471")
    assert chat.ask("order_status") == ["utter_order_paid", "utter_order_note"]
    other = Chat(sender="chat-2")
    assert other.say(f"where is 10434, {ADA}", "order_status") == ["utter_order_paid", "utter_order_note_kept"]
    assert not any("4471" in str(message) for message in other.said)


@pytest.mark.parametrize(
    ("number", "email", "response", "offer"),
    [
        ("10424", "priya.nair@example.com", "utter_delivery_note_on_the_van", "order_status"),
        ("10433", ADA, "utter_delivery_note_over", "order_status"),
    ],
)
def test_where_no_note_reaches_anybody_nothing_is_asked(
    own_shop: URL, number: str, email: str, response: str, offer: str
) -> None:
    chat = Chat()
    assert chat.say(f"note for the driver of {number}, {email}", "delivery_note") == [response]
    assert chat.slots["offer"] == offer


def test_a_note_that_is_too_long_is_asked_for_again(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"note for the driver of 10434, {ADA}", "delivery_note")
    assert chat.say("round the back and then " * 10) == ["utter_driver_note_too_long", "utter_ask_driver_note"]


@pytest.mark.parametrize("text", ["I'd like to leave a note for the driver", "a message to my courier please"])
def test_the_wish_for_a_note_is_no_note(own_shop: URL, text: str) -> None:
    chat = Chat()
    chat.say(f"note for the driver of 10434, {ADA}", "delivery_note")
    chat.say(text, "delivery_note")
    assert chat.slots["driver_note"] is None and chat.slots["requested_slot"] == "driver_note"


# Cancelled orders --------------------------------------------------------------------------------------------------


def test_an_order_is_cancelled_and_brought_back(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"cancel 10434, {ADA}", "cancel_order")
    chat.ask("affirm")
    assert chat.say("who cancelled it?", "why_cancelled") == ["utter_cancelled_by_you_just_now"]
    assert chat.ask("affirm") == ["utter_confirm_reinstate"]
    assert chat.say("yes, bring it back", "affirm") == ["utter_reinstate_reinstated"]
    assert chat.ask("order_status") == ["utter_order_paid"]
    assert chat.say("bring it back", "reinstate_order") == ["utter_reinstate_not_cancelled"]


def test_an_unpaid_order_comes_back_unpaid(own_shop: URL) -> None:
    chat = Chat()
    chat.say("cancel 10421, nadia.rahman@example.com", "cancel_order")
    chat.ask("affirm")
    assert chat.say("uncancel", "reinstate_order") == ["utter_confirm_reinstate_unpaid"]


def test_what_was_cancelled_long_ago_stays_so_and_a_person_is_offered(own_shop: URL) -> None:
    chat = Chat()
    assert chat.say("reinstate 10427, kwame.boateng@example.com", "reinstate_order") == ["utter_reinstate_refund_sent"]
    assert chat.slots["offer"] == "human_handoff" and chat.form is None


def test_why_an_order_was_cancelled_opens_no_cancelling(own_shop: URL) -> None:
    chat = Chat()
    assert chat.say("why was 10427 cancelled, kwame.boateng@example.com", "why_cancelled") == ["utter_cancelled_by_you"]
    with open_session() as session:
        session.execute(
            update(Order).where(Order.number == 10422).values(status=OrderStatus.CANCELLED.value)
        )  # without a word about it
    other = Chat(sender="chat-2")
    why = other.say("why was 10422 cancelled, tom.okafor@example.com", "why_cancelled")
    assert why == ["utter_cancelled_by_us_unexplained"] and other.slots["offer"] == "human_handoff"
    assert Chat(sender="chat-3").say(f"why was 10432 cancelled, {ADA}", "why_cancelled") == [
        "utter_reinstate_not_cancelled"
    ]


# Goodwill ----------------------------------------------------------------------------------------------------------


def test_points_are_given_once_and_what_they_rest_on_is_said(own_shop: URL) -> None:
    chat = Chat()
    assert chat.say(f"compensation for 10429, {HARRIET}", "goodwill") == ["utter_confirm_goodwill_points"]
    assert (chat.told("days"), chat.told("points")) == ("4 days", "100")
    assert chat.say("yes please", "affirm") == ["utter_goodwill_points"]
    assert chat.say("and some more", "goodwill") == ["utter_goodwill_already_points"]
    assert chat.slots["offer"] == "human_handoff"


def test_nothing_is_promised_where_the_rules_give_nothing(own_shop: URL) -> None:
    chat = Chat()
    assert chat.say(f"I want compensation for 10432, {ADA}", "goodwill") == ["utter_goodwill_not_late"]
    assert chat.form is None and chat.slots["offer"] == "human_handoff"


def test_for_what_is_broken_a_claim_comes_first_and_then_decides(own_shop: URL) -> None:
    chat = Chat()
    said = chat.say(f"what do I get for the broken lid of 10433, {ADA}", "goodwill")
    assert said == ["utter_goodwill_claim_first"]
    assert chat.ask("affirm") == ["utter_ask_description"]
    chat.say("the lid is cracked")
    chat.say("no photo")
    chat.ask("affirm")
    assert chat.say("and compensation for it being broken?", "goodwill") == ["utter_goodwill_claim_decides"]


# What Fern cannot do -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("topic", TOPICS)
def test_each_topic_has_its_answer_and_its_offer(topic: str) -> None:
    chat = Chat()
    chat.hears("can you do that", "cannot")
    chat.message["response_selector"] = about(topic)
    offer = OFFERS.get(topic)
    further = [f"utter_cannot_offer_{offer}"] if offer else []
    assert chat.runs(registered_actions()["action_cannot"]) == [f"utter_cannot/{topic}", *further]
    assert chat.slots["offer"] == offer


def test_offers_are_for_topics_and_intents_that_are_there() -> None:
    intents = {intent if isinstance(intent, str) else next(iter(intent)) for intent in DOMAIN["intents"]}
    assert OFFERS.keys() <= set(TOPICS) and set(OFFERS.values()) <= intents


def test_in_a_form_it_offers_nothing_so_that_a_yes_is_the_forms(own_shop: URL) -> None:
    chat = Chat()
    chat.say(f"cancel 10434, {ADA}", "cancel_order")
    chat.hears("can I pay with two cards", "cannot")
    chat.message["response_selector"] = about("combine_orders")
    assert chat.runs(registered_actions()["action_cannot"]) == ["utter_cannot/combine_orders"]
    assert chat.slots["offer"] is None


def test_without_a_topic_it_is_out_of_scope() -> None:
    assert Chat().say("/cannot", "cannot") == ["utter_out_of_scope"]
