"""Customers: who somebody is, how to reach them, and their points."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop import account_links, attempts, audit, outbox
from shop.customer_data import DataOutcome, DataRequest, delete_data, export_data
from shop.database import begin_change, lock_name
from shop.emails import find_email
from shop.models import Customer, CustomerConversation, utc_now
from shop.orders import find_order
from shop.own_orders import order_number as parse_order_number
from shop.phones import normal_phone

__all__ = [
    "ContactChange", "ContactField", "ContactOutcome", "CustomerSummary", "DataOutcome", "DataRequest",
    "Identification", "IdentificationOutcome", "Loyalty", "change_contact", "customer_by_email", "delete_data",
    "export_data", "identify", "loyalty", "note_conversation", "send_password_reset",
]  # fmt: skip

EMAIL_LENGTH, NAME_LENGTH = 254, 120
TIERS = (("Seedling", 0), ("Leaf", 500), ("Fern", 1500), ("Forest", 4000))
PENCE_PER_POINT = 5
ContactField = Literal["email", "phone", "name"]


@dataclass(frozen=True)
class CustomerSummary:
    """What Fern may know of a customer it has recognised."""

    id: int
    name: str
    first_name: str
    email: str
    phone: str
    postcode: str
    address: str
    points: int


class IdentificationOutcome(str, Enum):
    """How an identification ended. NOT_MATCHED does not say which half was wrong."""

    MATCHED = "matched"
    NOT_MATCHED = "not_matched"
    TOO_MANY_ATTEMPTS = "too_many_attempts"


@dataclass(frozen=True)
class Identification:
    """``customer`` is set only where the outcome is MATCHED."""

    outcome: IdentificationOutcome
    customer: CustomerSummary | None = None


class ContactOutcome(str, Enum):
    """How a change of contact details ended. ALREADY_DONE: this conversation made just this change before. SENT: the
    new e-mail address was written to; whether it is somebody else's already is told to that address alone."""

    CHANGED = "changed"
    SENT = "sent"
    SAME = "same"
    INVALID = "invalid"
    ALREADY_DONE = "already_done"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class ContactChange:
    """``value`` is what is stored now: the e-mail in lower case, the phone number without stray signs."""

    outcome: ContactOutcome
    value: str = ""


@dataclass(frozen=True)
class Loyalty:
    """Points, their worth in pence, the tier, and the points missing to the next tier (None in the highest)."""

    points: int
    worth_pence: int
    tier: str
    to_next_tier: int | None


def identify(
    session: Session, order_number: str | int, email: str, conversation_id: str, client: str | None = None
) -> Identification:
    """Recognise a customer by the number of one of their orders and their e-mail address.

    A failure counts against the conversation and the client, and against the order number and the e-mail address,
    whether there is such an account or not; ``shop.attempts`` says what follows.
    """
    subject = str(parse_order_number(order_number) or order_number).strip()
    guard = attempts.guard(session, "order", subject, conversation_id, client, email)
    if guard.is_closed:
        return Identification(IdentificationOutcome.TOO_MANY_ATTEMPTS)
    order = find_order(session, order_number, email).order
    customer = _by_email(session, email) if order else None
    if customer is None:
        guard.failed()
        return Identification(IdentificationOutcome.NOT_MATCHED)
    guard.succeeded()
    return Identification(IdentificationOutcome.MATCHED, _summary(customer))


def customer_by_email(session: Session, email: str) -> CustomerSummary | None:
    """The customer with this e-mail address. Only for an address that was verified (a signed token)."""
    customer = _by_email(session, email)
    return _summary(customer) if customer else None


def address_on_file(session: Session, customer_id: int) -> str | None:
    """Where a customer is written to; None for somebody who does not exist or is erased."""
    customer = session.get(Customer, customer_id)
    return customer.email if customer and not customer.erased_at else None


