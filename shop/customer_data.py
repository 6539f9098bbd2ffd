"""A customer's right to their data: a copy of all of it, or its erasure."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from sqlalchemy import Table, and_, delete, func, select, union, update
from sqlalchemy.orm import Session

from shop import account_links, attempts, audit, outbox, personal_data, references
from shop.database import begin_change
from shop.models import (
    AccountLink,
    AuditEntry,
    Customer,
    DamageClaim,
    DataRequestRecord,
    Erasure,
    MissingParcel,
    Order,
    OrderStatus,
    OutboxMessage,
    Refund,
    Return,
    Ticket,
    utc_now,
)

FINISHED = (OrderStatus.DELIVERED.value, OrderStatus.CANCELLED.value, OrderStatus.RETURNED.value)
ERASED_NAME = "Erased customer"
NOBODY = 0
"""No customer's id: for what goes by addresses alone."""


class DataOutcome(str, Enum):
    """How a request for data ended."""

    DONE = "done"
    OPEN_ORDERS = "open_orders"
    ALREADY_DONE = "already_done"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class DataRequest:
    """``reference`` is empty where nothing was done; ``email`` is where the export or the confirmation goes."""

    outcome: DataOutcome
    reference: str = ""
    email: str = ""


def export_data(session: Session, customer_id: int, conversation_id: str) -> DataRequest:
    """Send a customer everything that is stored about them, as JSON, to their e-mail address."""
    customer = _locked(session, customer_id)
    if customer is None or customer.erased_at:
        return DataRequest(DataOutcome.NOT_FOUND)
    if audit.just_done(session, "data_exported", None, customer_id):
        return DataRequest(DataOutcome.ALREADY_DONE, _last_reference(session, customer_id, "export"), customer.email)
    reference = _request(session, customer_id, "export", conversation_id)
    outbox.put(session, "data_export", customer.email, reference=reference, data=_everything(session, customer))
    audit.record(session, "data_exported", conversation_id, customer_id)
    return DataRequest(DataOutcome.DONE, reference, customer.email)


def delete_data(session: Session, customer_id: int, conversation_id: str) -> DataRequest:
    """Erase who a customer is. Their orders stay, as the law on accounts wants it, without name or address.

    Refused while an order is under way, a return or claim is open, or money is on its way back.
    """
    customer = _locked(session, customer_id)
    if customer is None:
        return DataRequest(DataOutcome.NOT_FOUND)
    if customer.erased_at:
        return DataRequest(DataOutcome.ALREADY_DONE, _last_reference(session, customer_id, "delete"))
    if _has_open_business(session, customer_id):
        return DataRequest(DataOutcome.OPEN_ORDERS, email=customer.email)
    email = customer.email
    reference = _request(session, customer_id, "delete", conversation_id)
    # Who could still have undone a change of the address hears that there is nothing left to undo.
    recipients = dict.fromkeys((email, *account_links.addresses_to_undo(session, customer_id)))
    erase_customer(session, customer)
    for recipient in recipients:
        outbox.put(session, outbox.LAST_WORDS, recipient, reference=reference)
    audit.record(session, "data_deleted", conversation_id, customer_id)
    return DataRequest(DataOutcome.DONE, reference, email)


def _locked(session: Session, customer_id: int) -> Customer | None:
    begin_change(session)
    return session.execute(select(Customer).where(Customer.id == customer_id).with_for_update()).scalar_one_or_none()


def _request(session: Session, customer_id: int, kind: str, conversation_id: str) -> str:
    record = DataRequestRecord(customer_id=customer_id, kind=kind, conversation_id=conversation_id)
    session.add(record)
    session.flush()
    return references.show(references.DATA, record.id)


def _last_reference(session: Session, customer_id: int, kind: str) -> str:
    latest = (
        select(DataRequestRecord.id)
        .where(DataRequestRecord.customer_id == customer_id, DataRequestRecord.kind == kind)
        .order_by(DataRequestRecord.id.desc())
    )
    return references.show(references.DATA, session.execute(latest).scalars().first() or 0)


def _has_open_business(session: Session, customer_id: int) -> bool:
    orders = select(Order.id).where(Order.customer_id == customer_id)
    open_business = (
        orders.where(Order.status.not_in(FINISHED)),
        select(Return.id).where(Return.order_id.in_(orders), Return.state == "open"),
        select(DamageClaim.id).where(DamageClaim.order_id.in_(orders), DamageClaim.state == "open"),
        select(MissingParcel.id).where(MissingParcel.order_id.in_(orders), MissingParcel.state == "open"),
        select(Refund.id).where(Refund.order_id.in_(orders), Refund.state != "paid"),
    )
    return any(session.execute(query.limit(1)).first() for query in open_business)


