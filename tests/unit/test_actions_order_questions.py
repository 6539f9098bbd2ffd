"""Questions about an order, a refund or a case in hand, answered from the shop's data."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.engine import URL

from actions.order_questions import ANSWERS
from shop.database import open_session
from shop.identity import mint
from shop.models import Order, OrderEvent, Parcel, Payment, Refund, Ticket, today

from .dialogue import Chat, sent_code

ADA = "ada.byrne@example.com"
OWNERS = {
    10421: "nadia.rahman@example.com",
    10422: "tom.okafor@example.com",
    10424: "priya.nair@example.com",
    10425: "liam.doyle@example.org",
    10426: "sofia.marino@example.com",
    10427: "kwame.boateng@example.com",
    10429: "harriet.cole@example.com",
    10432: ADA,
    10433: ADA,
    10434: ADA,
    10435: "marcus.hale@example.com",
    10439: "joan.whitby@example.org",
    10440: "peter.osei@example.com",
    10441: "rosa.klein@example.org",
    10443: "hannah.frost@example.com",
}


def about(number: int) -> Chat:
    """A conversation with an order's owner, who has just been told where it is."""
    chat = Chat()
    chat.say(f"where is {number}, {OWNERS[number]}", "order_status")
    return chat


def asks(number: int, topic: str, text: str = "and?") -> Chat:
    chat = about(number)
    chat.say(text, f"order_question/{topic}")
    return chat


ANSWERED = [
    (10432, "courier", "utter_order_question/courier"),
    (10434, "courier", "utter_order_not_sent_yet"),
    (10427, "courier", "utter_order_nothing_sent"),
    (10432, "tracking", "utter_order_question/tracking"),
    (10422, "tracking", "utter_order_not_sent_yet"),
    (10432, "day", "utter_order_question/day"),
    (10424, "day", "utter_order_day_today"),
    (10433, "day", "utter_order_has_arrived"),
    (10427, "day", "utter_order_nothing_sent"),
    (10429, "day", "utter_order_overdue"),
    (10432, "time_window", "utter_order_question/time_window"),
    (10424, "time_window", "utter_order_time_today"),
    (10434, "time_window", "utter_order_time_not_sent"),
    (10433, "time_window", "utter_order_has_arrived"),
    (10432, "total", "utter_order_question/total"),
    (10434, "total", "utter_order_total_discounted"),
    (10432, "payment_card", "utter_order_question/payment_card"),
    (10435, "payment_card", "utter_order_card_unpaid"),
    (10432, "address", "utter_order_address_part"),
    (10432, "placed", "utter_order_question/placed"),
    (10425, "why_late", "utter_order_question/why_late"),
    (10426, "why_late", "utter_order_question/why_late"),
    (10429, "why_late", "utter_order_late_unknown"),
    (10432, "why_late", "utter_order_not_late"),
    (10433, "why_late", "utter_order_has_arrived"),
    (10427, "why_late", "utter_order_nothing_sent"),
    (10432, "something_else", "utter_order_dispatched"),
]


@pytest.mark.parametrize(("number", "topic", "response"), ANSWERED)
def test_a_question_about_the_order_in_hand_is_answered(own_shop: URL, number: int, topic: str, response: str) -> None:
    chat = asks(number, topic)
    assert [message["response"] for message in chat.said] == [response]


def test_every_topic_is_tested() -> None:
    assert {topic for _, topic, _ in ANSWERED} >= ANSWERS.keys()


def test_the_answers_hold_what_the_shop_knows(own_shop: URL) -> None:
    with open_session() as session:
        order = session.execute(select(Order).where(Order.number == 10432)).scalar_one()
        carrier, tracking = order.parcels[0].carrier, order.parcels[0].tracking
        method = order.payments[-1].method
    assert asks(10432, "courier").told("carrier") == carrier
    assert asks(10432, "tracking").told("tracking") == tracking
    assert asks(10432, "payment_card").told("method") == method
    assert asks(10425, "why_late").told("note") == "the maker sent it to our warehouse late"


def test_of_two_parcels_the_one_to_come_is_told_of(own_shop: URL) -> None:
    with open_session() as session:
        coming = select(Parcel.tracking).join(Order, Order.id == Parcel.order_id)
        coming = coming.where(Order.number == 10441, Parcel.delivered_on.is_(None))
        expected = session.execute(coming).scalar_one()
    assert asks(10441, "tracking").told("tracking") == expected