def change_contact(
    session: Session, customer_id: int, field: ContactField, value: str, conversation_id: str
) -> ContactChange:
    """Change a phone number or name, and tell the address on file, which can undo it. A new e-mail address holds once
    the link in a mail to it was followed; the answer is the same where it has an account of its own."""
    customer = _to_change(session, customer_id)
    if customer is None:
        return ContactChange(ContactOutcome.NOT_FOUND)
    before, new = getattr(customer, field), _NORMAL[field](value)
    if new is None:
        return ContactChange(ContactOutcome.INVALID, before)
    if new == before:
        repeated = audit.last(session, "contact_changed", conversation_id, customer_id, field=field) is not None
        return ContactChange(ContactOutcome.ALREADY_DONE if repeated else ContactOutcome.SAME, before)
    if field == "email":
        _write_to_new_address(session, customer, new, conversation_id)
        return ContactChange(ContactOutcome.SENT, new)
    undo = account_links.make(session, customer_id, account_links.UNDO, field=field, value=before)
    outbox.put(session, "contact_changed", customer.email, name=customer.name, field=field, token=undo)
    setattr(customer, field, new)
    audit.record(session, "contact_changed", conversation_id, customer_id, field=field, before=before)
    return ContactChange(ContactOutcome.CHANGED, new)


def note_conversation(session: Session, customer_id: int, conversation_id: str) -> None:
    """Remember that a customer is known in a conversation: their erasure has to find it."""
    lock_name(session, f"conversation:{conversation_id}")
    session.merge(CustomerConversation(customer_id=customer_id, conversation_id=conversation_id, seen_at=utc_now()))


def loyalty(session: Session, customer_id: int) -> Loyalty:
    """A customer's points and what they are worth; none for somebody who does not exist."""
    customer = session.get(Customer, customer_id)
    points = customer.points if customer else 0
    tier = [name for name, least in TIERS if points >= least][-1]
    higher = [least for _, least in TIERS if least > points]
    return Loyalty(points, points * PENCE_PER_POINT, tier, higher[0] - points if higher else None)


def send_password_reset(session: Session, email: str, conversation_id: str, is_proved: bool = False) -> None:
    """Send a link for a new password, if there is such an account; the caller cannot tell.

    Args:
        is_proved: Whether the customer signed in or gave a code. An address that was changed lately gets no link
            without: the change can still be undone, a new password could not.
    """
    begin_change(session)
    customer = _by_email(session, email)
    if customer and not is_proved and account_links.address_may_be_undone(session, customer.id):
        if not outbox.sent_lately(session, "password_reset_held", customer.email):
            outbox.put(session, "password_reset_held", customer.email, name=customer.name)
        return
    if customer and not outbox.sent_lately(session, "password_reset", customer.email):
        # The link is made by what sends the mail, so that nothing that opens an account is stored here.
        outbox.put(session, "password_reset", customer.email, customer_id=customer.id)
        audit.record(session, "password_reset", conversation_id, customer.id)


def _write_to_new_address(session: Session, customer: Customer, new: str, conversation_id: str) -> None:
    """A link to confirm it, or, where it has an account, a word that somebody asked."""
    if outbox.sent_lately(session, "confirm_email", new) or outbox.sent_lately(session, "address_in_use", new):
        return
    if _by_email(session, new) is not None:
        outbox.put(session, "address_in_use", new)
        return
    token = account_links.make(
        session,
        customer.id,
        account_links.CONFIRM,
        field="email",
        value=new,
        before=customer.email,
        conversation=conversation_id,
    )
    outbox.put(session, "confirm_email", new, token=token)


def _by_email(session: Session, email: str) -> Customer | None:
    query = select(Customer).where(Customer.email == email.strip().lower(), Customer.erased_at.is_(None))
    return session.execute(query).scalar_one_or_none()


def _to_change(session: Session, customer_id: int) -> Customer | None:
    """A customer as they are now, locked until the transaction ends; None where erased or unknown."""
    begin_change(session)
    query = select(Customer).where(Customer.id == customer_id, Customer.erased_at.is_(None))
    return session.execute(query.with_for_update()).scalar_one_or_none()


def _summary(customer: Customer) -> CustomerSummary:
    return CustomerSummary(
        id=customer.id,
        name=customer.name,
        first_name=customer.name.split()[0],
        email=customer.email,
        phone=customer.phone,
        postcode=customer.postcode,
        address=customer.address,
        points=customer.points,
    )


def _normal_email(value: str) -> str | None:
    email = find_email(value)
    return email if email and len(email) <= EMAIL_LENGTH else None


def _normal_name(value: str) -> str | None:
    name = " ".join(value.split())
    plausible = 2 <= len(name) <= NAME_LENGTH and any(letter.isalpha() for letter in name)
    return name if plausible and not any(sign in name for sign in "<>@{}[]") and name.isprintable() else None


_NORMAL: dict[str, Callable[[str], str | None]] = {
    "email": _normal_email,
    "phone": normal_phone,
    "name": _normal_name,
}