def _everything(session: Session, customer: Customer) -> dict[str, Any]:
    """What is stored about a customer, by table."""
    found = {"customers": _rows(session, Customer.__table__, Customer.id == customer.id)}
    for table, condition in personal_data.rows_of(customer.id, [customer.email.lower()]):
        if table.info.get("exported", True):
            found[table.name] = _rows(session, table, condition)
    return found


def _rows(session: Session, table: Table, condition: Any) -> list[dict[str, Any]]:
    rows = session.execute(select(table).where(condition)).mappings()
    return [{name: _json(value) for name, value in row.items()} for row in rows]


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


def _addresses(session: Session, customer: Customer) -> list[str]:
    """The e-mail address and those before it, in lower case, but for those that are another customer's by now.

    One that was asked for and never confirmed is not theirs: whoever has it would be erased with them.
    """
    changes = select(AuditEntry.detail).where(
        AuditEntry.customer_id == customer.id, AuditEntry.action == "contact_changed"
    )
    before = [d["before"] for d in session.execute(changes).scalars() if d.get("field") == "email"]
    had = list(dict.fromkeys(str(address).lower() for address in (customer.email, *before)))
    others = select(func.lower(Customer.email)).where(func.lower(Customer.email).in_(had), Customer.id != customer.id)
    taken = set(session.execute(others).scalars())
    return [address for address in had if address not in taken]


def _never_confirmed(session: Session, customer: Customer) -> list[str]:
    """Addresses that the customer asked for, in lower case; a mail to them may wait that says so."""
    links = select(AccountLink.detail).where(AccountLink.customer_id == customer.id)
    return [str(d["value"]).lower() for d in session.execute(links).scalars() if d.get("field") == "email"]


def _conversations(session: Session, customer: Customer, emails: list[str]) -> list[str]:
    """The ids of the conversations in which this customer was known, or one of their addresses told."""
    named = (
        select(table.c.conversation_id).where(condition)
        for table, condition in personal_data.rows_of(customer.id, emails)
        if "conversation_id" in table.c
    )
    found = session.execute(union(*named)).scalars()
    return sorted({*found, *attempts.conversations(session, emails)} - {account_links.BY_LINK})


def _note_erasure(session: Session, conversations: list[str], emails: list[str], orders: Any) -> None:
    """Leave to the stores of conversations what they are to forget, in the transaction that erases the rest."""
    claims = select(DamageClaim.photos).where(DamageClaim.order_id.in_(orders))
    pictures = [picture for photos in session.execute(claims).scalars() for picture in photos]
    session.add(Erasure(conversations=conversations, emails=emails, pictures=pictures))


def erase_named(session: Session, conversations: list[str], emails: list[str], customer_id: int = NOBODY) -> None:
    """Erase what stands under a customer's addresses, and what was written where they were known: again once their
    conversations are gone, since one that was open may have gone on until then."""
    # A ticket that names another address is another person's, also where the conversation was shared.
    nameless = and_(Ticket.conversation_id.in_(conversations), Ticket.email == "")
    to_them = func.lower(OutboxMessage.recipient).in_(emails)
    for statement in (
        delete(OutboxMessage).where(to_them, OutboxMessage.kind != outbox.LAST_WORDS),
        update(Ticket).where(nameless).values(transcript=""),
        *personal_data.erasing(customer_id, emails),
    ):
        session.execute(statement.execution_options(synchronize_session=False))


def erase_customer(session: Session, customer: Customer) -> None:
    """Overwrite and delete what tells who a customer is, whatever is open."""
    orders = select(Order.id).where(Order.customer_id == customer.id)
    numbers = list(session.execute(orders.with_only_columns(Order.number)).scalars())
    emails = _addresses(session, customer)
    asked_for = _never_confirmed(session, customer)
    conversations = _conversations(session, customer, emails)
    _note_erasure(session, conversations, emails, orders)
    attempts.forget(session, emails, numbers)
    erase_named(session, conversations, emails, customer.id)
    asked_for_mails = delete(OutboxMessage).where(
        OutboxMessage.kind == "confirm_email", func.lower(OutboxMessage.recipient).in_(asked_for)
    )
    session.execute(asked_for_mails.execution_options(synchronize_session=False))
    customer.name = ERASED_NAME
    # .invalid is a domain that never exists (RFC 2606).
    customer.email = f"erased-{customer.id}@fernhill.invalid"
    customer.phone = customer.address = customer.postcode = ""
    customer.points = 0
    customer.erased_at = utc_now()
    session.flush()
    session.expire_all()
