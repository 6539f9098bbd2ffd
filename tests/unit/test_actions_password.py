"""A link for a new password."""

import pytest

from actions.account import ActionAskPasswordFormConfirmed, ActionPasswordReset, ValidatePasswordForm
from shop.identity import mint
from tests.unit.accounts import ADA, NOWHERE, outbox
from tests.unit.dialogue import Conversation

pytestmark = pytest.mark.usefixtures("signing_shop")


@pytest.mark.parametrize("email", [ADA, "nobody@example.com"])
def test_a_link_for_a_password_is_told_alike_whether_there_is_an_account_or_not(email: str) -> None:
    chat = Conversation().hears("can't log in", "password_help")
    chat.fills(ValidatePasswordForm())
    assert chat.slots["requested_slot"] == "email"
    assert chat.hears("at home", "inform").fills(ValidatePasswordForm()) == ["utter_email_unclear"]
    chat.hears(email, "inform", ("email", email)).fills(ValidatePasswordForm())
    chat.agrees(ValidatePasswordForm(), ActionAskPasswordFormConfirmed())
    assert chat.runs(ActionPasswordReset()) == ["utter_password_reset"]
    assert chat.blank("email") == email
    assert outbox("password_reset") == ([ADA] if email == ADA else [])


def test_a_known_customer_is_not_asked_for_an_address_and_gets_the_link_once() -> None:
    chat = Conversation(token=mint(ADA, "Ada", "test", 60) or "")
    for _ in range(2):
        chat.hears("can't log in", "password_help").fills(ValidatePasswordForm())
        chat.agrees(ValidatePasswordForm(), ActionAskPasswordFormConfirmed(), "yes, send me the link")
        assert chat.runs(ActionPasswordReset()) == ["utter_password_reset"]
    assert outbox("password_reset") == [ADA]


def test_a_link_that_cannot_be_sent_now_is_offered_again(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = Conversation().hears(f"password for {ADA}", "password_help")
    chat.fills(ValidatePasswordForm())
    chat.agrees(ValidatePasswordForm(), ActionAskPasswordFormConfirmed())
    monkeypatch.setenv("DATABASE_URL", NOWHERE)
    assert chat.runs(ActionPasswordReset()) == ["utter_unavailable"]
    assert chat.slots["offer"] == "password_help"


def test_a_password_form_that_was_given_up_sends_nothing() -> None:
    chat = Conversation().hears("can't log in", "password_help")
    chat.fills(ValidatePasswordForm())
    said = [chat.hears("hm", "nlu_fallback").fills(ValidatePasswordForm()) for _ in range(3)]
    assert said[-1] == ["utter_offer_person"]
    assert chat.runs(ActionPasswordReset()) == []
