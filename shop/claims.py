"""Claims: something arrived damaged, wrong or incomplete."""

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from sqlalchemy.orm import Session

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


class PhotoOutcome(str, Enum):
    """How attaching a photo ended."""

    ATTACHED = "attached"
    ALREADY_DONE = "already_done"
    NOT_FOUND = "not_found"


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
    """Open a claim for a line of a delivered order."""
    raise NotImplementedError


def attach_photo(session: Session, reference: str, photo_id: str) -> PhotoOutcome:
    """Add a photo to an open claim."""
    raise NotImplementedError
