"""The customer's data: points, a copy of everything, and erasing the account."""

import pytest
from sqlalchemy import update

from actions.account import ActionChangeContact, ActionLoyaltyPoints
from actions.customer_data import (
    ActionAskAccountFormConfirmed,
    ActionAskDeletionFormConfirmed,
    ActionDeleteData,
    ActionExportData,
    ValidateDeletionForm,
)
from actions.orders import ValidateAccountForm
from actions.proof import ActionAskOneTimeCode
from shop.account_links import Followed
from shop.customers import customer_by_email
from shop.database import open_session
from shop.models import Customer
from tests.unit.accounts import (
    ADA,
    ELIN,
    NOWHERE,
    account,
    ask_to_change,
    confirm,
    follow,
    known,
    outbox,
    proves,
    token_in,
)
from tests.unit.dialogue import CONSENTED, Conversation, recognised_as, sent_code

pytestmark = pytest.mark.usefixtures("signing_shop")


@pytest.mark.parametrize(("points", "response"), [(0, "utter_loyalty"), (4000, "utter_loyalty_highest")])
def test_points_and_what_they_are_worth(points: int, response: str) -> None:
    with open_session() as session:
        session.execute(update(Customer).where(Customer.email == ADA).values(points=points))
    chat = known().hears("points?", "loyalty_points")
    assert chat.fills(ValidateAccountForm()) == [] and chat.form is None
    assert chat.runs(ActionLoyaltyPoints()) == [response]
    assert (chat.blank("points"), chat.blank("worth")) == (points, f"£{points * 5 // 100}")


def test_a_copy_of_the_data_is_sent_once() -> None:
    chat = Conversation()
    chat.hears(f"send me all my data, 10438 {ELIN}", "export_data").fills(ValidateAccountForm())
    assert chat.runs(ActionExportData()) == ["utter_code_needed"] and outbox("data_export") == []
    proves(chat, ValidateAccountForm())
    chat.agrees(ValidateAccountForm(), ActionAskAccountFormConfirmed(), "yes, send me the data")
    assert chat.runs(ActionExportData()) == ["utter_export_done"]
    first = chat.blank("reference")
    chat.hears("send me all my data", "export_data").fills(ValidateAccountForm())
    chat.agrees(ValidateAccountForm(), ActionAskAccountFormConfirmed())
    assert chat.runs(ActionExportData()) == ["utter_export_already_done"]
    assert chat.blank("reference") == first and outbox("data_export") == [ELIN]


def test_a_new_code_is_sent_whatever_the_wish_for_it_is_taken_for() -> None:
    chat = Conversation()
    chat.hears(f"send me all my data, 10438 {ELIN}", "export_data").fills(ValidateAccountForm())
    assert chat.runs(ActionAskOneTimeCode()) == ["utter_ask_one_time_code"]
    first = sent_code()
    chat.hears("send a new one", "exchange_item").fills(ValidateAccountForm())
    assert (chat.form, chat.slots["requested_slot"]) == ("account_form", "one_time_code")
    assert chat.slots["request"] == "export_data" and sent_code() != first
    chat.hears(sent_code()).fills(ValidateAccountForm())
    assert chat.slots["requested_slot"] == "confirmed"


def ask_to_delete(chat: Conversation, answer: str) -> list[str]:
    chat.hears("delete my account", "delete_data").fills(ValidateDeletionForm())
    assert chat.slots["requested_slot"] == "confirmed"
    assert chat.runs(ActionAskDeletionFormConfirmed()) == ["utter_confirm_deletion"]
    chat.hears(answer, "affirm" if answer == "yes" else "deny").fills(ValidateDeletionForm())
    assert chat.form is None
    return chat.runs(ActionDeleteData())


def test_an_account_is_erased_after_a_yes_and_fern_forgets_who_it_was() -> None:
    chat = known(ELIN, tone="formal", order_number="10438")
    elsewhere = recognised_as(ELIN, "chat-2")
    assert ask_to_delete(chat, "yes") == ["utter_delete_done"]
    assert [chat.slots[slot] for slot in ("customer", "email", "order_number", "tone")] == [None] * 4
    with open_session() as session:
        assert customer_by_email(session, ELIN) is None
    # A second conversation that had recognised them before.
    again = Conversation(sender="chat-2", customer=elsewhere)
    again.hears("delete my account", "delete_data").fills(ValidateDeletionForm())
    assert again.runs(ActionAskOneTimeCode()) == ["utter_code_not_found"]
    assert again.hears("my data", "export_data").runs(ActionExportData()) == []


def test_a_no_erases_nothing() -> None:
    assert ask_to_delete(known(ELIN), "no") == ["utter_nothing_changed"]
    assert account(ELIN).email == ELIN


def test_an_account_with_an_order_on_its_way_stays() -> None:
    chat = known()
    assert ask_to_delete(chat, "yes") == ["utter_delete_open_orders"]
    assert chat.customer.email == ADA


def test_who_could_still_undo_a_change_of_the_address_hears_of_the_erasure() -> None:
    chat = known(ELIN, order_number="10438")
    ask_to_change(chat, "my email is e.new@example.org now", ("email", "e.new@example.org", "new"))
    confirm(chat)
    chat.runs(ActionChangeContact())
    assert follow(token_in("confirm_email")) is Followed.CONFIRMED
    chat = known("e.new@example.org")
    assert ask_to_delete(chat, "yes") == ["utter_delete_done"]
    assert sorted(outbox("data_deleted")) == ["e.new@example.org", ELIN]


def test_an_account_that_never_was() -> None:
    chat = Conversation(customer=recognised_as(ADA, customer_id=10**6), **CONSENTED)
    assert chat.runs(ActionDeleteData()) == ["utter_code_needed"]


def test_a_database_that_is_down_keeps_the_account_and_the_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = known(ELIN).hears("delete my account", "delete_data")
    chat.fills(ValidateDeletionForm())
    chat.agrees(ValidateDeletionForm(), ActionAskDeletionFormConfirmed())
    monkeypatch.setenv("DATABASE_URL", NOWHERE)
    for action in (ActionDeleteData(), ActionExportData(), ActionLoyaltyPoints()):
        assert chat.runs(action) == ["utter_unavailable"]
    assert chat.slots["confirmed"] is True and chat.slots["offer"] == "delete_data"


def test_without_a_customer_nothing_is_done_and_a_person_is_offered() -> None:
    chat = Conversation(**CONSENTED)
    for action in (ActionDeleteData(), ActionExportData(), ActionLoyaltyPoints(), ActionChangeContact()):
        assert chat.runs(action) == ["utter_offer_person"]
