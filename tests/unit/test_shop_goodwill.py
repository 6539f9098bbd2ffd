"""Goodwill: what the rules give, once for an order, and to nobody else."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.claims import open_claim
from shop.goodwill import POINTS, TIME_TO_ASK, VOUCHER_PENCE, GoodwillOutcome, due, give_goodwill
from shop.models import Customer, Goodwill, Order, OutboxMessage, today
from shop.payments import PromoOutcome, check_promo

CHAT = "chat-1"
CustomerOf = Callable[[int], int]


def stored(session: Session, number: int) -> Order:
    return session.execute(select(Order).where(Order.number == number)).scalar_one()


def late_by(session: Session, number: int, days: int, came: int = 3) -> None:
    """An order that came some days ago, and so many after it was due."""
    order = stored(session, number)
    for parcel in order.parcels:
        parcel.delivered_on = today() - timedelta(days=came)
    order.expected_on = today() - timedelta(days=came + days)


@pytest.mark.parametrize(
    ("days", "outcome"),
    [
        (0, GoodwillOutcome.NOT_LATE),
        (1, GoodwillOutcome.TOO_LITTLE),
        (2, GoodwillOutcome.POINTS),
        (4, GoodwillOutcome.POINTS),
        (5, GoodwillOutcome.VOUCHER),
    ],
)
def test_the_days_decide(session: Session, customer_of: CustomerOf, days: int, outcome: GoodwillOutcome) -> None:
    late_by(session, 10433, days)
    decision = due(session, 10433, customer_of(10433))
    assert (decision.outcome, decision.days_late) == (outcome, days)


def test_points_go_on_the_account_once(session: Session, customer_of: CustomerOf) -> None:
    harriet = customer_of(10429)
    before = session.get(Customer, harriet).points
    assert give_goodwill(session, 10429, harriet, CHAT).outcome is GoodwillOutcome.POINTS
    again = give_goodwill(session, 10429, harriet, CHAT)
    assert (again.outcome, again.worth, again.given_on) == (GoodwillOutcome.ALREADY_POINTS, POINTS, today())
    assert session.get(Customer, harriet).points == before + POINTS


def test_a_voucher_goes_to_the_address_on_file_and_is_good_for_its_owner_alone(
    session: Session, customer_of: CustomerOf
) -> None:
    late_by(session, 10433, 6)
    ada = customer_of(10433)
    assert give_goodwill(session, 10433, ada, CHAT).worth == VOUCHER_PENCE
    mail = session.execute(select(OutboxMessage).where(OutboxMessage.kind == "goodwill_voucher")).scalar_one()
    assert mail.recipient == "ada.byrne@example.com" and mail.content["pounds"] == 10
    code = mail.content["code"]
    assert check_promo(session, code, ada).outcome is PromoOutcome.VALID
    for other in (customer_of(10429), None):
        assert check_promo(session, code, other).outcome is PromoOutcome.UNKNOWN
    assert give_goodwill(session, 10433, ada, CHAT).outcome is GoodwillOutcome.ALREADY_VOUCHER
    assert len(session.execute(select(Goodwill)).all()) == 1


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        (10427, GoodwillOutcome.CLOSED),
        (10428, GoodwillOutcome.CLOSED),
        (10432, GoodwillOutcome.NOT_LATE),
        (10434, GoodwillOutcome.NOT_LATE),
    ],
)
def test_where_the_rules_give_nothing_nothing_is_given(
    session: Session, customer_of: CustomerOf, number: int, outcome: GoodwillOutcome
) -> None:
    assert give_goodwill(session, number, customer_of(number), CHAT).outcome is outcome
    assert session.execute(select(Goodwill)).first() is None


def test_an_order_that_waits_for_its_payment_is_not_late(session: Session, customer_of: CustomerOf) -> None:
    stored(session, 10421).expected_on = today() - timedelta(days=9)
    assert due(session, 10421, customer_of(10421)).outcome is GoodwillOutcome.NOT_LATE


def test_it_has_to_be_asked_for_in_thirty_days(session: Session, customer_of: CustomerOf) -> None:
    late_by(session, 10433, 3, came=TIME_TO_ASK.days)
    assert due(session, 10433, customer_of(10433)).outcome is GoodwillOutcome.POINTS
    late_by(session, 10433, 3, came=TIME_TO_ASK.days + 1)
    assert due(session, 10433, customer_of(10433)).outcome is GoodwillOutcome.TOO_OLD


def test_of_two_parcels_the_later_one_counts(session: Session, customer_of: CustomerOf) -> None:
    order = stored(session, 10441)
    order.expected_on = today() - timedelta(days=4)  # one parcel came, the other has not
    decision = due(session, 10441, customer_of(10441))
    assert (decision.outcome, decision.days_late) == (GoodwillOutcome.POINTS, 4)


def test_a_claim_decides_about_what_was_damaged(session: Session, customer_of: CustomerOf) -> None:
    ada, line = customer_of(10433), stored(session, 10433).lines[0].id
    claim = open_claim(session, 10433, ada, line, "damaged", "the lid is cracked", "", CHAT)
    decision = give_goodwill(session, 10433, ada, CHAT)
    assert (decision.outcome, decision.reference) == (GoodwillOutcome.CLAIM_DECIDES, claim.reference)


def test_somebody_elses_order_gives_nothing(session: Session, customer_of: CustomerOf) -> None:
    assert give_goodwill(session, 10429, customer_of(10433), CHAT).outcome is GoodwillOutcome.NOT_FOUND
