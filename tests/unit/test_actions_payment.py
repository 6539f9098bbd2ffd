"""Failed payments and invoices."""

import pytest
from sqlalchemy import select

from actions.details import ActionUseDetails
from actions.orders import ValidateOrderForm
from actions.payment import ActionPaymentFailed, ActionPaymentProblem, ActionSendInvoice
from shop.database import open_session
from shop.models import OutboxMessage, Payment
from tests.unit.accounts import ADA, NOWHERE, recognised
from tests.unit.dialogue import Conversation

pytestmark = pytest.mark.usefixtures("signing_shop")


def about_order(request: str, number: str, email: str) -> Conversation:
    """A conversation in which the order form has proved whose order it is."""
    chat = Conversation()
    chat.hears(f"{number} {email}", request).fills(ValidateOrderForm())
    assert chat.form is None and chat.slots["customer"]
    return chat


# Failed payments --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "email", "response"),
    [
        ("10433", ADA, "utter_payment_paid"),
        ("10435", "marcus.hale@example.com", "utter_payment_card_declined"),
        ("10436", "leah.stone@example.org", "utter_payment_3ds_failed"),
        ("10437", "omar.farouk@example.com", "utter_payment_expired"),
        ("10421", "nadia.rahman@example.com", "utter_payment_pending"),
        ("10428", "ines.moreau@example.org", "utter_payment_refunded"),
        ("10439", "joan.whitby@example.org", "utter_payment_part_refunded"),
    ],
)
def test_how_the_payment_of_an_order_stands(number: str, email: str, response: str) -> None:
    chat = about_order("payment_failed", number, email)
    assert chat.runs(ActionPaymentProblem()) == [response]
    assert chat.blank("number") == f"FH-{number}" and chat.blank("total").startswith("£")


def test_a_failed_payment_without_a_known_cause() -> None:
    chat = about_order("payment_failed", "10435", "marcus.hale@example.com")
    with open_session() as session:
        for payment in session.execute(select(Payment).where(Payment.problem == "card_declined")).scalars():
            payment.problem = ""
    assert chat.runs(ActionPaymentProblem()) == ["utter_payment_failed"]


def test_without_an_order_a_failed_payment_gets_advice() -> None:
    assert Conversation().hears("card declined", "payment_failed").runs(ActionPaymentFailed()) == [
        "utter_payment_advice"
    ]


def test_a_number_with_the_complaint_is_looked_up() -> None:
    for text in ("payment for FH-10435 failed", '/payment_failed{"order_number": "FH-10435"}'):  # typed, and a button
        chat = Conversation().hears(text, "payment_failed", ("order_number", "FH-10435"))
        assert chat.runs(ActionPaymentFailed()) == []
        assert [event["name"] for event in chat.returned if event["event"] == "followup"] == ["order_form"]


def test_the_number_that_comes_after_the_advice_is_about_the_payment() -> None:
    chat = Conversation().hears("card declined", "payment_failed")
    chat.runs(ActionPaymentFailed())
    chat.hears("it's 10435", "inform", ("order_number", "10435")).runs(ActionUseDetails())
    assert [e["parse_data"]["intent"]["name"] for e in chat.returned if e["event"] == "user"] == ["payment_failed"]


def test_a_known_customer_hears_of_the_order_that_is_stuck() -> None:
    chat = recognised("marcus.hale@example.com").hears("my card was declined", "payment_failed")
    assert chat.runs(ActionPaymentFailed()) == ["utter_payment_card_declined"]
    assert chat.blank("number") == "FH-10435"


def test_a_known_customer_whose_payments_are_fine_gets_advice() -> None:
    chat = recognised("priya.nair@example.com").hears("my card was declined", "payment_failed")
    assert chat.runs(ActionPaymentFailed()) == ["utter_payment_advice"]


def test_in_the_middle_of_a_form_the_form_keeps_its_request() -> None:
    chat = Conversation().hears("what's in my order", "order_contents")
    chat.fills(ValidateOrderForm())
    chat.hears("also my card was declined yesterday", "payment_failed").runs(ActionPaymentFailed())
    assert chat.slots["request"] == "order_contents"


def test_advice_needs_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = recognised().hears("my card was declined", "payment_failed")
    monkeypatch.setenv("DATABASE_URL", NOWHERE)
    assert chat.runs(ActionPaymentFailed()) == ["utter_payment_advice"]


# Invoices ---------------------------------------------------------------------------------------------------------


def test_an_invoice_is_sent_once() -> None:
    chat = about_order("invoice_copy", "10433", ADA)
    assert chat.runs(ActionSendInvoice()) == ["utter_invoice_sent"]
    assert (chat.blank("invoice"), chat.blank("email")) == ("INV-10433", ADA)
    assert chat.hears("invoice for 10433 please", "invoice_copy").runs(ActionSendInvoice()) == [
        "utter_invoice_already_sent"
    ]
    with open_session() as session:
        sent = session.execute(select(OutboxMessage).where(OutboxMessage.kind == "invoice")).scalars().all()
        assert [message.recipient for message in sent] == [ADA]


def test_an_order_that_is_not_paid_has_no_invoice() -> None:
    chat = about_order("invoice_copy", "10435", "marcus.hale@example.com")
    assert chat.runs(ActionSendInvoice()) == ["utter_invoice_not_paid"]


def test_somebody_elses_order_has_no_invoice_for_a_known_customer() -> None:
    chat = recognised().hears("invoice for 10422", "invoice_copy")
    assert chat.fills(ValidateOrderForm()) == ["utter_order_not_yours"]
    chat.given({"order_number": "10422"})
    assert chat.runs(ActionSendInvoice()) == ["utter_order_not_yours"]
    assert chat.slots["order_number"] is None


def test_an_invoice_that_cannot_be_sent_now_is_offered_again(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = about_order("invoice_copy", "10433", ADA)
    monkeypatch.setenv("DATABASE_URL", NOWHERE)
    assert chat.runs(ActionSendInvoice()) == ["utter_unavailable"]
    assert chat.slots["offer"] == "invoice_copy" and chat.slots["order_number"] == "10433"
