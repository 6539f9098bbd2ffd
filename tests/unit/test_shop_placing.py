"""Placing an order: what is agreed to, where it goes, whom it opens nothing to; and stock that is kept."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.engine import URL

from shop import baskets
from shop.baskets import Owner
from shop.customers import IdentificationOutcome, identify
from shop.database import open_session
from shop.models import Customer, Order, Product
from shop.placing import PlaceOutcome, Recipient, place_order
from tests.fake_stripe import FakeStripe

from .purchases import ADA, GUEST, LAMP, OWNER, call, one, paid_page, placed, stock

# Placing -----------------------------------------------------------------------------------------------------------


def test_a_guests_order_waits_for_its_payment_and_keeps_its_goods(own_shop: URL) -> None:
    before = stock()
    done = placed()
    with open_session() as session:
        order = session.execute(select(Order).where(Order.number == done.number)).scalar_one()
        assert (order.status, order.recipient, order.customer.email) == (
            "awaiting_payment",
            "Jo Marsh",
            "jo.marsh@example.net",
        )
        assert (order.address, order.postcode, order.is_unproved) == ("4 Orchard Row, Bath", "BA1 2AB", True)
        assert [(p.status, p.amount_pence) for p in order.payments] == [("pending", 25800)]
        assert baskets.show(session, OWNER).items == ()
    assert done.outcome is PlaceOutcome.PLACED and done.total_pence == 25800 and stock() == before - 2


def test_what_was_not_agreed_to_is_not_ordered(own_shop: URL) -> None:
    with open_session() as session:
        basket = baskets.put(session, OWNER, LAMP, 1).basket
    with open_session() as session:
        session.execute(update(Product).where(Product.sku == LAMP).values(price_pence=1))
    with open_session() as session:
        assert place_order(session, OWNER, GUEST, basket.fingerprint(), "c").outcome is PlaceOutcome.CHANGED
        assert place_order(session, Owner("another"), GUEST, basket.fingerprint(), "c").outcome is PlaceOutcome.EMPTY
        session.execute(update(Product).where(Product.sku == LAMP).values(stock=0))
        session.expire_all()
        short = baskets.show(session, OWNER)
        assert place_order(session, OWNER, GUEST, short.fingerprint(), "c").outcome is PlaceOutcome.NOT_ENOUGH


@pytest.mark.parametrize(
    ("postcode", "option", "outcome"),
    [
        ("JE2 3AB", "Standard", PlaceOutcome.NOT_SERVED),
        ("nonsense", "Standard", PlaceOutcome.INVALID_POSTCODE),
        ("BT1 1AA", "Express", PlaceOutcome.NO_SUCH_DELIVERY),
        ("BT1 1AA", "Standard", PlaceOutcome.PLACED),
    ],
)
def test_where_it_can_go(own_shop: URL, postcode: str, option: str, outcome: PlaceOutcome) -> None:
    to = Recipient("Jo", "jo@example.net", "1 High Street", postcode)
    assert placed(to, option=option).outcome is outcome


def test_what_is_collected_goes_to_a_parcel_shop(own_shop: URL) -> None:
    done = placed(option="Click and collect")
    assert one(select(Order.address).where(Order.number == done.number)) == "Parcel shop near BA1 2AB"


def test_a_guests_word_opens_nobodys_account(own_shop: URL, stripe: FakeStripe) -> None:
    before = one(select(Customer.id).where(Customer.email == ADA))
    strangers, page = paid_page(Recipient("A Stranger", ADA, "1 Elsewhere", "BA1 2AB"))
    for _ in range(2):
        with open_session() as session:
            found = identify(session, strangers.number, ADA, "chat-2")
            assert found.outcome is IdentificationOutcome.NOT_MATCHED
        assert call(stripe, "completed", page) == 200
    assert one(select(Order.customer_id).where(Order.number == strangers.number)) == before


def test_a_guest_is_known_by_the_order_once_it_is_paid(own_shop: URL, stripe: FakeStripe) -> None:
    unpaid, _ = paid_page()
    done, page = paid_page()
    with open_session() as session:
        found = identify(session, done.number, GUEST.email, "chat-2")
        assert found.outcome is IdentificationOutcome.NOT_MATCHED
    call(stripe, "completed", page)
    with open_session() as session:
        found = identify(session, done.number, GUEST.email, "chat-3")
        assert found.customer and found.customer.name == "Jo Marsh"
        stays = identify(session, unpaid.number, GUEST.email, "chat-4")
        assert stays.outcome is IdentificationOutcome.NOT_MATCHED
