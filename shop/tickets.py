"""Support tickets: a conversation handed to a person."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.database import lock_name
from shop.models import Ticket

FIRST_NUMBER = 5000


@dataclass(frozen=True)
class OpenTicket:
    """A ticket as the customer knows it. ``is_new`` is false where their earlier ticket was still open."""

    number: str
    is_new: bool


def open_ticket(
    session: Session, conversation_id: str, transcript: str, email: str = "", order_number: str = ""
) -> OpenTicket:
    """Hand a conversation to a person. Asking again in the same conversation brings the open ticket up to date."""
    lock_name(session, f"ticket:{conversation_id}")
    ticket = (
        session.execute(
            select(Ticket)
            .where(Ticket.conversation_id == conversation_id, Ticket.status == "open")
            .order_by(Ticket.id.desc())
        )
        .scalars()
        .first()
    )
    is_new = ticket is None
    if ticket is None:
        ticket = Ticket(conversation_id=conversation_id)
        session.add(ticket)
    ticket.transcript = transcript
    ticket.email = email or ticket.email or ""
    ticket.order_number = order_number or ticket.order_number or ""
    session.flush()
    return OpenTicket(ticket_number(ticket.id), is_new)


def ticket_number(row: int) -> str:
    """The number that a customer quotes for a ticket."""
    return f"T-{FIRST_NUMBER + row}"


def ticket_row(number: str) -> int:
    """The id behind a ticket's number."""
    return int(number.removeprefix("T-")) - FIRST_NUMBER
