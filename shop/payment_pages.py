"""Paying an order: its page at the payment provider, and what follows from what happens there."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, Template
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop import audit, ledger, outbox, payment_provider
from shop.database import begin_change, open_session
from shop.errors import ShopUnavailable
from shop.mails import DEFAULT_CHAT
from shop.models import Order, OrderEvent, OrderStatus, Payment, PaymentPage, Product, utc_now
from shop.orders import move_stock

PAGE = Path(__file__).resolve().parent / "payment_page.html"
WEBHOOK = "stripe"
"""The name under which the provider calls: ``/chat/hooks/stripe``."""
PAID, NOT_PAID = "paid", "not-paid"
"""The pages to which the provider sends people back: ``/chat/pages/paid``."""
LEAST_TIME = timedelta(minutes=31)
"""Stripe makes no page that closes sooner than in half an hour."""
GRACE = timedelta(hours=1)
"""After which an order that nobody has told us about is taken for unpaid."""
NOT_PAID_IN_TIME = "it was not paid in time"

logger = logging.getLogger(__name__)


class PageOutcome(str, Enum):
    """How asking for an order's payment page ended."""

    OPEN = "open"
    PAID = "paid"
    GONE = "gone"


@dataclass(frozen=True)
class Page:
    """``url`` is where the order is paid; only of an OPEN page."""

    outcome: PageOutcome
    number: int = 0
    total_pence: int = 0
    url: str = ""


def open_page(token: str | None) -> Page:
    """The page on which an order is paid, made where there is none yet; GONE without a token.

    Its provider is asked between transactions: nobody else waits for its answer.

    Raises:
        ShopUnavailable: The provider or the database does not answer; the order stays, and asking again helps.
    """
    with open_session() as session:
        found = _page(session, token)
        if not token or found.outcome is not PageOutcome.OPEN or found.url:
            return found
        bill = _bill(session, token)
    if bill.amount_pence == 0:
        return _given_away(token)
    if bill.expires_at - utc_now() < LEAST_TIME:
        return Page(PageOutcome.GONE, bill.number, bill.amount_pence)
    chat = (os.environ.get("CHAT_URL") or DEFAULT_CHAT).rstrip("/")
    made = payment_provider.open_session(bill, f"{chat}/pages/{PAID}", f"{chat}/pages/{NOT_PAID}")
    with open_session() as session:
        begin_change(session)
        row = _row(session, token)
        if row is not None and row.state == "new":
            row.session_id, row.url, row.state = made.id, made.url, "open"
    return Page(PageOutcome.OPEN, bill.number, bill.amount_pence, made.url)


def _given_away(token: str) -> Page:
    """An order that a code has made free is paid as it is."""
    with open_session() as session:
        begin_change(session)
        row = _row(session, token)
        if row is not None and row.state == "new":
            _take_payment(session, row, 0)
        return _page(session, token)


