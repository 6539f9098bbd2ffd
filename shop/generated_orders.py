"""The rows of one generated order: its lines, history, parcels, payment, refunds and returns."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from shop.delivery import FREE_DELIVERY_FROM_PENCE, STANDARD
from shop.models import (
    MissingParcel,
    Order,
    OrderEvent,
    OrderLine,
    OrderStatus,
    Parcel,
    Payment,
    Refund,
    Return,
)
from shop.promotions import discount_pence
from shop.rows import Rows

CARRIERS = {"Larkway": "LW", "Postwise": "PW", "Greenvan": "GV"}
DAYS_TO_ISSUE, DAYS_TO_PAY = 4, 5

_UP_TO_DISPATCH = (OrderStatus.PLACED, OrderStatus.PAID, OrderStatus.PACKED, OrderStatus.DISPATCHED)
_OUT = (*_UP_TO_DISPATCH, OrderStatus.OUT_FOR_DELIVERY)
_PATHS = {
    OrderStatus.OUT_FOR_DELIVERY: _OUT,
    OrderStatus.DELIVERED: (*_OUT, OrderStatus.DELIVERED),
    OrderStatus.DELAYED: (OrderStatus.PLACED, OrderStatus.PAID, OrderStatus.DELAYED),
    OrderStatus.DELIVERY_ATTEMPTED: (*_OUT, OrderStatus.DELIVERY_ATTEMPTED),
    OrderStatus.CANCELLED: (OrderStatus.PLACED, OrderStatus.PAID, OrderStatus.CANCELLED),
    OrderStatus.RETURNED: (*_OUT, OrderStatus.DELIVERED, OrderStatus.RETURNED),
}


@dataclass(frozen=True)
class ReturnPlan:
    """One product on its way back; ``state`` is its refund's: expected, issued or paid."""

    product_id: int
    reason: str
    state: str


@dataclass(frozen=True)
class OrderPlan:
    """What an order is to be; products, customer and promo code are rows."""

    number: int
    customer: dict[str, Any]
    status: OrderStatus
    placed_on: date
    last_on: date
    expected_on: date
    lines: list[tuple[dict[str, Any], int]]
    note: str = ""
    promo: dict[str, Any] | None = None
    payment_problem: str = ""
    first_parcel: int = 0
    returned: ReturnPlan | None = None
    missing: bool = False


def path_to(status: OrderStatus) -> tuple[OrderStatus, ...]:
    """The steps that lead to a state."""
    return _PATHS.get(status) or _UP_TO_DISPATCH[: _UP_TO_DISPATCH.index(status) + 1]


def add_order(rows: Rows, random: Random, plan: OrderPlan, day: date) -> None:
    """Add an order with a history that ends in its state no later than ``last_on``."""
    goods = sum(product["price_pence"] * quantity for product, quantity in plan.lines)
    delivery = 0 if goods >= FREE_DELIVERY_FROM_PENCE else STANDARD.price_pence
    order = rows.add(
        Order,
        number=plan.number,
        customer_id=plan.customer["id"],
        status=plan.status.value,
        placed_at=_moment(plan.placed_on, 0, random),
        expected_on=plan.expected_on,
        address=plan.customer["address"],
        postcode=plan.customer["postcode"],
        delivery_pence=delivery,
        discount_pence=_discount(plan, delivery),
        promo_code=plan.promo["code"] if plan.promo else "",
    )
    history = _add_history(rows, random, plan, order)
    lines = _add_lines(rows, random, plan, order, history)
    total = goods + delivery - order["discount_pence"]
    method = f"{random.choice(('Visa', 'Mastercard'))} ending {random.randint(1000, 9999)}"
    _add_payment(rows, plan, order, total, method, history)
    if plan.status is OrderStatus.DELIVERED:
        plan.customer["points"] += goods // 100
    if plan.status is OrderStatus.CANCELLED:
        _add_refund(rows, order, "cancelled", total, method, history[OrderStatus.CANCELLED], day)
    elif plan.status is OrderStatus.RETURNED:
        for line in lines:
            _add_return(rows, order, line, "changed my mind", "closed", history[OrderStatus.DELIVERED])
        money = goods - order["discount_pence"]
        _add_refund(rows, order, "returned", money, method, history[OrderStatus.RETURNED], day)
    elif plan.returned:
        _add_partial_return(rows, plan, plan.returned, order, lines, goods, method, day)
    if plan.missing:
        rows.add(
            MissingParcel, order_id=order["id"], state="open", opened_at=_moment(day - timedelta(days=1), 3, random)
        )


def _discount(plan: OrderPlan, delivery: int) -> int:
    if plan.promo is None:
        return 0
    goods = [(product["category_id"], product["price_pence"] * quantity) for product, quantity in plan.lines]
    return discount_pence(plan.promo["kind"], plan.promo["value"], plan.promo["category_id"], goods, delivery)


