"""Goodwill: what a customer is given where an order was late. The rules stand here; nothing outside them is given."""

import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from shop import audit, outbox, references
from shop.models import Customer, DamageClaim, Goodwill, Order, OrderStatus, PromoCode, today
from shop.own_orders import own_order, own_order_to_change

DAYS_FOR_POINTS, DAYS_FOR_VOUCHER = 2, 5
POINTS = 100
VOUCHER_PENCE = 1000
VOUCHER_DAYS = 180
TIME_TO_ASK = timedelta(days=30)
"""After the order came."""
PAST = frozenset({OrderStatus.CANCELLED, OrderStatus.RETURNED})
UNPAID = OrderStatus.PLACED
_SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class GoodwillOutcome(str, Enum):
    """What the rules give for an order, or why they give nothing."""

    POINTS = "points"
    VOUCHER = "voucher"
    ALREADY_POINTS = "already_points"
    ALREADY_VOUCHER = "already_voucher"
    CLAIM_DECIDES = "claim_decides"
    NOT_LATE = "not_late"
    TOO_LITTLE = "too_little"
    TOO_OLD = "too_old"
    CLOSED = "closed"
    NOT_FOUND = "not_found"


GIVING = frozenset({GoodwillOutcome.POINTS, GoodwillOutcome.VOUCHER})


@dataclass(frozen=True)
class GoodwillDecision:
    """``worth`` counts points or pence, ``days_late`` is what it rests on, ``given_on`` the day of an earlier one, and
    ``reference`` the claim that decides instead."""

    outcome: GoodwillOutcome
    worth: int = 0
    days_late: int = 0
    promised_on: date | None = None
    given_on: date | None = None
    reference: str = ""


def due(session: Session, number: str | int, customer_id: int) -> GoodwillDecision:
    """What the rules give for an order."""
    return _decide(session, own_order(session, number, customer_id))


def give_goodwill(session: Session, number: str | int, customer_id: int, conversation_id: str) -> GoodwillDecision:
    """Give it, once for an order: points go on the account, a voucher by e-mail to the address on file."""
    order = own_order_to_change(session, number, customer_id)
    decision = _decide(session, order)
    if order is None or decision.outcome not in GIVING:
        return decision
    code = _voucher(session, decision.worth) if decision.outcome is GoodwillOutcome.VOUCHER else ""
    session.add(
        Goodwill(
            order_id=order.id,
            kind=decision.outcome.value,
            worth=decision.worth,
            code=code,
            days_late=decision.days_late,
        )
    )
    if code:
        blanks = {"name": order.customer.name, "number": order.number, "code": code, "pounds": decision.worth // 100}
        outbox.put(session, "goodwill_voucher", order.customer.email, **blanks)
    else:
        more = update(Customer).where(Customer.id == customer_id).values(points=Customer.points + decision.worth)
        session.execute(more.execution_options(synchronize_session="fetch"))
    session.flush()
    detail = {"number": order.number, "kind": decision.outcome.value, "worth": decision.worth}
    audit.record(session, "goodwill_given", conversation_id, customer_id, **detail)
    return decision


def is_for_somebody_else(session: Session, code: str, customer_id: int | None) -> bool:
    """Whether a code is a voucher that another customer was given."""
    owner = session.execute(
        select(Order.customer_id).join(Goodwill, Goodwill.order_id == Order.id).where(Goodwill.code == code)
    ).scalar_one_or_none()
    return owner is not None and owner != customer_id


def _decide(session: Session, order: Order | None) -> GoodwillDecision:
    if order is None:
        return GoodwillDecision(GoodwillOutcome.NOT_FOUND)
    given = session.get(Goodwill, order.id)
    if given is not None:
        already = GoodwillOutcome(f"already_{given.kind}")
        return GoodwillDecision(already, given.worth, given.days_late, given_on=given.given_at.date())
    if order.status in PAST:
        return GoodwillDecision(GoodwillOutcome.CLOSED)
    days = _days_late(order)
    if days >= DAYS_FOR_POINTS:
        came = _last_delivery(order)
        if came and today() - came > TIME_TO_ASK:
            return GoodwillDecision(GoodwillOutcome.TOO_OLD, days_late=days, promised_on=order.expected_on)
        if days >= DAYS_FOR_VOUCHER:
            return GoodwillDecision(GoodwillOutcome.VOUCHER, VOUCHER_PENCE, days, order.expected_on)
        return GoodwillDecision(GoodwillOutcome.POINTS, POINTS, days, order.expected_on)
    claims = select(DamageClaim.id).where(DamageClaim.order_id == order.id, DamageClaim.state == "open")
    claim = session.execute(claims.order_by(DamageClaim.id.desc()).limit(1)).scalar_one_or_none()
    if claim is not None:
        reference = references.show(references.CLAIM, claim)
        return GoodwillDecision(GoodwillOutcome.CLAIM_DECIDES, reference=reference)
    outcome = GoodwillOutcome.TOO_LITTLE if days else GoodwillOutcome.NOT_LATE
    return GoodwillDecision(outcome, days_late=days, promised_on=order.expected_on)


def _days_late(order: Order) -> int:
    """How many days after the promised one the last parcel came; or has not come yet, where we could have sent it."""
    if order.status == UNPAID:
        return 0
    came = _last_delivery(order)
    return max(0, ((came or today()) - order.expected_on).days)


def _last_delivery(order: Order) -> date | None:
    """The day on which all of an order was there; None while something is on its way."""
    days = [parcel.delivered_on for parcel in order.parcels]
    return max(day for day in days if day) if days and all(days) else None


def _voucher(session: Session, pence: int) -> str:
    """A new code for money off; who may use it is checked by ``is_for_somebody_else``."""
    signs = "".join(secrets.choice(_SIGNS) for _ in range(8))
    code = f"SORRY-{signs}"
    voucher = PromoCode(code=code, kind="amount", value=pence, once_per_customer=True)
    voucher.starts_on, voucher.ends_on = today(), today() + timedelta(days=VOUCHER_DAYS)
    session.add(voucher)
    return code
