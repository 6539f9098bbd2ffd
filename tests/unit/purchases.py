"""What tests of buying share: an order that is placed, its page, and the provider's calls about it."""

from typing import Any

from sqlalchemy import select

from shop import baskets, payment_pages
from shop.baskets import Owner
from shop.database import open_session
from shop.models import Order, OutboxMessage, PaymentPage, Product
from shop.placing import Placed, Recipient, place_order
from tests.fake_stripe import FakeStripe, signed

OWNER, LAMP = Owner("somebody's key"), "FH00001"
GUEST = Recipient("Jo Marsh", "Jo.Marsh@example.net", "4  Orchard Row, Bath", "BA1 2AB")
ADA = "ada.byrne@example.com"


def placed(to: Recipient = GUEST, count: int = 2, **chosen: Any) -> Placed:
    with open_session() as session:
        basket = baskets.put(session, OWNER, LAMP, count).basket
        if chosen:
            basket = baskets.choose_delivery(session, OWNER, **chosen).basket
        return place_order(session, OWNER, to, basket.fingerprint(), "chat-1")


def paid_page(to: Recipient = GUEST) -> tuple[Placed, str]:
    """A placed order and the provider's name of its page."""
    done = placed(to)
    payment_pages.open_page(done.token)
    return done, str(one(select(PaymentPage.session_id).where(PaymentPage.token == done.token)))


def one(query: Any) -> Any:
    with open_session() as session:
        return session.execute(query).scalar_one()


def stock() -> int:
    return int(one(select(Product.stock).where(Product.sku == LAMP)))


def state(number: int) -> str:
    return str(one(select(Order.status).where(Order.number == number)))


def mails(kind: str) -> list[OutboxMessage]:
    with open_session() as session:
        found = list(session.execute(select(OutboxMessage).where(OutboxMessage.kind == kind)).scalars())
        session.expunge_all()
        return found


def call(stripe: FakeStripe, kind: str, session: str, **changed: Any) -> int:
    body = stripe.event(f"checkout.session.{kind}", session, **changed)
    return payment_pages.receive("stripe", body, signed(body))


def refunds(number: int) -> list[int]:
    with open_session() as session:
        order = session.execute(select(Order).where(Order.number == number)).scalar_one()
        return [refund.amount_pence for refund in order.refunds]
