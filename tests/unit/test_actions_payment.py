"""Payment: failed payments, invoices, promo codes, gift cards and charges that nobody recognises."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.engine import URL

from actions.details import ActionUseDetails
from actions.orders import ValidateOrderForm
from actions.payment import (
    ActionAskChargeFormConfirmed,
    ActionCheckPromo,
    ActionGiftCardBalance,
    ActionOpenFraudCase,
    ActionPaymentFailed,
    ActionPaymentProblem,
    ActionSendInvoice,
    ValidateChargeForm,
    ValidateCodeForm,
    find_code,
)
from parlance.actions.offers import ActionAccept
from shop.database import open_session
from shop.identity import mint
from shop.models import FraudReport, OutboxMessage, Payment, Ticket
from tests.unit.dialogue import DOMAIN, Conversation, recognised_as

ADA = "ada.byrne@example.com"
NOWHERE = "sqlite:////nowhere/at/all.db"


@pytest.fixture(autouse=True)
def own_shop(empty_tickets: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_SECRET", "a secret that is good for tests alone, 32 bytes")


def known(email: str = ADA, **slots: Any) -> Conversation:
    """A conversation with a customer whom Fern has recognised."""
    return Conversation(customer=recognised_as(email), email=email, **slots)


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
    chat = known("marcus.hale@example.com").hears("my card was declined", "payment_failed")
    assert chat.runs(ActionPaymentFailed()) == ["utter_payment_card_declined"]
    assert chat.blank("number") == "FH-10435"


def test_a_known_customer_whose_payments_are_fine_gets_advice() -> None:
    chat = known("priya.nair@example.com").hears("my card was declined", "payment_failed")
    assert chat.runs(ActionPaymentFailed()) == ["utter_payment_advice"]


def test_in_the_middle_of_a_form_the_form_keeps_its_request() -> None:
    chat = Conversation().hears("what's in my order", "order_contents")
    chat.fills(ValidateOrderForm())
    chat.hears("also my card was declined yesterday", "payment_failed").runs(ActionPaymentFailed())
    assert chat.slots["request"] == "order_contents"


def test_advice_needs_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = known().hears("my card was declined", "payment_failed")
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
    chat = known().hears("invoice for 10422", "invoice_copy")
    assert chat.fills(ValidateOrderForm()) == ["utter_order_not_yours"]
    chat.given({"order_number": "10422"})
    assert chat.runs(ActionSendInvoice()) == ["utter_order_not_yours"]
    assert chat.slots["order_number"] is None


def test_an_invoice_that_cannot_be_sent_now_is_offered_again(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = about_order("invoice_copy", "10433", ADA)
    monkeypatch.setenv("DATABASE_URL", NOWHERE)
    assert chat.runs(ActionSendInvoice()) == ["utter_unavailable"]
    assert chat.slots["offer"] == "invoice_copy" and chat.slots["order_number"] == "10433"


# Codes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("my code WELCOME10 isn't working", "WELCOME10"),
        ("welcome10 does nothing", "welcome10"),
        ("it's FERN-8842-XK1P", "FERN-8842-XK1P"),
        ("gift card fern 8842 xk1p, how much", "fern 8842 xk1p"),
        ("SUMMER-25 and the total stayed the same", "SUMMER-25"),
        ("my promo code FREESHIP doesn't work", "FREESHIP"),
        ("the code is FREESHIP, no luck", "FREESHIP"),
        ("MY DISCOUNT CODE DOES NOT WORK", None),
        ("20% off and nothing came off the 140x200 rug", None),
        ("i forgot my code on order FH-10432", None),
        ("order fh10432, BA1 2AB", None),
        ("write to ada99@example.com", None),
    ],
)
def test_a_code_is_told_from_other_things_with_digits(text: str, code: str | None) -> None:
    assert find_code(text) == code


@pytest.mark.parametrize(
    ("text", "intent", "code"),
    [
        ("freeship", "inform", "FREESHIP"),
        ("it says bedtime20 on the card", "inform", "BEDTIME20"),
        ("sure", "affirm", None),
        ("nope", "deny", None),
        ("dunno", "inform", None),
        ("I don't have it here", "inform", None),
    ],
)
def test_what_counts_as_the_answer_to_the_question_for_a_code(text: str, intent: str, code: str | None) -> None:
    chat = Conversation().hears("my code doesn't work", "promo_code_problem")
    assert chat.fills(ValidateCodeForm()) == [] and chat.slots["requested_slot"] == "code"
    said = chat.hears(text, intent).fills(ValidateCodeForm())
    assert chat.slots["code"] == code
    assert said == (["utter_code_unclear"] if code is None and intent == "inform" else [])


@pytest.mark.parametrize(
    ("code", "response", "blanks"),
    [
        ("FREESHIP", "utter_promo_valid_delivery", {}),
        ("welcome10", "utter_promo_valid_value", {"code": "WELCOME10", "value": "10 %"}),
        ("SPRING15", "utter_promo_expired", {}),
        ("SOON25", "utter_promo_not_yet", {}),
        ("BIG50", "utter_promo_min_spend", {"min_spend": "£300"}),
        ("BEDTIME20", "utter_promo_wrong_category", {"category": "bedding"}),
        ("NOSUCH99", "utter_promo_unknown", {"code": "NOSUCH99"}),
    ],
)
def test_every_answer_about_a_promo_code(code: str, response: str, blanks: dict[str, str]) -> None:
    chat = Conversation().hears(f"why won't it take {code}", "promo_code_problem", ("code", code))
    assert chat.fills(ValidateCodeForm()) == [] and chat.form is None
    assert chat.runs(ActionCheckPromo()) == [response]
    assert {name: chat.blank(name) for name in blanks} == blanks
    assert chat.slots["code"] is None


@pytest.mark.parametrize("by_token", [True, False])
def test_a_code_that_the_customer_has_used(by_token: bool) -> None:
    token = mint(ADA, "Ada", "test", 60) or ""
    chat = Conversation(token=token) if by_token else known()
    chat.hears("WELCOME10 does nothing", "promo_code_problem").fills(ValidateCodeForm())
    assert chat.runs(ActionCheckPromo()) == ["utter_promo_used"]
    assert chat.slots["customer"]


def test_a_corrected_code_is_checked_as_what_was_asked_before() -> None:
    for request, text in (("gift_card_balance", "sorry, FERN-8842-XK1P"), ("promo_code_problem", "WELCOME10 I mean")):
        chat = Conversation(request=request).hears(text, "inform", ("code", text.split()[-1]))
        chat.runs(ActionUseDetails())
        assert [e["parse_data"]["intent"]["name"] for e in chat.returned if e["event"] == "user"] == [request]


@pytest.mark.parametrize(
    ("code", "response", "balance"),
    [
        ("FERN-8842-XK1P", "utter_gift_card_found", "£35.50"),
        ("fern 8842 xk1p", "utter_gift_card_found", "£35.50"),
        ("FERN-5063-ZB9C", "utter_gift_card_found", "£0"),
        ("FERN-2210-QM7T", "utter_gift_card_expired", "£20"),
        ("FERN-0000-AAAA", "utter_gift_card_unknown", "£0"),
    ],
)
def test_what_is_left_on_a_gift_card(code: str, response: str, balance: str) -> None:
    chat = Conversation().hears(f"how much is on {code}", "gift_card_balance")
    assert chat.fills(ValidateCodeForm()) == [] and chat.form is None
    assert chat.runs(ActionGiftCardBalance()) == [response]
    assert chat.blank("balance") == balance
    assert chat.slots["code"] is None and chat.slots["offer"] is None


def test_guessing_gift_cards_ends_with_the_offer_of_a_person() -> None:
    chat = Conversation()
    said = []
    for n in range(6):
        chat.hears(f"FERN-000{n}-AAAA", "gift_card_balance").fills(ValidateCodeForm())
        said += chat.runs(ActionGiftCardBalance())
    assert said == ["utter_gift_card_unknown"] * 5 + ["utter_gift_card_too_many_attempts"]
    assert chat.slots["offer"] == "human_handoff"


@pytest.mark.parametrize(
    ("request_", "action", "code"),
    [
        ("gift_card_balance", ActionGiftCardBalance, "FERN-8842-XK1P"),
        ("promo_code_problem", ActionCheckPromo, "WELCOME10"),
    ],
)
def test_a_code_is_kept_for_another_try(
    monkeypatch: pytest.MonkeyPatch,
    empty_tickets: URL,
    request_: str,
    action: type[ActionGiftCardBalance] | type[ActionCheckPromo],
    code: str,
) -> None:
    chat = Conversation().hears(code, request_)
    chat.fills(ValidateCodeForm())
    monkeypatch.setenv("DATABASE_URL", NOWHERE)
    assert chat.runs(action()) == ["utter_unavailable"]
    assert chat.slots["code"] == code and chat.slots["offer"] == request_
    monkeypatch.setenv("DATABASE_URL", str(empty_tickets))
    chat.hears("yes", "affirm").runs(ActionAccept())
    assert chat.slots["request"] == request_
    chat.fills(ValidateCodeForm())
    assert chat.form is None and chat.runs(action())[0].startswith(f"utter_{request_.split('_')[0]}")


def test_a_third_answer_that_is_no_code_offers_a_person_and_does_no_more() -> None:
    chat = Conversation().hears("code", "gift_card_balance")
    chat.fills(ValidateCodeForm())
    said = [chat.hears("it is on the back I think", "inform").fills(ValidateCodeForm()) for _ in range(3)]
    assert said == [["utter_code_unclear"], ["utter_code_unclear"], ["utter_offer_person"]]
    assert chat.form is None
    assert chat.runs(ActionGiftCardBalance()) == [] and chat.slots["form_ended"] is None


# Charges that nobody recognises -----------------------------------------------------------------------------------


def charge(*messages: tuple[str, str], email: str | None = None) -> tuple[Conversation, list[str]]:
    """A charge reported in these messages; the conversation, and what Fern said beside its questions."""
    chat = known(email) if email else Conversation()
    said = [chat.hears(text, intent).fills(ValidateChargeForm()) for text, intent in messages]
    return chat, [response for responses in said for response in responses]


def agree(chat: Conversation) -> None:
    """All is known, Fern asks whether to open a case, and the customer says yes."""
    assert chat.slots["requested_slot"] == "confirmed"
    chat.agrees(ValidateChargeForm(), ActionAskChargeFormConfirmed())


def stored() -> FraudReport:
    with open_session() as session:
        case = session.execute(select(FraudReport)).scalar_one()
        session.expunge(case)
    return case


def test_a_charge_is_asked_about_and_handed_to_a_person() -> None:
    chat, said = charge(
        ("there's a charge from you I don't recognise", "unknown_charge"),
        ("24.99", "inform"),
        ("yesterday", "inform"),
        ("gwen.r@example.com", "inform"),
    )
    assert said == []
    agree(chat)
    assert chat.runs(ActionOpenFraudCase()) == ["utter_fraud_case"]
    case = stored()
    assert (case.amount_pence, case.charged_on) == (2499, date.today() - timedelta(days=1))
    assert case.email == "gwen.r@example.com" == chat.blank("email")
    assert chat.slots["ticket_number"] == chat.blank("ticket")
    assert chat.slots["charge_amount"] is None and chat.slots["charge_day"] is None
    with open_session() as session:
        assert "I don't recognise" in session.execute(select(Ticket)).scalar_one().transcript


def test_everything_in_one_message_needs_no_question() -> None:
    chat = Conversation()
    text = "charged £59.99 twice on 3 May, I'm gwen.r@example.com"
    chat.hears(text, "unknown_charge", ("amount", "£59.99"), ("date", "3 May"), ("email", "gwen.r@example.com"))
    assert chat.fills(ValidateChargeForm()) == []
    agree(chat)
    assert chat.runs(ActionOpenFraudCase()) == ["utter_fraud_case"]
    assert (stored().amount_pence, stored().charged_on.month) == (5999, 5)


@pytest.mark.parametrize(("text", "intent"), [("I don't know", "inform"), ("no idea mate", "deny"), ("not sure", "x")])
def test_not_knowing_is_an_answer(text: str, intent: str) -> None:
    chat, said = charge(("charge I don't know", "unknown_charge"), (text, intent), (text, intent), email=ADA)
    assert said == []
    agree(chat)
    assert chat.runs(ActionOpenFraudCase()) == ["utter_fraud_case"]
    assert (stored().amount_pence, stored().charged_on) == (None, None)


def test_a_known_customer_is_not_asked_for_an_email() -> None:
    chat = Conversation(token=mint(ADA, "Ada", "test", 60) or "")
    chat.hears("what's this £12 charge from monday", "unknown_charge", ("amount", "£12"), ("date", "monday"))
    assert chat.fills(ValidateChargeForm()) == []
    agree(chat)
    chat.runs(ActionOpenFraudCase())
    assert stored().email == ADA


def test_a_known_customers_case_is_written_to_the_address_of_the_account() -> None:
    chat, _ = charge(("charge of £5 yesterday", "unknown_charge"), ("yesterday", "inform"), email=ADA)
    chat.given({"email": "typed.elsewhere@example.com"})
    agree(chat)
    chat.runs(ActionOpenFraudCase())
    assert chat.blank("email") == ADA


@pytest.mark.parametrize("text", ["next friday", "25 december 2099", "the other day maybe"])
def test_a_day_to_come_or_none_at_all_is_asked_for_again(text: str) -> None:
    chat, said = charge(("charge of £5", "unknown_charge"), (text, "inform"))
    assert said == ["utter_charge_day_unclear"]
    assert chat.slots["charge_day"] is None and chat.slots["requested_slot"] == "charge_day"


def test_a_day_with_a_point_in_it_is_not_taken_for_an_amount() -> None:
    chat, _ = charge(("a charge of £24.99", "unknown_charge"), ("3.05.2024", "inform"))
    assert chat.slots["charge_amount"] == 2499
    assert chat.slots["charge_day"] == "2024-05-03"


def test_an_amount_is_corrected_while_the_day_is_asked_for() -> None:
    chat = Conversation().hears("a charge of £24.99", "unknown_charge")
    chat.fills(ValidateChargeForm())
    chat.hears("sorry, £42.99", "inform", ("amount", "£42.99")).fills(ValidateChargeForm())
    assert chat.slots["charge_amount"] == 4299 and chat.slots["requested_slot"] == "charge_day"


def test_an_email_that_is_none_is_explained() -> None:
    chat, said = charge(
        ("a charge of £5", "unknown_charge"), ("yesterday", "inform"), ("gwen at home", "inform"), ("g@x", "inform")
    )
    assert said == ["utter_email_unclear", "utter_email_unclear"] and chat.slots["email"] is None


def test_a_question_in_the_middle_is_left_to_the_rules() -> None:
    chat, _ = charge(("a charge of £5", "unknown_charge"))
    chat.hears("do you take klarna", "faq").fills(ValidateChargeForm())
    assert chat.slots["charge_day"] is None and chat.slots["failed_attempts"] == 0
    assert [event["name"] for event in chat.returned] == ["requested_slot"]


def test_the_same_charge_again_is_the_same_case() -> None:
    reported = (("a charge of £5", "unknown_charge"), ("no idea", "inform"))
    chat, _ = charge(*reported, email=ADA)
    agree(chat)
    chat.runs(ActionOpenFraudCase())
    first = chat.blank("reference")
    for text, intent in reported:
        chat.hears(text, intent).fills(ValidateChargeForm())
    agree(chat)
    assert chat.runs(ActionOpenFraudCase()) == ["utter_fraud_case_open"]
    assert chat.blank("reference") == first


def test_a_charge_is_kept_while_the_shop_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    chat, _ = charge(("a charge of £5", "unknown_charge"), ("no idea", "inform"), email=ADA)
    agree(chat)
    monkeypatch.setenv("DATABASE_URL", NOWHERE)
    assert chat.runs(ActionOpenFraudCase()) == ["utter_unavailable"]
    assert (chat.slots["charge_amount"], chat.slots["charge_day"]) == (500, "unknown")
    assert chat.slots["offer"] == "unknown_charge"


def test_a_charge_form_that_was_given_up_is_forgotten() -> None:
    chat, said = charge(("a charge of £5", "unknown_charge"), *[("asdf", "nlu_fallback")] * 3)
    assert said[-1] == "utter_offer_person"
    assert chat.runs(ActionOpenFraudCase()) == []
    assert chat.slots["charge_amount"] is None and chat.slots["form_ended"] is None


def test_the_domain_asks_for_everything_that_the_forms_want() -> None:
    for form in ("code_form", "charge_form"):
        for slot in set(DOMAIN["forms"][form]["required_slots"]) - {"confirmed"}:  # which an action asks for
            assert f"utter_ask_{slot}" in DOMAIN["responses"] and f"utter_{slot}_unclear" in DOMAIN["responses"]
