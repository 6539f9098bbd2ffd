"""Notes for the driver: until when, in place of which, and who hears of it."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.delivery_notes import NOTE_LENGTH, NoteOutcome, why_no_note, write_note
from shop.models import AuditEntry, Order, OrderStatus, OutboxMessage
from shop.orders import order_for

CHAT = "chat-1"
CustomerOf = Callable[[int], int]


def stored(session: Session, number: int) -> Order:
    return session.execute(select(Order).where(Order.number == number)).scalar_one()


def mails(session: Session) -> list[OutboxMessage]:
    kinds = ("delivery_note", "delivery_note_removed")
    return list(session.execute(select(OutboxMessage).where(OutboxMessage.kind.in_(kinds))).scalars())


def test_a_note_is_kept_changed_and_removed_and_the_address_on_file_hears_of_it(
    session: Session, customer_of: CustomerOf
) -> None:
    ada = customer_of(10434)
    assert write_note(session, 10434, ada, "leave it\n in the  shed", CHAT).note == "leave it in the shed"
    assert write_note(session, 10434, ada, "leave it in the shed", CHAT).outcome is NoteOutcome.SAME
    assert write_note(session, 10434, ada, "ring twice", CHAT).outcome is NoteOutcome.NOTED
    order = order_for(session, 10434, ada)
    assert order and order.delivery_note == "ring twice"
    assert write_note(session, 10434, ada, "", CHAT).outcome is NoteOutcome.REMOVED
    assert write_note(session, 10434, ada, "", CHAT).outcome is NoteOutcome.NONE
    assert [mail.content["note"] for mail in mails(session)] == ["leave it in the shed", "ring twice", ""]
    assert {mail.recipient for mail in mails(session)} == {"ada.byrne@example.com"}
    written = [entry.detail["before"] for entry in session.execute(select(AuditEntry)).scalars()]
    assert written == ["", "leave it in the shed", "ring twice"]


def test_a_note_is_as_long_as_the_column(session: Session, customer_of: CustomerOf) -> None:
    assert len(write_note(session, 10434, customer_of(10434), "x" * 500, CHAT).note) == NOTE_LENGTH


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        (10421, None),
        (10423, None),
        (10425, None),
        (10424, NoteOutcome.ON_THE_VAN),
        (10427, NoteOutcome.OVER),
        (10428, NoteOutcome.OVER),
        (10433, NoteOutcome.OVER),
    ],
)
def test_each_state_takes_a_note_or_says_why_not(
    session: Session, customer_of: CustomerOf, number: int, outcome: NoteOutcome | None
) -> None:
    customer = customer_of(number)
    refused = why_no_note(session, number, customer)
    assert (refused and refused.outcome) == outcome
    assert (write_note(session, number, customer, "at the back", CHAT).outcome is NoteOutcome.NOTED) == (
        outcome is None
    )


@pytest.mark.parametrize(("carrier", "outcome"), [("Greenvan", NoteOutcome.NOTED), ("Postwise", NoteOutcome.CARRIER)])
def test_with_the_carrier_it_is_the_carrier_who_takes_notes_or_not(
    session: Session, customer_of: CustomerOf, carrier: str, outcome: NoteOutcome
) -> None:
    order = stored(session, 10441)
    for parcel in order.parcels:
        parcel.carrier = carrier if parcel.delivered_on is None else "Postwise"
    assert write_note(session, 10441, customer_of(10441), "round the back", CHAT).outcome is outcome


def test_nobody_leaves_a_note_on_an_order_of_somebody_else(session: Session, customer_of: CustomerOf) -> None:
    assert write_note(session, 10434, customer_of(10433) + 1, "mine", CHAT).outcome is NoteOutcome.NOT_FOUND
    assert stored(session, 10434).delivery_note == ""


def test_once_on_the_van_the_note_that_is_there_stays(session: Session, customer_of: CustomerOf) -> None:
    ada = customer_of(10434)
    write_note(session, 10434, ada, "in the porch", CHAT)
    stored(session, 10434).status = OrderStatus.OUT_FOR_DELIVERY.value
    assert write_note(session, 10434, ada, "", CHAT).outcome is NoteOutcome.ON_THE_VAN
    assert stored(session, 10434).delivery_note == "in the porch"
