"""Baskets: what is in them, what they cost, and whose they are."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from shop import baskets, retention
from shop.baskets import DeliveryOutcome, Owner, PutOutcome
from shop.customer_data import erase_customer
from shop.database import open_session
from shop.delivery import named_day
from shop.models import BasketRow, Customer, Product, utc_now
from shop.payments import PromoOutcome

ANYBODY = Owner("somebody's key")
LAMP, PEBBLE = "FH00001", "FH00002"
"""Heron floor lamp, £129, of which eight are left; Pebble table lamp, £48."""


def sku_of(session: Session, name: str) -> str:
    return str(session.execute(select(Product.sku).where(Product.name == name)).scalar_one())


def in_stock(session: Session, sku: str, count: int) -> None:
    session.execute(update(Product).where(Product.sku == sku).values(stock=count))


def furniture(session: Session) -> str:
    product = session.execute(select(Product)).scalars()
    return next(p.sku for p in product if p.category.name == "Furniture" and p.stock)


def test_what_is_put_in_costs_what_the_catalogue_says(session: Session) -> None:
    baskets.put(session, ANYBODY, LAMP, 1)
    done = baskets.put(session, ANYBODY, LAMP, 1)

    assert (done.outcome, done.name, done.quantity) == (PutOutcome.DONE, "Heron floor lamp", 2)
    assert done.basket.total_pence == 2 * 12900  # and standard delivery is free from £50
    session.execute(update(Product).where(Product.sku == LAMP).values(price_pence=100))
    session.expire_all()
    assert baskets.show(session, ANYBODY).total_pence == 2 * 100 + 395


def test_no_more_is_put_in_than_there_is(session: Session) -> None:
    in_stock(session, PEBBLE, 3)

    assert baskets.put(session, ANYBODY, PEBBLE, 4).outcome is PutOutcome.NOT_ENOUGH
    assert baskets.put(session, ANYBODY, PEBBLE, 2).outcome is PutOutcome.DONE
    more = baskets.put(session, ANYBODY, PEBBLE, 2)
    assert (more.outcome, more.quantity, more.stock) == (PutOutcome.NOT_ENOUGH, 2, 3)
    gone = sku_of(session, "Kestrel tripod lamp")
    assert baskets.put(session, ANYBODY, gone, 1).outcome is PutOutcome.SOLD_OUT
    in_stock(session, LAMP, 500)
    assert baskets.put(session, ANYBODY, LAMP, 100).outcome is PutOutcome.TOO_MANY
    assert baskets.put(session, ANYBODY, "no such thing", 1).outcome is PutOutcome.NOT_FOUND


def test_fewer_can_be_had_where_the_shelf_is_emptier_than_the_basket(session: Session) -> None:
    in_stock(session, PEBBLE, 5)
    baskets.put(session, ANYBODY, PEBBLE, 5)
    in_stock(session, PEBBLE, 1)

    fewer = baskets.put(session, ANYBODY, PEBBLE, 3, False)
    assert fewer.outcome is PutOutcome.DONE and [item.quantity for item in fewer.basket.missing] == [3]
    assert baskets.put(session, ANYBODY, PEBBLE, 0, False).outcome is PutOutcome.REMOVED
    assert baskets.put(session, ANYBODY, PEBBLE, 2, False).outcome is PutOutcome.NOT_FOUND


def test_emptying_leaves_nothing(session: Session) -> None:
    baskets.put(session, ANYBODY, LAMP, 1)
    baskets.empty(session, ANYBODY)
    baskets.empty(session, ANYBODY)
    assert baskets.show(session, ANYBODY).items == ()
    assert session.execute(select(BasketRow)).first() is None


@pytest.mark.parametrize(
    ("code", "outcome", "discount"),
    [
        ("welcome 10", PromoOutcome.VALID, 480),
        ("FREESHIP", PromoOutcome.VALID, 395),
        ("BIG50", PromoOutcome.MIN_SPEND, 0),
        ("BEDTIME20", PromoOutcome.WRONG_CATEGORY, 0),
        ("SPRING15", PromoOutcome.EXPIRED, 0),
        ("NOSUCH1", PromoOutcome.UNKNOWN, 0),
    ],
)
def test_a_code_is_tried_on_what_is_in_the_basket(
    session: Session, code: str, outcome: PromoOutcome, discount: int
) -> None:
    in_stock(session, PEBBLE, 5)
    baskets.put(session, ANYBODY, PEBBLE, 1)
    tried = baskets.use_code(session, ANYBODY, code)
    kept = baskets.show(session, ANYBODY)

    assert (tried.promo, kept.discount_pence) == (outcome, discount)
    assert bool(kept.promo_code) is (outcome is PromoOutcome.VALID)


def test_a_code_that_does_not_work_leaves_the_one_that_does(session: Session) -> None:
    in_stock(session, PEBBLE, 5)
    baskets.put(session, ANYBODY, PEBBLE, 1)
    baskets.use_code(session, ANYBODY, "WELCOME10")
    baskets.use_code(session, ANYBODY, "SPRING15")
    assert baskets.show(session, ANYBODY).promo_code == "WELCOME10"


def test_a_code_for_once_is_used_up_for_whom_the_conversation_knows(session: Session) -> None:
    ada = session.execute(select(Customer.id).where(Customer.email == "ada.byrne@example.com")).scalar_one()
    owner = Owner("key", ada)
    baskets.put(session, owner, LAMP, 1)
    assert baskets.use_code(session, owner, "WELCOME10").promo is PromoOutcome.USED


def test_wrapping_costs_for_each_and_has_a_note(session: Session) -> None:
    baskets.put(session, ANYBODY, LAMP, 2)
    wrapped = baskets.wrap(session, ANYBODY, [LAMP], True, "Happy  birthday\nMum" + "!" * 500)

    assert wrapped.wrap_pence == 700 and wrapped.total_pence == 25800 + 700
    assert wrapped.items[0].note.startswith("Happy birthday Mum") and len(wrapped.items[0].note) == 300
    plain = baskets.wrap(session, ANYBODY, [LAMP], False)
    assert plain.wrap_pence == 0 and plain.items[0].note == ""


def test_furniture_comes_with_two_people_and_nothing_else_does(session: Session) -> None:
    in_stock(session, PEBBLE, 5)
    baskets.put(session, ANYBODY, PEBBLE, 1)
    refused = baskets.choose_delivery(session, ANYBODY, "Two-person")
    assert refused.outcome is DeliveryOutcome.FOR_FURNITURE_ONLY
    assert baskets.choose_delivery(session, ANYBODY, "Express").basket.delivery_pence == 695
    sofa = furniture(session)
    large = baskets.put(session, ANYBODY, sofa, 1).basket
    assert (large.delivery, large.delivery_pence) == ("Two-person", 2900)
    assert baskets.choose_delivery(session, ANYBODY, "Express").outcome is DeliveryOutcome.NEEDS_TWO_PEOPLE
    assert baskets.put(session, ANYBODY, sofa, 0, False).basket.delivery == "Express"


def test_a_named_day_is_one_on_which_carriers_deliver(session: Session) -> None:
    in_stock(session, PEBBLE, 5)
    baskets.put(session, ANYBODY, PEBBLE, 1)
    today = utc_now().date()
    sunday = next(day for n in range(4, 12) if (day := today + timedelta(n)).weekday() == 6)
    too_far = baskets.choose_delivery(session, ANYBODY, "Named day", today + timedelta(60))
    too_soon = baskets.choose_delivery(session, ANYBODY, "Named day", today)

    assert baskets.choose_delivery(session, ANYBODY, "Named day", sunday).day != sunday
    assert (too_far.outcome, too_soon.outcome) == (DeliveryOutcome.TOO_FAR, DeliveryOutcome.TOO_SOON)
    assert too_soon.day
    chosen = baskets.choose_delivery(session, ANYBODY, "Named day", too_soon.day)
    assert chosen.outcome is DeliveryOutcome.CHOSEN and chosen.basket.delivery_day == too_soon.day
    assert chosen.basket.delivery_pence == 495
    assert baskets.choose_delivery(session, ANYBODY, "Standard").basket.delivery_day is None


@pytest.mark.parametrize("today", [date(2026, 12, 23), date(2026, 12, 24), date(2027, 1, 1), date(2027, 4, 9)])
def test_what_is_offered_in_place_of_a_day_would_do(monkeypatch: pytest.MonkeyPatch, today: date) -> None:
    monkeypatch.setattr("shop.delivery.today", lambda: today)
    for wait in range(40):
        day = named_day(today + timedelta(wait)).day
        assert day and named_day(day).day == day and named_day(day).outcome.value == "moved"


def test_the_fingerprint_tells_of_each_change(session: Session) -> None:
    in_stock(session, PEBBLE, 5)
    seen = {baskets.show(session, ANYBODY).fingerprint()}
    for change in (
        lambda: baskets.put(session, ANYBODY, PEBBLE, 1),
        lambda: baskets.put(session, ANYBODY, PEBBLE, 1),
        lambda: baskets.wrap(session, ANYBODY, [PEBBLE], True, "for Jo"),
        lambda: baskets.choose_delivery(session, ANYBODY, "Express"),
        lambda: baskets.use_code(session, ANYBODY, "WELCOME10"),
        lambda: session.execute(update(Product).where(Product.sku == PEBBLE).values(price_pence=1)),
    ):
        change()
        session.expire_all()
        now = baskets.show(session, ANYBODY).fingerprint()
        assert now not in seen
        seen.add(now)


def test_a_conversations_basket_goes_over_to_whom_it_turns_out_to_be(session: Session) -> None:
    in_stock(session, PEBBLE, 5)
    ada = Owner("customer 1", 1)
    baskets.put(session, ada, LAMP, 1)
    baskets.put(session, ANYBODY, LAMP, 3)
    baskets.put(session, ANYBODY, PEBBLE, 2)
    baskets.take_over(session, ANYBODY.key, ada)
    baskets.take_over(session, ANYBODY.key, ada)

    assert [(item.sku, item.quantity) for item in baskets.show(session, ada).items] == [(LAMP, 1), (PEBBLE, 2)]
    assert baskets.show(session, ANYBODY).items == ()


def test_a_basket_goes_with_the_customer_and_with_time(session: Session) -> None:
    baskets.put(session, Owner("customer 1", 1), LAMP, 1)
    customer = session.get(Customer, 1)
    erase_customer(session, customer)
    assert session.execute(select(BasketRow)).first() is None
    for key, days in (("old", 31), ("new", 29)):
        baskets.put(session, Owner(key), LAMP, 1)
        changed = utc_now() - timedelta(days=days)
        session.execute(update(BasketRow).where(BasketRow.key == key).values(changed_at=changed))
    session.commit()
    retention.tidy()
    with open_session() as later:
        assert list(later.execute(select(BasketRow.key)).scalars()) == ["new"]
