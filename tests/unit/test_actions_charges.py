"""Charges that nobody recognises."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from actions.payment import ActionAskChargeFormConfirmed, ActionOpenFraudCase, ValidateChargeForm
from shop.database import open_session
from shop.identity import mint
from shop.models import FraudReport, Ticket
from tests.unit.accounts import ADA, NOWHERE, recognised
from tests.unit.dialogue import DOMAIN, Conversation

pytestmark = pytest.mark.usefixtures("signing_shop")


def charge(*messages: tuple[str, str], email: str | None = None) -> tuple[Conversation, list[str]]:
    """A charge reported in these messages; the conversation, and what Fern said beside its questions."""
    chat = recognised(email) if email else Conversation()
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
