"""Claims: something arrived damaged, wrong or incomplete."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop import audit, references
from shop.database import begin_change
from shop.models import DamageClaim, today
from shop.own_orders import delivered_on, line_of, own_order, own_order_to_change

CLAIM_WINDOW = timedelta(days=30)
MOST_PHOTOS = 5
ClaimKind = Literal["damaged", "wrong_item", "missing_part"]


class ClaimOutcome(str, Enum):
    """How opening a claim ended."""

    OPENED = "opened"
    ALREADY_OPEN = "already_open"
    TOO_OLD = "too_old"
    NOT_DELIVERED = "not_delivered"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class Claim:
    """``item`` is the product's name; ``has_photo`` tells whether a photo is still wanted."""

    outcome: ClaimOutcome
    reference: str = ""
    item: str = ""
    has_photo: bool = False


@dataclass(frozen=True)
class ClaimableLine:
    """A line of an order that something can be wrong with, because it has arrived."""

    line_id: int
    name: str


@dataclass(frozen=True)
class Claimable:
    """``outcome`` is OPENED where a claim can be opened for one of ``lines``, or says why none can."""

    outcome: ClaimOutcome
    lines: tuple[ClaimableLine, ...] = ()


class PhotoOutcome(str, Enum):
    """How attaching a photo ended."""

    ATTACHED = "attached"
    ALREADY_DONE = "already_done"
    TOO_MANY = "too_many"
    NOT_FOUND = "not_found"


def claimable_lines(session: Session, number: str | int, customer_id: int) -> Claimable:
    """What of an order a claim can be opened for, or is open already."""
    order = own_order(session, number, customer_id)
    if order is None:
        return Claimable(ClaimOutcome.NOT_FOUND)
    arrived = [(line, day) for line in order.lines if (day := delivered_on(order, line))]
    if not arrived:
        return Claimable(ClaimOutcome.NOT_DELIVERED)
    claims = select(DamageClaim.line_id).where(DamageClaim.order_id == order.id, DamageClaim.state == "open")
    open_for = set(session.execute(claims).scalars())
    lines = tuple(
        ClaimableLine(line.id, line.product.name)
        for line, day in arrived
        if today() - day <= CLAIM_WINDOW or line.id in open_for
    )
    return Claimable(ClaimOutcome.OPENED if lines else ClaimOutcome.TOO_OLD, lines)


def claim_that_is_open(
    session: Session, number: str | int, customer_id: int, line_id: int, kind: ClaimKind
) -> Claim | None:
    """The claim of this kind that is open for a line of a customer's order; None where there is none."""
    order = own_order(session, number, customer_id)
    line = line_of(order, line_id) if order else None
    claim = _open_claim(session, line_id, kind) if line else None
    return _told(ClaimOutcome.ALREADY_OPEN, claim, line.product.name) if line and claim else None


def open_claim(
    session: Session,
    number: str | int,
    customer_id: int,
    line_id: int,
    kind: ClaimKind,
    description: str,
    photo_id: str,
    conversation_id: str,
) -> Claim:
    """Open a claim for a line of an order that was delivered in the last 30 days. ``photo_id`` may be empty."""
    order = own_order_to_change(session, number, customer_id)
    line = line_of(order, line_id) if order else None
    if order is None or line is None:
        return Claim(ClaimOutcome.NOT_FOUND)
    item, arrived = line.product.name, delivered_on(order, line)
    if arrived is None:
        return Claim(ClaimOutcome.NOT_DELIVERED, item=item)
    claim = _open_claim(session, line.id, kind)
    if claim is not None:
        return _told(ClaimOutcome.ALREADY_OPEN, claim, item)
    if today() - arrived > CLAIM_WINDOW:
        return Claim(ClaimOutcome.TOO_OLD, item=item)
    photos = [photo_id] if photo_id else []
    claim = DamageClaim(order_id=order.id, line_id=line.id, kind=kind, description=description, photos=photos)
    session.add(claim)
    session.flush()
    audit.record(session, "claim_opened", conversation_id, customer_id, claim_id=claim.id, kind=kind)
    return _told(ClaimOutcome.OPENED, claim, item)


def attach_photo(session: Session, reference: str, photo_id: str) -> PhotoOutcome:
    """Add a photo to an open claim, up to five."""
    begin_change(session)
    query = select(DamageClaim).where(
        DamageClaim.id == references.row_of(references.CLAIM, reference), DamageClaim.state == "open"
    )
    claim = session.execute(query.with_for_update()).scalar_one_or_none()
    if claim is None:
        return PhotoOutcome.NOT_FOUND
    if photo_id in claim.photos:
        return PhotoOutcome.ALREADY_DONE
    if len(claim.photos) >= MOST_PHOTOS:
        return PhotoOutcome.TOO_MANY
    # A new list: SQLAlchemy does not see a change inside the old one.
    claim.photos = [*claim.photos, photo_id]
    session.flush()
    return PhotoOutcome.ATTACHED


def _open_claim(session: Session, line_id: int, kind: ClaimKind) -> DamageClaim | None:
    claims = select(DamageClaim).where(
        DamageClaim.line_id == line_id, DamageClaim.kind == kind, DamageClaim.state == "open"
    )
    return session.execute(claims).scalar_one_or_none()


def _told(outcome: ClaimOutcome, claim: DamageClaim, item: str) -> Claim:
    return Claim(outcome, references.show(references.CLAIM, claim.id), item, bool(claim.photos))