def test_a_delay_without_a_reason_offers_a_person_and_an_overdue_parcel_a_search(own_shop: URL) -> None:
    chat = asks(10429, "why_late")
    assert chat.say("yes please", "affirm") == ["utter_confirm_missing"]
    with open_session() as session:
        session.execute(update(OrderEvent).where(OrderEvent.status == "delayed").values(note=""))
    chat = asks(10425, "why_late")
    assert [message["response"] for message in chat.said] == ["utter_order_late_unnoted"]
    assert chat.say("yes please", "affirm") == ["utter_handoff_by_email"]


def test_an_order_that_is_being_looked_for_is_not_offered_to_be_looked_for_again(own_shop: URL) -> None:
    chat = about(10429)
    chat.say("yes", "affirm")
    assert chat.ask("affirm") == ["utter_missing_opened"]
    assert chat.say("but why is it late", "order_question/why_late") == ["utter_order_late_unknown_searched"]


def test_without_a_payment_nothing_is_made_up(own_shop: URL) -> None:
    with open_session() as session:
        order = session.execute(select(Order).where(Order.number == 10432)).scalar_one()
        session.execute(update(Payment).where(Payment.order_id == order.id).values(method=""))
    assert asks(10432, "payment_card").said[-1]["response"] == "utter_order_card_unknown"


