"""Customers: who somebody is, how to reach them, their points, and their right to their data."""

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from sqlalchemy.orm import Session


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
    """How a change of contact details ended. ALREADY_DONE: this conversation made just this change before."""

    CHANGED = "changed"
    SAME = "same"
    TAKEN = "taken"
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


def identify(session: Session, order_number: str | int, email: str, conversation_id: str) -> Identification:
    """Recognise a customer by the number of one of their orders and their e-mail address."""
    raise NotImplementedError


def customer_by_email(session: Session, email: str) -> CustomerSummary | None:
    """The customer with this e-mail address. Only for an address that was verified (a signed token)."""
    raise NotImplementedError


def change_contact(
    session: Session, customer_id: int, field: Literal["email", "phone", "name"], value: str, conversation_id: str
) -> ContactChange:
    """Change an e-mail address, phone number or name."""
    raise NotImplementedError


def loyalty(session: Session, customer_id: int) -> Loyalty:
    """A customer's points and what they are worth."""
    raise NotImplementedError


def send_password_reset(session: Session, email: str, conversation_id: str) -> None:
    """Send a link for a new password, if there is such an account; the caller cannot tell."""
    raise NotImplementedError


def export_data(session: Session, customer_id: int, conversation_id: str) -> DataRequest:
    """Send a customer everything that is stored about them."""
    raise NotImplementedError


def delete_data(session: Session, customer_id: int, conversation_id: str) -> DataRequest:
    """Erase who a customer is. Their orders stay, as the law on accounts wants it, without name or address."""
    raise NotImplementedError
