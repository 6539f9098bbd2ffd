"""A customer's right to their data: a copy of all of it, or its erasure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, union, update
from sqlalchemy.orm import Session

from shop import account_links, attempts, audit, outbox, references
from shop.database import begin_change
from shop.models import (
    AccountLink,
    AuditEntry,
    Customer,
    CustomerConversation,
    CustomerPreferences,
    DamageClaim,
    DataRequestRecord,
    Erasure,
    FraudReport,
    MissingParcel,
    OneTimeCode,
    Order,
    OrderEvent,
    OrderLine,
    OrderStatus,
    OutboxMessage,
    Parcel,
    Payment,
    Refund,
    Return,
    StockNotice,
    Ticket,
    utc_now,
)

FINISHED = (OrderStatus.DELIVERED.value, OrderStatus.CANCELLED.value, OrderStatus.RETURNED.value)
ERASED_NAME = "Erased customer"


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
    _erase(session, customer)
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
    orders = select(Order.id).where(Order.customer_id == customer.id)
    found = {"customers": _rows([customer])}
    for model, condition in (
        (CustomerPreferences, CustomerPreferences.customer_id == customer.id),
        (Order, Order.customer_id == customer.id),
        (OrderLine, OrderLine.order_id.in_(orders)),
        (OrderEvent, OrderEvent.order_id.in_(orders)),
        (Parcel, Parcel.order_id.in_(orders)),
        (Payment, Payment.order_id.in_(orders)),
        (Refund, Refund.order_id.in_(orders)),
        (Return, Return.order_id.in_(orders)),
        (DamageClaim, DamageClaim.order_id.in_(orders)),
        (MissingParcel, MissingParcel.order_id.in_(orders)),
        (StockNotice, StockNotice.email == customer.email),
        (Ticket, Ticket.email == customer.email),
        (FraudReport, FraudReport.email == customer.email),
        (AuditEntry, AuditEntry.customer_id == customer.id),
    ):
        found[model.__tablename__] = _rows(session.execute(select(model).where(condition)).scalars())
    return found


def _rows(records: Iterable[Any]) -> list[dict[str, Any]]:
    return [
        {column.name: _json(getattr(record, column.name)) for column in record.__table__.columns} for record in records
    ]


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
    known = (
        select(model.conversation_id).where(model.customer_id == customer.id)
        for model in (CustomerConversation, AuditEntry, OneTimeCode, DataRequestRecord)
    )
    told = (select(model.conversation_id).where(func.lower(model.email).in_(emails)) for model in (Ticket, FraudReport))
    found = session.execute(union(*known, *told)).scalars()
    return sorted({*found, *attempts.conversations(session, emails)} - {account_links.BY_LINK})


def _note_erasure(session: Session, conversations: list[str], emails: list[str], orders: Any) -> None:
    """Leave to the stores of conversations what they are to forget, in the transaction that erases the rest."""
    claims = select(DamageClaim.photos).where(DamageClaim.order_id.in_(orders))
    pictures = [picture for photos in session.execute(claims).scalars() for picture in photos]
    session.add(Erasure(conversations=conversations, emails=emails, pictures=pictures))


def erase_named(session: Session, conversations: list[str], emails: list[str]) -> None:
    """Erase what stands under a customer's addresses, and what was written where they were known: again once their
    conversations are gone, since one that was open may have gone on until then."""
    # A ticket that names another address is another person's, also where the conversation was shared.
    nameless = and_(Ticket.conversation_id.in_(conversations), Ticket.email == "")
    to_them = func.lower(OutboxMessage.recipient).in_(emails)
    for statement in (
        delete(StockNotice).where(func.lower(StockNotice.email).in_(emails)),
        delete(OutboxMessage).where(to_them, OutboxMessage.kind != outbox.LAST_WORDS),
        update(Ticket).where(or_(func.lower(Ticket.email).in_(emails), nameless)).values(email="", transcript=""),
        update(FraudReport).where(func.lower(FraudReport.email).in_(emails)).values(email=""),
    ):
        session.execute(statement.execution_options(synchronize_session=False))


def _erase(session: Session, customer: Customer) -> None:
    orders = select(Order.id).where(Order.customer_id == customer.id)
    numbers = list(session.execute(orders.with_only_columns(Order.number)).scalars())
    emails = _addresses(session, customer)
    asked_for = _never_confirmed(session, customer)
    conversations = _conversations(session, customer, emails)
    _note_erasure(session, conversations, emails, orders)
    attempts.forget(session, emails, numbers)
    erase_named(session, conversations, emails)
    for statement in (
        delete(CustomerPreferences).where(CustomerPreferences.customer_id == customer.id),
        delete(CustomerConversation).where(CustomerConversation.customer_id == customer.id),
        delete(OneTimeCode).where(OneTimeCode.customer_id == customer.id),
        delete(AccountLink).where(AccountLink.customer_id == customer.id),
        delete(OutboxMessage).where(
            OutboxMessage.kind == "confirm_email", func.lower(OutboxMessage.recipient).in_(asked_for)
        ),
        update(Order).where(Order.customer_id == customer.id).values(address="", postcode=""),
        update(DamageClaim).where(DamageClaim.order_id.in_(orders)).values(description="", photos=[]),
        update(Return).where(Return.order_id.in_(orders)).values(reason=""),
        update(AuditEntry).where(AuditEntry.customer_id == customer.id).values(detail={}),
    ):
        session.execute(statement.execution_options(synchronize_session=False))
    customer.name = ERASED_NAME
    # .invalid is a domain that never exists (RFC 2606).
    customer.email = f"erased-{customer.id}@fernhill.invalid"
    customer.phone = customer.address = customer.postcode = ""
    customer.points = 0
    customer.erased_at = utc_now()
    session.flush()
    session.expire_all()
