"""Placing an order: a basket becomes an order that waits for its payment, and its goods are kept for so long."""

import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop import audit, guests
from shop.baskets import WRAP_PENCE, Basket, Owner, basket_of, locked
from shop.customers import EMAIL_LENGTH, NAME_LENGTH, note_conversation
from shop.database import lock_name
from shop.delivery import COLLECT, QuoteOutcome, quote
from shop.models import Customer, Order, OrderEvent, OrderLine, OrderStatus, Payment, PaymentPage, Product, utc_now
from shop.orders import ADDRESS_LENGTH, move_stock

HOLD = timedelta(hours=2)
"""How long goods are kept for an order that is not paid; the payment page closes then."""
NUMBERS = range(20000, 99999)
METHOD = "card"


@dataclass(frozen=True)
class Recipient:
    """Whom an order goes to. ``customer_id`` is None for a guest, who has only said whose e-mail address it is."""

    name: str
    email: str
    address: str
    postcode: str
    customer_id: int | None = None


class PlaceOutcome(str, Enum):
    """How placing an order ended. CHANGED: the basket is not what was agreed to any more."""

    PLACED = "placed"
    EMPTY = "empty"
    CHANGED = "changed"
    NOT_ENOUGH = "not_enough"
    NOT_SERVED = "not_served"
    INVALID_POSTCODE = "invalid_postcode"
    NO_SUCH_DELIVERY = "no_such_delivery"


@dataclass(frozen=True)
class Placed:
    """``token`` is what the conversation knows the order's payment page by."""

    outcome: PlaceOutcome
    number: int = 0
    total_pence: int = 0
    token: str = ""


def why_not_there(session: Session, basket: Basket, postcode: str) -> PlaceOutcome | None:
    """Why a basket cannot go to a postcode in the way that was chosen for it; None where it can."""
    quoted = quote(session, postcode)
    if quoted.outcome is not QuoteOutcome.OK:
        return PlaceOutcome(quoted.outcome.value)
    if basket.delivery not in {option.name for option in quoted.options}:
        return PlaceOutcome.NO_SUCH_DELIVERY
    return None


def place_order(session: Session, owner: Owner, to: Recipient, agreed: str, conversation_id: str) -> Placed:
    """Make an order of the basket, keep its goods and empty the basket.

    Args:
        owner: Whose basket it is.
        to: Whom it goes to.
        agreed: The fingerprint of the basket that somebody said yes to.
        conversation_id: Where.
    """
    row = locked(session, owner)
    products = [line["sku"] for line in row.lines] if row else []
    # In the order of their ids, so that two orders for the same goods do not wait for one another.
    session.execute(select(Product.id).where(Product.sku.in_(products)).order_by(Product.id).with_for_update()).all()
    basket = basket_of(session, row, owner.customer_id)
    refused = _why_not(session, basket, to.postcode, agreed)
    if row is None or refused:
        return Placed(refused or PlaceOutcome.EMPTY)
    customer, is_guest = _customer(session, to)
    order = _order(session, basket, to, customer)
    page = PaymentPage(order_id=order.id, conversation_id=conversation_id, made_customer=is_guest)
    page.token, page.expires_at = secrets.token_urlsafe(24), utc_now() + HOLD
    session.add(page)
    session.delete(row)
    session.flush()
    note_conversation(session, customer.id, conversation_id)
    audit.record(session, "order_placed", conversation_id, customer.id, number=order.number)
    return Placed(PlaceOutcome.PLACED, order.number, basket.total_pence, page.token)


def _why_not(session: Session, basket: Basket, postcode: str, agreed: str) -> PlaceOutcome | None:
    if not basket.items:
        return PlaceOutcome.EMPTY
    if basket.missing:
        return PlaceOutcome.NOT_ENOUGH
    if basket.fingerprint() != agreed:
        return PlaceOutcome.CHANGED
    return why_not_there(session, basket, postcode)


def _customer(session: Session, to: Recipient) -> tuple[Customer, bool]:
    """The customer of an order, and whether it is a guest, whom this order makes one.

    Where a guest's e-mail address has an account the order goes there, which nobody is told: its number does not open
    the account.
    """
    if to.customer_id is not None:
        known = session.get(Customer, to.customer_id)
        assert known is not None
        return known, False
    email = to.email.strip().lower()[:EMAIL_LENGTH]
    lock_name(session, f"customer:{email}")
    found = session.execute(select(Customer).where(Customer.email == email)).scalar_one_or_none()
    if found is None:
        found = Customer(name=to.name[:NAME_LENGTH], email=email, address="", postcode=to.postcode)
        session.add(found)
        session.flush()
        return found, True
    return found, guests.is_guest(session, found.id)


def _order(session: Session, basket: Basket, to: Recipient, customer: Customer) -> Order:
    now = utc_now()
    status = OrderStatus.AWAITING_PAYMENT.value
    order = Order(
        number=_new_number(session),
        customer_id=customer.id,
        status=status,
        placed_at=now,
        expected_on=_expected_on(session, basket, to.postcode),
        address=address_of(basket, to)[:ADDRESS_LENGTH],
        postcode=to.postcode,
        recipient=to.name[:NAME_LENGTH],
        delivery=basket.delivery,
        delivery_pence=basket.delivery_pence,
        discount_pence=basket.discount_pence,
        promo_code=basket.promo_code if basket.discount_pence else "",
        is_unproved=to.customer_id is None,
    )
    session.add(order)
    for item in sorted(basket.items, key=lambda item: item.product_id):
        order.lines.append(
            OrderLine(
                product_id=item.product_id,
                quantity=item.quantity,
                unit_price_pence=item.unit_price_pence,
                wrap_pence=WRAP_PENCE if item.is_wrapped else 0,
                gift_note=item.note,
            )
        )
        move_stock(session, item.product_id, -item.quantity)
    order.events.append(OrderEvent(status=status, happened_at=now))
    order.payments.append(Payment(amount_pence=basket.total_pence, method=METHOD, status="pending"))
    session.flush()
    return order


def address_of(basket: Basket, to: Recipient) -> str:
    """Where an order goes: what is collected waits in a parcel shop."""
    return f"Parcel shop near {to.postcode}" if basket.delivery == COLLECT.name else " ".join(to.address.split())


def _expected_on(session: Session, basket: Basket, postcode: str) -> date:
    options = {option.name: option.latest for option in quote(session, postcode).options}
    return basket.delivery_day or options[basket.delivery]


def _new_number(session: Session) -> int:
    lock_name(session, "order number")
    taken = set(session.execute(select(Order.number)).scalars())
    return secrets.choice([number for number in NUMBERS if number not in taken])
