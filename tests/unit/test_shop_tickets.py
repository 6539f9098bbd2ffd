"""A conversation has one open ticket at a time."""

from sqlalchemy import select
from sqlalchemy.engine import URL

from shop.database import open_session
from shop.models import Ticket
from shop.tickets import open_ticket


def test_asking_again_brings_the_open_ticket_up_to_date(empty_tickets: URL) -> None:
    with open_session() as session:
        first = open_ticket(session, "chat-1", "Customer: hello", email="ada.byrne@example.com")
    with open_session() as session:
        second = open_ticket(session, "chat-1", "Customer: hello\nCustomer: still here")
        other = open_ticket(session, "chat-2", "Customer: hi")
    assert first.is_new and not second.is_new and other.is_new
    assert first.number == second.number != other.number
    with open_session() as session:
        ticket = session.execute(select(Ticket).where(Ticket.conversation_id == "chat-1")).scalar_one()
        assert ticket.transcript.endswith("still here")
        assert ticket.email == "ada.byrne@example.com"


def test_a_closed_ticket_is_not_reopened(empty_tickets: URL) -> None:
    with open_session() as session:
        first = open_ticket(session, "chat-1", "Customer: hello")
        session.execute(select(Ticket)).scalar_one().status = "closed"
    with open_session() as session:
        assert open_ticket(session, "chat-1", "Customer: me again").number != first.number
