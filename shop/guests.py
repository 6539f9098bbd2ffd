"""Guests: people who order without an account. They become customers when they have paid."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.customer_data import erase_customer
from shop.models import Customer, Order, PaymentPage


def is_guest(session: Session, customer_id: int) -> bool:
    """Whether a customer was made by an order that nobody has paid yet, and has no other."""
    orders = select(Order.id).where(Order.customer_id == customer_id)
    made = select(PaymentPage.id).where(PaymentPage.made_customer, PaymentPage.order_id.in_(orders))
    proved = orders.where(~Order.is_unproved)
    has_made, has_proved = (session.execute(query.limit(1)).first() is not None for query in (made, proved))
    return has_made and not has_proved


def forget(session: Session, before: datetime) -> None:
    """Erase guests who have not paid, once their last page has been closed since ``before``."""
    pages = select(PaymentPage).where(PaymentPage.made_customer, PaymentPage.state == "closed")
    pages = pages.where(PaymentPage.expires_at < before)
    waiting = select(Order.customer_id).join(PaymentPage, PaymentPage.order_id == Order.id)
    waiting = waiting.where(PaymentPage.expires_at >= before)
    ids = {page.order.customer_id for page in session.execute(pages).scalars()}
    for customer_id in ids - set(session.execute(waiting).scalars()):
        customer = session.get(Customer, customer_id)
        if customer is not None and customer.erased_at is None and is_guest(session, customer_id):
            erase_customer(session, customer)