def test_the_whole_address_is_for_whom_a_code_or_the_page_has_proved(
    own_shop: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = about(10432)
    assert chat.say("where's it going", "order_question/address") == ["utter_order_address_part"]
    assert chat.told("area") and " " not in chat.told("area")
    chat.ask("export_data")
    chat.say(sent_code())
    chat.ask("deny")
    assert chat.say("where's it going", "order_question/address") == ["utter_order_question/address"]
    monkeypatch.setenv("IDENTITY_SECRET", "s" * 32)
    signed_in = Chat(token=mint(ADA, "Ada Byrne", "web", 60) or "")
    assert signed_in.say("where's 10432 going", "order_question/address", order_number="10432") == [
        "utter_order_question/address"
    ]


# Which order ------------------------------------------------------------------------------------------------------


def test_without_an_order_it_is_asked_for_and_then_the_question_is_answered(own_shop: URL) -> None:
    chat = Chat()
    assert chat.say("who's bringing it", "order_question/courier") == ["utter_ask_order_number"]
    assert chat.say("10432") == ["utter_ask_email"]
    assert chat.say(ADA) == ["utter_order_question/courier"]


def test_a_button_asks_by_its_topic(own_shop: URL) -> None:
    chat = about(10432)
    assert chat.ask("order_question", topic="total") == ["utter_order_question/total"]


def test_a_known_customers_only_open_order_is_the_one(own_shop: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_SECRET", "s" * 32)
    peter = Chat(token=mint(OWNERS[10440], "Peter Osei", "web", 60) or "")
    assert peter.say("how much was it", "order_question/total") == ["utter_order_question/total"]
    ada = Chat(token=mint(ADA, "Ada Byrne", "web", 60) or "")
    assert ada.say("who's bringing it", "order_question/courier") == ["utter_ask_which_order"], "two are on their way"
    assert ada.say("how much was the second one", "order_question/total", ordinal="second")[-1].startswith(
        "utter_order"
    )


def test_the_one_from_before_is_the_order_before_the_last(own_shop: URL) -> None:
    chat = about(10432)
    chat.say("and 10434", "order_status", order_number="10434")
    chat.say("and when is the one from before coming", "order_question/day")
    assert chat.told("number") == "FH-10432"
    chat.say("and the other one", "check_another_order")
    assert chat.told("number") == "FH-10434"


def test_a_question_in_the_middle_of_a_form_is_answered_and_the_form_goes_on(own_shop: URL) -> None:
    chat = about(10422)
    assert chat.ask("cancel_order") == ["utter_confirm_cancel"]
    said = chat.say("which card does it go back to", "refund_question/card")
    assert said == ["utter_refund_card_would", "utter_confirm_cancel"]
    assert chat.say("what did it cost", "order_question/total") == [
        "utter_order_question/total",
        "utter_confirm_cancel",
    ]
    assert chat.ask("affirm") == ["utter_cancel_refunded"]


# Refunds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "topic", "response"),
    [
        (10439, "card", "utter_refund_question/card"),
        (10439, "amount", "utter_refund_question/amount"),
        (10439, "day", "utter_refund_question/day"),
        (10440, "day", "utter_refund_day_expected"),
        (10439, "why_amount", "utter_refund_question/why_amount"),
        (10427, "why_amount", "utter_refund_why_cancelled"),
        (10432, "card", "utter_refund_card_would"),
        (10432, "day", "utter_refund_day_would"),
        (10432, "amount", "utter_refund_none"),
    ],
)
def test_a_question_about_a_refund_is_answered(own_shop: URL, number: int, topic: str, response: str) -> None:
    assert about(number).say("and?", f"refund_question/{topic}") == [response]


def test_a_refund_that_is_paid_is_told_as_paid(own_shop: URL) -> None:
    with open_session() as session:
        session.execute(update(Refund).values(state="paid", issued_on=today() - timedelta(days=4)))
    assert about(10439).say("when", "refund_question/day") == ["utter_refund_day_paid"]


def test_the_sum_of_a_refund_is_explained_by_what_happened(own_shop: URL) -> None:
    chat = about(10434)
    chat.say("only 1 cushion", "change_items", category="cushion", quantity="1")
    chat.ask("affirm")
    assert chat.say("why that much", "refund_question/why_amount") == ["utter_refund_why_items_changed"]
    with open_session() as session:
        order = session.execute(select(Order).where(Order.number == 10439)).scalar_one()
        order.discount_pence = 500
    chat = about(10439)
    assert chat.say("why that much", "refund_question/why_amount") == ["utter_refund_why_discounted"]
    assert float(chat.told("discount").strip("£")) > 0


def test_the_difference_of_an_exchange_is_explained(own_shop: URL) -> None:
    with open_session() as session:
        order = session.execute(select(Order).where(Order.number == 10440)).scalar_one()
        order.returns[0].wanted = "exchange"
    assert about(10440).say("why", "refund_question/why_amount") == ["utter_refund_why_exchanged"]


# Cases ------------------------------------------------------------------------------------------------------------


def test_after_a_search_one_hears_when_it_is_answered(own_shop: URL) -> None:
    chat = about(10429)
    chat.say("yes", "affirm")
    chat.ask("affirm")
    reference, answer_by = chat.told("reference"), chat.told("answer_by")
    assert chat.say("when will i hear", "case_question/when") == ["utter_case_question/when"]
    assert (chat.told("reference"), chat.told("answer_by")) == (reference, answer_by)
    assert chat.say("any news", "case_question/state") == ["utter_case_question/state"]


def test_after_a_ticket_one_hears_when_it_is_answered_whoever_one_is(own_shop: URL) -> None:
    chat = Chat()
    chat.say("get me a person", "human_handoff")
    assert chat.say("when will they write", "case_question/when") == ["utter_case_question/when"]
    assert chat.told("reference") == chat.slots["ticket_number"]
    with open_session() as session:
        session.execute(update(Ticket).values(status="closed"))
    assert chat.say("any news", "case_question/state") == ["utter_case_closed"]


def test_a_ticket_of_another_conversation_is_none(own_shop: URL) -> None:
    chat = Chat()
    chat.say("get me a person", "human_handoff")
    other = Chat("chat-2", in_hand=chat.slots["in_hand"])
    assert other.say("when will they write", "case_question/when") == ["utter_case_none"]


def test_a_return_waits_for_the_goods(own_shop: URL) -> None:
    assert about(10440).say("any news on it", "case_question/state") == ["utter_case_return_open"]
    assert about(10439).say("any news on it", "case_question/state") == ["utter_case_return_closed"]


def test_a_search_from_another_day_is_found_by_its_order(own_shop: URL) -> None:
    chat = Chat()
    assert chat.say("any news of the search", "case_question/state") == ["utter_ask_order_number"]
    assert chat.say(f"10443, {OWNERS[10443]}") == ["utter_case_question/state"]
    assert chat.told("reference").startswith("MP-")


def test_where_nothing_is_looked_into_a_person_is_offered(own_shop: URL) -> None:
    chat = about(10432)
    assert chat.say("when will i hear", "case_question/when") == ["utter_case_none"]
    assert chat.say("yes", "affirm") == ["utter_handoff_by_email"]
    assert chat.say("and when", "case_question/when") == ["utter_case_question/when"]
