"""Links in e-mails: one confirms a new address, the other undoes a change. Each works once."""

import secrets
from datetime import timedelta
from enum import Enum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop import audit, one_time_codes, outbox
from shop.database import begin_change
from shop.models import AccountLink, Customer, Order, utc_now
from shop.own_orders import can_change
from shop.server_secret import keyed_hash

CONFIRM, UNDO = "confirm_email", "undo"
CONFIRM_WITHIN = timedelta(days=1)
UNDO_WITHIN = timedelta(days=14)
BY_LINK = "mail-link"
"""What the audit log has for a conversation where a link was followed."""


class Followed(str, Enum):
    """What a link has done. GONE: unknown, used, out of date, or no longer possible."""

    CONFIRMED = "confirmed"
    UNDONE = "undone"
    GONE = "gone"


def make(session: Session, customer_id: int, purpose: str, **detail: Any) -> str:
    """A new link's token. ``detail`` is what to put in place: ``field`` and ``value``, or an order's address."""
    token = secrets.token_urlsafe(24)
    lasts = CONFIRM_WITHIN if purpose == CONFIRM else UNDO_WITHIN
    session.add(
        AccountLink(
            customer_id=customer_id,
            purpose=purpose,
            digest=keyed_hash("account_link", token),
            detail=detail,
            expires_at=utc_now() + lasts,
        )
    )
    session.flush()
    return token


def follow(session: Session, token: str) -> Followed:
    """Do what a link is for, once."""
    begin_change(session)
    # The token is 192 random bits and is looked up by its keyed hash, so that time tells nothing about it.
    query = select(AccountLink).where(AccountLink.digest == keyed_hash("account_link", token.strip()))
    link = session.execute(query.with_for_update()).scalar_one_or_none()
    if link is None or link.used_at or link.expires_at < utc_now():
        return Followed.GONE
    customer = session.get(Customer, link.customer_id)
    if customer is None or customer.erased_at:
        return Followed.GONE
    done = _confirm(session, customer, link) if link.purpose == CONFIRM else _undo(session, customer, link)
    if not done:
        return Followed.GONE
    link.used_at = utc_now()
    return Followed.CONFIRMED if link.purpose == CONFIRM else Followed.UNDONE


def address_may_be_undone(session: Session, customer_id: int) -> bool:
    """Whether a change of the e-mail address can still be undone by its owner."""
    return bool(addresses_to_undo(session, customer_id))


def addresses_to_undo(session: Session, customer_id: int) -> list[str]:
    """The e-mail addresses that an account had, and that a link can still put back."""
    links = select(AccountLink).where(
        AccountLink.customer_id == customer_id,
        AccountLink.purpose == UNDO,
        AccountLink.used_at.is_(None),
        AccountLink.expires_at > utc_now(),
    )
    found = [link.detail for link in session.execute(links).scalars()]
    return [str(detail["value"]) for detail in found if detail.get("field") == "email"]


def _confirm(session: Session, customer: Customer, link: AccountLink) -> bool:
    """The new address takes the old one's place, and the old one is told how to undo it."""
    before, new = customer.email, link.detail["value"]
    if before != link.detail["before"] or not _move(session, customer, new):
        return False
    undo = make(session, customer.id, UNDO, field="email", value=before)
    outbox.put(session, "email_changed", before, name=customer.name, token=undo)
    audit.record(session, "contact_changed", link.detail["conversation"], customer.id, field="email", before=before)
    return True


def _undo(session: Session, customer: Customer, link: AccountLink) -> bool:
    """Put back what was there. Proofs by code end: whoever made the change may hold one."""
    detail, now = link.detail, customer.email
    if "order_id" in detail:
        order = session.get(Order, detail["order_id"])
        if order is None or not can_change(order):
            return False
        order.address, order.postcode = detail["address"], detail["postcode"]
    elif detail["field"] == "email":
        if not _move(session, customer, detail["value"]):
            return False
    else:
        setattr(customer, detail["field"], detail["value"])
    one_time_codes.forget(session, customer.id)
    _end_others(session, link)
    for recipient in dict.fromkeys((now, customer.email)):
        outbox.put(session, "change_undone", recipient, name=customer.name)
    audit.record(session, "change_undone", BY_LINK, customer.id, field=detail.get("field", "address"))
    return True


def _move(session: Session, customer: Customer, email: str) -> bool:
    """Another address for the account, unless somebody has it by now."""
    other = select(Customer.id).where(Customer.email == email, Customer.id != customer.id)
    if session.execute(other).first() is not None:
        return False
    customer.email = email
    one_time_codes.forget(session, customer.id)
    session.flush()
    return True


def _end_others(session: Session, link: AccountLink) -> None:
    """What came after the change that is undone was the same stranger's: their own links to undo, too."""
    later = select(AccountLink).where(
        AccountLink.customer_id == link.customer_id,
        (AccountLink.id > link.id) | (AccountLink.purpose == CONFIRM),
        AccountLink.used_at.is_(None),
    )
    for other in session.execute(later).scalars():
        other.used_at = utc_now()
