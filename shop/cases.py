"""Cases: what the shop is looking into for a customer, and when they will hear of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop import references
from shop.delivery import DAYS_TO_ANSWER, working_day
from shop.models import DamageClaim, MissingParcel, Order, Return, Ticket
from shop.own_orders import own_order
from shop.tickets import ticket_number, ticket_row

CaseKind = Literal["claim", "search", "return", "ticket"]
WORKING_DAYS_TO_HEAR = {"claim": 2, "search": DAYS_TO_ANSWER, "ticket": 1}
"""Until the shop, or the carrier, has to answer. A return has no day: it depends on when the goods are handed in."""


@dataclass(frozen=True)
class Case:
    """``answer_by`` is the day by which the customer hears of it; None for a return, whose goods have to come first.
    ``closed`` is True once there is nothing more to come."""

    kind: CaseKind
    reference: str
    opened_on: date
    closed: bool
    answer_by: date | None = None


def cases_of_order(session: Session, number: str | int, customer_id: int) -> tuple[Case, ...]:
    """The cases of a customer's order, the latest first."""
    order = own_order(session, number, customer_id)
    if order is None:
        return ()
    dated = sorted(_of_order(session, order), key=lambda found: found[0], reverse=True)
    return tuple(case for _, case in dated)


def ticket_of(session: Session, number: str, conversation_id: str) -> Case | None:
    """A ticket of this conversation; None for any other."""
    ticket = session.get(Ticket, ticket_row(number)) if number.startswith("T-") and number[2:].isdecimal() else None
    if ticket is None or ticket.conversation_id != conversation_id:
        return None
    return _case("ticket", ticket_number(ticket.id), ticket.opened_at, ticket.status != "open")


def _of_order(session: Session, order: Order) -> Iterator[tuple[datetime, Case]]:
    for claim in session.execute(select(DamageClaim).where(DamageClaim.order_id == order.id)).scalars():
        reference = references.show(references.CLAIM, claim.id)
        yield claim.opened_at, _case("claim", reference, claim.opened_at, claim.state != "open")
    for search in session.execute(select(MissingParcel).where(MissingParcel.order_id == order.id)).scalars():
        reference = references.show(references.MISSING, search.id)
        yield search.opened_at, _case("search", reference, search.opened_at, search.state != "open")
    for back in session.execute(select(Return).where(Return.order_id == order.id)).scalars():
        reference = references.show(references.RETURN, back.id)
        yield back.opened_at, _case("return", reference, back.opened_at, back.state != "open")


def _case(kind: CaseKind, reference: str, opened_at: datetime, closed: bool) -> Case:
    opened_on, days = opened_at.date(), WORKING_DAYS_TO_HEAR.get(kind)
    return Case(kind, reference, opened_on, closed, working_day(opened_on, days) if days else None)
