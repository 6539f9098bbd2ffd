"""Returns, exchanges, labels and refunds."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop import audit, ledger, outbox, references
from shop.models import Order, OrderLine, OrderStatus, Payment, Product, Return, today
from shop.own_orders import delivered_on, line_of, own_order, own_order_to_change

RETURN_WINDOW = timedelta(days=30)
DAYS_TO_COME_BACK = 9
"""How long goods take back to the warehouse and through the check there."""
REASON_LENGTH = 200

Wanted = Literal["refund", "exchange"]


class ReturnableOutcome(str, Enum):
    """Whether anything of an order can go back."""

    OK = "ok"
    NOT_DELIVERED = "not_delivered"
    WINDOW_CLOSED = "window_closed"
    ALL_RETURNED = "all_returned"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class ReturnableLine:
    """``quantity`` is how many have not been sent back yet, ``refund_pence`` what one of them brings."""

    line_id: int
    sku: str
    name: str
    quantity: int
    refund_pence: int


@dataclass(frozen=True)
class Returnable:
    """``until`` is the last day of the return window; None before delivery."""

    outcome: ReturnableOutcome
    lines: tuple[ReturnableLine, ...] = ()
    until: date | None = None


class ReturnOutcome(str, Enum):
    """How starting a return ended."""

    OPENED = "opened"
    ALREADY_OPEN = "already_open"
    NOT_DELIVERED = "not_delivered"
    WINDOW_CLOSED = "window_closed"
    TOO_MANY = "too_many"
    NOT_IN_STOCK = "not_in_stock"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class ReturnStarted:
    """``refund_pence`` comes back once the goods have; an exchange for something dearer costs ``to_pay_pence``."""

    outcome: ReturnOutcome
    reference: str = ""
    refund_pence: int = 0
    to_pay_pence: int = 0
    until: date | None = None


class RefundState(str, Enum):
    """How far a refund is: none, expected (goods not back yet), issued (with the bank) or paid."""

    NONE = "none"
    EXPECTED = "expected"
    ISSUED = "issued"
    PAID = "paid"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class RefundStatus:
    """The latest refund of an order. ``expected_on`` is the day it should be on the account by."""

    state: RefundState
    amount_pence: int = 0
    issued_on: date | None = None
    expected_on: date | None = None
    method: str = ""


class LabelOutcome(str, Enum):
    """How sending a return label ended."""

    SENT = "sent"
    ALREADY_SENT = "already_sent"
    NO_RETURN = "no_return"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class Label:
    """``reference`` is that of the return the label belongs to."""

    outcome: LabelOutcome
    email: str = ""
    reference: str = ""


def returnable_lines(session: Session, number: str | int, customer_id: int) -> Returnable:
    """What of an order can go back, and until when."""
    order = own_order(session, number, customer_id)
    if order is None:
        return Returnable(ReturnableOutcome.NOT_FOUND)
    arrived = delivered_on(order)
    if arrived is None:
        return Returnable(ReturnableOutcome.NOT_DELIVERED)
    until = arrived + RETURN_WINDOW
    lines = tuple(
        ReturnableLine(
            line_id=line.id,
            sku=line.product.sku,
            name=line.product.name,
            quantity=_left(order, line),
            refund_pence=ledger.share_pence(order, line, 1),
        )
        for line in order.lines
        if _left(order, line) > 0 and delivered_on(order, line)
    )
    if not lines:
        return Returnable(ReturnableOutcome.ALL_RETURNED, until=until)
    if today() > until:
        return Returnable(ReturnableOutcome.WINDOW_CLOSED, until=until)
    return Returnable(ReturnableOutcome.OK, lines, until)


def start_return(
    session: Session,
    number: str | int,
    customer_id: int,
    line_id: int,
    quantity: int,
    reason: str,
    wanted: Wanted,
    exchange_sku: str,
    conversation_id: str,
) -> ReturnStarted:
    """Open a return and send its label. ``exchange_sku`` is empty where money is wanted.

    An exchange takes the new goods from the shelf at once; the difference in price comes back or is to be paid.
    """
    order = own_order_to_change(session, number, customer_id)
    line = line_of(order, line_id) if order else None
    if order is None or line is None or quantity < 1:
        return ReturnStarted(ReturnOutcome.NOT_FOUND)
    arrived = delivered_on(order, line)
    if arrived is None:
        return ReturnStarted(ReturnOutcome.NOT_DELIVERED)
    until = arrived + RETURN_WINDOW
    earlier = [back for back in order.returns if back.line_id == line.id]
    if earlier and (earlier[-1].state == "open" or _left(order, line) == 0):
        return _told(ReturnOutcome.ALREADY_OPEN, order, earlier[-1], until)
    if today() > until:
        return ReturnStarted(ReturnOutcome.WINDOW_CLOSED, until=until)
    if quantity > _left(order, line):
        return ReturnStarted(ReturnOutcome.TOO_MANY, until=until)
    exchange = _product_to_take(session, exchange_sku) if wanted == "exchange" else None
    if wanted == "exchange" and (exchange is None or exchange.stock < quantity):
        return ReturnStarted(ReturnOutcome.NOT_IN_STOCK, until=until)
    back = Return(
        line_id=line.id,
        quantity=quantity,
        reason=" ".join(reason.split())[:REASON_LENGTH],
        wanted=wanted,
        exchange_product_id=exchange.id if exchange else None,
    )
    order.returns.append(back)
    session.flush()
    worth = ledger.share_pence(order, line, quantity)
    if exchange:
        exchange.stock -= quantity
        worth -= exchange.price_pence * quantity
    to_pay = max(-worth, 0)
    ledger.refund(session, order, worth, "returned", DAYS_TO_COME_BACK + ledger.DAYS_TO_REFUND, back.id)
    if to_pay:
        order.payments.append(Payment(amount_pence=to_pay, method=order.payments[-1].method, status="pending"))
    _send_label(session, order, back)
    audit.record(session, "return_opened", conversation_id, customer_id, return_id=back.id, wanted=wanted)
    return replace(_told(ReturnOutcome.OPENED, order, back, until), to_pay_pence=to_pay)


def refund_status(session: Session, number: str | int, customer_id: int) -> RefundStatus:
    """How far the latest refund of an order is."""
    order = own_order(session, number, customer_id)
    if order is None:
        return RefundStatus(RefundState.NOT_FOUND)
    if not order.refunds:
        return RefundStatus(RefundState.NONE)
    latest = order.refunds[-1]
    return RefundStatus(
        RefundState(latest.state), latest.amount_pence, latest.issued_on, latest.expected_on, latest.method
    )


def resend_label(session: Session, number: str | int, customer_id: int, conversation_id: str) -> Label:
    """Send the label of an order's open return once more."""
    order = own_order_to_change(session, number, customer_id)
    if order is None:
        return Label(LabelOutcome.NOT_FOUND)
    back = next((back for back in reversed(order.returns) if back.state == "open"), None)
    if back is None:
        return Label(LabelOutcome.NO_RETURN)
    outcome = LabelOutcome.ALREADY_SENT
    if not audit.just_done(session, "label_resent", None, customer_id, return_id=back.id):
        _send_label(session, order, back)
        audit.record(session, "label_resent", conversation_id, customer_id, return_id=back.id)
        outcome = LabelOutcome.SENT
    return Label(outcome, order.customer.email, references.show(references.RETURN, back.id))


def _left(order: Order, line: OrderLine) -> int:
    """How many of a line have not been sent back; an order that came back whole may have no single returns."""
    if order.status == OrderStatus.RETURNED:
        return 0
    return line.quantity - sum(back.quantity for back in order.returns if back.line_id == line.id)


def _product_to_take(session: Session, sku: str) -> Product | None:
    return session.execute(select(Product).where(Product.sku == sku).with_for_update()).scalar_one_or_none()


def _send_label(session: Session, order: Order, back: Return) -> None:
    reference = references.show(references.RETURN, back.id)
    outbox.put(session, "return_label", order.customer.email, reference=reference, order_number=order.number)


def _told(outcome: ReturnOutcome, order: Order, back: Return, until: date) -> ReturnStarted:
    money = sum(refund.amount_pence for refund in order.refunds if refund.return_id == back.id)
    return ReturnStarted(outcome, references.show(references.RETURN, back.id), money, until=until)
