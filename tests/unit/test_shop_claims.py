"""Claims for what arrived damaged, wrong or incomplete."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.claims import ClaimOutcome, PhotoOutcome, attach_photo, open_claim
from shop.models import DamageClaim, Order

CHAT = "chat-1"
CustomerOf = Callable[[int], int]


def first_line(session: Session, number: int) -> int:
    return session.execute(select(Order).where(Order.number == number)).scalar_one().lines[0].id


def test_a_claim_is_opened_once_for_each_kind(session: Session, customer_of: CustomerOf) -> None:
    samir, plates = customer_of(10442), first_line(session, 10442)
    first = open_claim(session, 10442, samir, plates, "damaged", "one is cracked", "", CHAT)
    again = open_claim(session, 10442, samir, plates, "damaged", "cracked", "", "another chat")
    other = open_claim(session, 10442, samir, plates, "missing_part", "only one came", "photo-1", CHAT)
    assert (first.outcome, first.item, first.has_photo) == (ClaimOutcome.OPENED, "Stoneware dinner plate", False)
    assert (again.outcome, again.reference) == (ClaimOutcome.ALREADY_OPEN, first.reference)
    assert other.outcome is ClaimOutcome.OPENED and other.has_photo and other.reference != first.reference


@pytest.mark.parametrize(
    ("number", "outcome"),
    [(10422, ClaimOutcome.NOT_DELIVERED), (10432, ClaimOutcome.NOT_DELIVERED), (10438, ClaimOutcome.TOO_OLD)],
)
def test_a_claim_needs_goods_that_came_lately(
    session: Session, customer_of: CustomerOf, number: int, outcome: ClaimOutcome
) -> None:
    claim = open_claim(session, number, customer_of(number), first_line(session, number), "damaged", "", "", CHAT)
    assert (claim.outcome, claim.reference) == (outcome, "")


def test_a_line_of_somebody_elses_is_not_found(session: Session, customer_of: CustomerOf) -> None:
    claim = open_claim(session, 10442, customer_of(10432), first_line(session, 10442), "damaged", "", "", CHAT)
    assert claim.outcome is ClaimOutcome.NOT_FOUND


def test_photos_are_attached_once_and_not_without_end(session: Session, customer_of: CustomerOf) -> None:
    claim = open_claim(session, 10442, customer_of(10442), first_line(session, 10442), "damaged", "", "", CHAT)
    assert attach_photo(session, claim.reference, "p1") is PhotoOutcome.ATTACHED
    assert attach_photo(session, claim.reference, "p1") is PhotoOutcome.ALREADY_DONE
    outcomes = [attach_photo(session, claim.reference, f"p{n}") for n in range(2, 7)]
    assert outcomes == [PhotoOutcome.ATTACHED] * 4 + [PhotoOutcome.TOO_MANY]
    assert session.execute(select(DamageClaim.photos)).scalar_one() == ["p1", "p2", "p3", "p4", "p5"]
    for reference in ("CL-9999", "RT-1001", "", "CL-1; DROP TABLE claims"):
        assert attach_photo(session, reference, "p1") is PhotoOutcome.NOT_FOUND
