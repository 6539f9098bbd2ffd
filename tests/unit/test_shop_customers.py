"""Customers are recognised by a matching pair, guessing is stopped, and their details and data are theirs."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from shop import account_links
from shop.attempts import MOST_IN_A_CONVERSATION
from shop.customers import (
    ContactField,
    ContactOutcome,
    DataOutcome,
    IdentificationOutcome,
    change_contact,
    customer_by_email,
    delete_data,
    export_data,
    identify,
    loyalty,
    send_password_reset,
)
from shop.demo import UNUSED_NUMBER
from shop.emails import find_email
from shop.models import AuditEntry, Customer, Erasure, Order, OutboxMessage, Ticket
from shop.preferences import of, remember
from shop.tickets import open_ticket

CHAT = "chat-1"
ADA = "ada.byrne@example.com"
CustomerOf = Callable[[int], int]
MATCHED, NOT_MATCHED = IdentificationOutcome.MATCHED, IdentificationOutcome.NOT_MATCHED
TOO_MANY = IdentificationOutcome.TOO_MANY_ATTEMPTS


def outbox(session: Session, kind: str) -> list[OutboxMessage]:
    return list(session.execute(select(OutboxMessage).where(OutboxMessage.kind == kind)).scalars())


def test_a_matching_pair_tells_who_it_is(session: Session) -> None:
    found = identify(session, "FH-10432", " Ada.Byrne@EXAMPLE.com", CHAT)
    assert found.outcome is MATCHED
    assert found.customer is not None
    assert (found.customer.first_name, found.customer.email) == ("Ada", ADA)
    assert found.customer == customer_by_email(session, ADA)


@pytest.mark.parametrize(
    ("number", "email"), [(UNUSED_NUMBER, ADA), (10422, ADA), (10432, "x@example.com"), ("abc", ADA)]
)
def test_a_wrong_pair_reveals_nothing(session: Session, number: int, email: str) -> None:
    found = identify(session, number, email, CHAT)
    assert (found.outcome, found.customer) == (NOT_MATCHED, None)


def test_a_conversation_may_fail_five_times_and_then_even_the_right_pair_is_refused(session: Session) -> None:
    outcomes = [identify(session, 10432, f"{n}@example.com", CHAT).outcome for n in range(MOST_IN_A_CONVERSATION)]
    assert set(outcomes) == {NOT_MATCHED}
    assert identify(session, 10432, ADA, CHAT).outcome is TOO_MANY
    assert identify(session, 10432, ADA, "another chat").outcome is MATCHED


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        ("phone", "+44 (0)7700 900 123", "+447700900123"),
        ("phone", "07700-900-456", "07700900456"),
        ("name", "  Ada   Byrne-Okafor ", "Ada Byrne-Okafor"),
    ],
)
def test_contact_details_are_kept_in_one_shape(
    session: Session, customer_of: CustomerOf, field: ContactField, typed: str, kept: str
) -> None:
    ada = customer_of(10432)
    changed = change_contact(session, ada, field, typed, CHAT)
    again = change_contact(session, ada, field, typed, CHAT)
    later = change_contact(session, ada, field, typed, "next week")
    assert (changed.outcome, changed.value) == (ContactOutcome.CHANGED, kept)
    assert again.outcome is ContactOutcome.ALREADY_DONE
    assert later.outcome is ContactOutcome.SAME
    assert getattr(session.get(Customer, ada), field) == kept


@pytest.mark.parametrize(
    ("field", "typed"), [("email", "ada@"), ("phone", "12"), ("phone", "call me"), ("name", "<b>x</b>"), ("name", "7")]
)
def test_details_that_cannot_be_right_are_refused(
    session: Session, customer_of: CustomerOf, field: ContactField, typed: str
) -> None:
    ada = customer_of(10432)
    before = getattr(session.get(Customer, ada), field)
    assert change_contact(session, ada, field, typed, CHAT).outcome is ContactOutcome.INVALID
    assert getattr(session.get(Customer, ada), field) == before


@pytest.mark.parametrize(("typed", "kind"), [(ADA, "address_in_use"), ("New at example dot org", "confirm_email")])
def test_a_new_email_is_written_to_and_nobody_learns_whether_it_has_an_account(
    session: Session, customer_of: CustomerOf, typed: str, kind: str
) -> None:
    priya = customer_of(10422)
    before = session.get(Customer, priya).email
    done = change_contact(session, priya, "email", typed, CHAT)
    written = find_email(typed)
    assert (done.outcome, done.value) == (ContactOutcome.SENT, written)
    assert [message.recipient for message in outbox(session, kind)] == [written]
    assert session.get(Customer, priya).email == before


def test_the_old_address_hears_of_a_new_one(session: Session, customer_of: CustomerOf) -> None:
    change_contact(session, customer_of(10432), "email", "ada@new.example.org", CHAT)
    assert outbox(session, "email_changed") == []
    account_links.follow(session, outbox(session, "confirm_email")[0].content["token"])
    assert [message.recipient for message in outbox(session, "email_changed")] == [ADA]


def test_points_have_a_worth_and_a_tier(session: Session, customer_of: CustomerOf) -> None:
    ada = loyalty(session, customer_of(10432))
    assert (ada.points, ada.worth_pence, ada.tier, ada.to_next_tier) == (640, 3200, "Leaf", 860)
    nobody = loyalty(session, 10**6)
    assert (nobody.points, nobody.tier, nobody.to_next_tier) == (0, "Seedling", 500)


def test_a_password_reset_goes_out_once_and_only_to_an_account(session: Session) -> None:
    for email, chat in ((ADA, CHAT), (ADA.upper(), "another chat"), ("nobody@example.com", CHAT)):
        send_password_reset(session, email, chat)
    assert [message.recipient for message in outbox(session, "password_reset")] == [ADA]


def test_an_export_holds_what_is_stored_about_one_customer_only(session: Session, customer_of: CustomerOf) -> None:
    ada = customer_of(10432)
    remember(session, ada, colours="green")
    first = export_data(session, ada, CHAT)
    again = export_data(session, ada, CHAT)
    assert (first.outcome, first.email) == (DataOutcome.DONE, ADA)
    assert (again.outcome, again.reference) == (DataOutcome.ALREADY_DONE, first.reference)
    (message,) = outbox(session, "data_export")
    data = message.content["data"]
    assert [order["number"] for order in data["orders"]] == [10432, 10433, 10434]
    assert data["preferences"][0]["colours"] == ["green"]
    assert {row["customer_id"] for row in data["orders"]} == {ada}


def test_data_are_not_erased_while_an_order_is_under_way(session: Session, customer_of: CustomerOf) -> None:
    for number in (10432, 10439, 10440, 10443):
        assert delete_data(session, customer_of(number), CHAT).outcome is DataOutcome.OPEN_ORDERS, number
    assert customer_by_email(session, ADA) is not None


def test_erasure_leaves_the_accounts_and_nothing_that_names_the_customer(
    session: Session, customer_of: CustomerOf
) -> None:
    elin = customer_of(10438)
    address = session.get(Customer, elin).address
    remember(session, elin, call_me="El", usual_address=address)
    change_contact(session, elin, "email", "elin.hughes.new@example.com", CHAT)
    change_contact(session, elin, "name", "Elin Hughes-Grey", CHAT)
    open_ticket(session, CHAT, "Customer: I am Elin", email="elin.hughes@example.com")
    done = delete_data(session, elin, CHAT)
    again = delete_data(session, elin, "another chat")
    assert done.outcome is DataOutcome.DONE
    assert (again.outcome, again.reference) == (DataOutcome.ALREADY_DONE, done.reference)
    assert customer_by_email(session, "elin.hughes@example.com") is None
    assert of(session, elin).call_me == ""
    order = session.execute(select(Order).where(Order.number == 10438)).scalar_one()
    assert (order.customer_id, order.address, order.postcode) == (elin, "", "")
    # All but the confirmation that still has to go out, and what the stores of conversations have yet to forget.
    session.execute(update(OutboxMessage).values(recipient=""))
    session.execute(delete(Erasure))
    session.flush()
    raw = "\n".join(session.connection().connection.iterdump())
    for trace in ("elin.hughes", "Elin Hughes", "I am Elin", '"El"'):
        assert trace not in raw, f"{trace} is still in the database"


def test_erasure_empties_tickets_without_an_address_and_leaves_those_of_others(
    session: Session, customer_of: CustomerOf
) -> None:
    elin = customer_of(10438)
    change_contact(session, elin, "name", "Elin Hughes-Grey", "an earlier chat")
    open_ticket(session, "an earlier chat", "Customer: Elin here, no address given")
    open_ticket(session, "a stranger's chat", "Customer: somebody else")
    open_ticket(session, CHAT, "Customer: shared computer", email=ADA)
    open_ticket(session, "written in capitals", "Customer: ELIN", email="Elin.Hughes@Example.com")
    delete_data(session, elin, CHAT)
    transcripts = session.execute(select(Ticket.transcript).order_by(Ticket.id.desc()).limit(4)).scalars().all()
    assert transcripts == ["", "Customer: shared computer", "Customer: somebody else", ""]


def test_an_erased_customer_can_neither_export_nor_change_anything(session: Session, customer_of: CustomerOf) -> None:
    elin = customer_of(10438)
    delete_data(session, elin, CHAT)
    assert export_data(session, elin, CHAT).outcome is DataOutcome.NOT_FOUND
    assert change_contact(session, elin, "phone", "07700 900123", CHAT).outcome is ContactOutcome.NOT_FOUND
    assert identify(session, 10438, "elin.hughes@example.com", CHAT).outcome is NOT_MATCHED
    assert remember(session, elin, call_me="El") == of(session, elin)
    assert session.execute(select(AuditEntry.action).order_by(AuditEntry.id.desc())).scalars().first() == "data_deleted"