def receive(name: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Take a call of the provider; the HTTP status that answers it. Any but 200 makes it call again."""
    if name != WEBHOOK:
        return 404
    try:
        notice = payment_provider.notice_in(body, headers.get("stripe-signature"))
        with open_session() as session:
            _act_on(session, notice)
    except payment_provider.Forged as error:
        logger.warning("A call of the payment provider was refused: %s", error)
        return 400
    except ShopUnavailable as error:
        logger.error("%s", error)
        return 503
    return 200


def page_after(name: str) -> str | None:
    """The HTML to which the provider sends somebody back; None for a page that there is not."""
    return _template().render(paid=name == PAID) if name in (PAID, NOT_PAID) else None


def release_unpaid(session: Session) -> None:
    """Give up orders whose page closed without a word from the provider."""
    begin_change(session)
    late = select(PaymentPage).where(PaymentPage.state.in_(("new", "open")), PaymentPage.expires_at < utc_now() - GRACE)
    for page in session.execute(late.with_for_update()).scalars():
        _close(session, page)


def _act_on(session: Session, notice: payment_provider.Notice) -> None:
    """What a notice means for its order. Each may come twice, and in any order."""
    begin_change(session)
    page = _of(session, notice)
    if page is None or page.state == "paid":
        return
    page.session_id = page.session_id or notice.session_id
    if notice.kind in ("checkout.session.completed", "checkout.session.async_payment_succeeded") and notice.is_paid:
        _take_payment(session, page, notice.amount_pence)
    elif notice.kind in ("checkout.session.expired", "checkout.session.async_payment_failed"):
        _close(session, page)


def _of(session: Session, notice: payment_provider.Notice) -> PaymentPage | None:
    """The page of a notice. One that comes before we have stored its name is known by the order's number."""
    query = select(PaymentPage).where(PaymentPage.session_id == notice.session_id)
    found = session.execute(query.with_for_update()).scalar_one_or_none() if notice.session_id else None
    if found is None and notice.number.isdecimal():
        unnamed = (
            select(PaymentPage).join(Order).where(Order.number == int(notice.number), PaymentPage.session_id == "")
        )
        found = session.execute(unnamed.with_for_update()).scalars().first()
    return found


def _take_payment(session: Session, page: PaymentPage, amount_pence: int) -> None:
    """Note the money; what is too much for the order, or for one that is gone, goes back."""
    order = page.order
    page.state = "paid"
    ledger.cancel_open_payments(order)
    order.payments.append(Payment(amount_pence=amount_pence, method="card", status="paid"))
    session.flush()
    if order.status == OrderStatus.AWAITING_PAYMENT or _is_taken_up_again(session, order):
        _set_status(order, OrderStatus.PAID)
        _settle(session, order)
        if page.made_customer:
            order.is_unproved = False  # who has paid is the customer whom the order has made
        _write(session, order, "order_confirmed")
    else:
        ledger.refund(session, order, amount_pence, "not_sent")
        _write(session, order, "order_paid_too_late")
    audit.record(session, "order_paid", page.conversation_id, order.customer_id, number=order.number)


def _settle(session: Session, order: Order) -> None:
    """An order may have been changed while its page was open, which asks for what it cost before."""
    difference = ledger.total_pence(order) - ledger.refundable_pence(order)
    if difference > 0:
        order.payments.append(Payment(amount_pence=difference, method="card", status="pending"))
        session.flush()
    elif difference < 0:
        ledger.refund(session, order, -difference, "items_changed")


def _is_taken_up_again(session: Session, order: Order) -> bool:
    """Whether an order that was given up for want of payment can be sent after all, with goods that are still there."""
    if order.status != OrderStatus.CANCELLED or order.events[-1].note != NOT_PAID_IN_TIME:
        return False
    lines = sorted(order.lines, key=lambda line: line.product_id)
    ids = [line.product_id for line in lines]
    query = select(Product.id, Product.stock).where(Product.id.in_(ids)).order_by(Product.id).with_for_update()
    stock = dict(session.execute(query).all())
    if any(stock[line.product_id] < line.quantity for line in lines):
        return False
    for line in lines:
        move_stock(session, line.product_id, -line.quantity)
    return True


def _close(session: Session, page: PaymentPage) -> None:
    """The page is closed unpaid: the order is given up, and its goods go back on the shelf."""
    page.state, page.url = "closed", ""
    order = page.order
    if order.status != OrderStatus.AWAITING_PAYMENT:
        return
    ledger.cancel_open_payments(order)
    for line in sorted(order.lines, key=lambda line: line.product_id):
        move_stock(session, line.product_id, line.quantity)
    _set_status(order, OrderStatus.CANCELLED, NOT_PAID_IN_TIME)
    audit.record(session, "order_released", page.conversation_id, order.customer_id, number=order.number)


def _set_status(order: Order, status: OrderStatus, note: str = "") -> None:
    order.status = status.value
    order.events.append(OrderEvent(status=status.value, happened_at=utc_now(), note=note))


def _write(session: Session, order: Order, kind: str) -> None:
    outbox.put(
        session,
        kind,
        order.customer.email,
        name=order.recipient or order.customer.name,
        number=order.number,
        goods=_goods(order),
        total=f"£{ledger.total_pence(order) / 100:,.2f}",
        address=f"{order.address}, {order.postcode}",
        day=f"{order.expected_on.day} {order.expected_on:%B}",
    )


def _row(session: Session, token: str | None) -> PaymentPage | None:
    query = select(PaymentPage).where(PaymentPage.token == token) if token else None
    return None if query is None else session.execute(query).scalar_one_or_none()


def _page(session: Session, token: str | None) -> Page:
    row = _row(session, token)
    if row is None:
        return Page(PageOutcome.GONE)
    total = ledger.total_pence(row.order)
    if row.state == "paid":
        return Page(PageOutcome.PAID, row.order.number, total)
    is_open = row.order.status == OrderStatus.AWAITING_PAYMENT and row.expires_at > utc_now()
    return Page(PageOutcome.OPEN if is_open else PageOutcome.GONE, row.order.number, total, row.url if is_open else "")


def _bill(session: Session, token: str) -> payment_provider.Bill:
    row = _row(session, token)
    assert row is not None
    order = row.order
    total = ledger.total_pence(order)
    return payment_provider.Bill(order.number, total, _goods(order), order.customer.email, row.expires_at, token)


def _goods(order: Order) -> str:
    return ", ".join(f"{line.quantity} × {line.product.name}" for line in order.lines)


@lru_cache(maxsize=1)
def _template() -> Template:
    return Environment(autoescape=True).from_string(PAGE.read_text(encoding="utf-8"))