def _add_history(rows: Rows, random: Random, plan: OrderPlan, order: dict[str, Any]) -> dict[OrderStatus, datetime]:
    path = path_to(plan.status)
    days = (max(plan.last_on, plan.placed_on) - plan.placed_on).days
    steps = max(len(path) - 1, 1)
    history = {
        status: order["placed_at"]
        if step == 0
        else _moment(plan.placed_on + timedelta(days=days * step // steps), step, random)
        for step, status in enumerate(path)
    }
    for status, happened_at in history.items():
        note = plan.note if status is plan.status else ""
        rows.add(OrderEvent, order_id=order["id"], status=status.value, happened_at=happened_at, note=note)
    return history


def _add_lines(
    rows: Rows, random: Random, plan: OrderPlan, order: dict[str, Any], history: dict[OrderStatus, datetime]
) -> list[dict[str, Any]]:
    """The lines, in one parcel or two once they have left."""
    parcels: list[dict[str, Any]] = []
    if OrderStatus.DISPATCHED in history:
        delivered = history.get(OrderStatus.DELIVERED)
        status = OrderStatus.DELIVERED if delivered else plan.status
        if plan.first_parcel:
            earlier = delivered.date() if delivered else max(plan.last_on - timedelta(days=1), plan.placed_on)
            parcels.append(_parcel(rows, random, order, OrderStatus.DELIVERED, earlier, earlier))
        arrived = delivered.date() if delivered else None
        parcels.append(_parcel(rows, random, order, status, plan.expected_on, arrived))
    return [
        rows.add(
            OrderLine,
            order_id=order["id"],
            product_id=product["id"],
            parcel_id=parcels[0 if position < plan.first_parcel else -1]["id"] if parcels else None,
            quantity=quantity,
            unit_price_pence=product["price_pence"],
        )
        for position, (product, quantity) in enumerate(plan.lines)
    ]


def _parcel(
    rows: Rows, random: Random, order: dict[str, Any], status: OrderStatus, expected_on: date, delivered_on: date | None
) -> dict[str, Any]:
    carrier = random.choice(sorted(CARRIERS))
    return rows.add(
        Parcel,
        order_id=order["id"],
        carrier=carrier,
        tracking=f"{CARRIERS[carrier]}{random.randint(10**8, 10**9 - 1)}GB",
        status=status.value,
        expected_on=expected_on,
        delivered_on=delivered_on,
    )


def _add_payment(
    rows: Rows, plan: OrderPlan, order: dict[str, Any], total: int, method: str, history: dict[OrderStatus, datetime]
) -> None:
    paid = history.get(OrderStatus.PAID)
    rows.add(
        Payment,
        order_id=order["id"],
        amount_pence=total,
        method=method,
        status="paid" if paid else "failed" if plan.payment_problem else "pending",
        problem="" if paid else plan.payment_problem,
        happened_at=paid or order["placed_at"],
    )


def _add_partial_return(
    rows: Rows,
    plan: OrderPlan,
    back: ReturnPlan,
    order: dict[str, Any],
    lines: list[dict[str, Any]],
    goods: int,
    method: str,
    day: date,
) -> None:
    line = next(line for line in lines if line["product_id"] == back.product_id)
    opened = datetime.combine(min(plan.last_on + timedelta(days=2), day), time(9))
    row = _add_return(rows, order, line, back.reason, "open" if back.state == "expected" else "closed", opened)
    worth = line["unit_price_pence"] * line["quantity"]
    money = worth - order["discount_pence"] * worth // goods
    _add_refund(rows, order, "returned", money, method, opened, day, row["id"], back.state)


def _add_return(
    rows: Rows, order: dict[str, Any], line: dict[str, Any], reason: str, state: str, opened_at: datetime
) -> dict[str, Any]:
    return rows.add(
        Return,
        order_id=order["id"],
        line_id=line["id"],
        quantity=line["quantity"],
        reason=reason,
        wanted="refund",
        exchange_product_id=None,
        state=state,
        opened_at=opened_at,
    )


def _add_refund(
    rows: Rows,
    order: dict[str, Any],
    reason: str,
    amount: int,
    method: str,
    opened: datetime,
    day: date,
    return_id: int | None = None,
    state: str = "paid",
) -> None:
    """A refund in the state asked for, or as far as it can have come by ``day``."""
    issued_on = None if state == "expected" else min(opened.date() + timedelta(days=DAYS_TO_ISSUE), day)
    if state == "issued":
        issued_on = day - timedelta(days=2)
    elif issued_on and (day - issued_on).days < DAYS_TO_PAY:
        state = "issued"
    rows.add(
        Refund,
        order_id=order["id"],
        return_id=return_id,
        amount_pence=amount,
        method=method,
        reason=reason,
        state=state,
        opened_at=opened,
        issued_on=issued_on,
        expected_on=(issued_on or day + timedelta(days=DAYS_TO_ISSUE + 5)) + timedelta(days=DAYS_TO_PAY),
    )


def _moment(day: date, step: int, random: Random) -> datetime:
    """A time on that day; a later step of the same day gets a later hour."""
    return datetime.combine(day, time(hour=7 + step * 2, minute=random.randint(0, 59)))
