"""Baskets: what is in them and what it costs. Every price is the catalogue's, whatever was said."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.database import lock_name
from shop.delivery import (
    DELIVERY_OPTIONS,
    FREE_DELIVERY_FROM_PENCE,
    NAMED_DAY,
    STANDARD,
    TWO_PERSON,
    RescheduleOutcome,
    named_day,
)
from shop.models import BasketRow, Product, PromoCode, utc_now
from shop.payments import PromoOutcome, check_promo
from shop.promotions import discount_pence

FURNITURE = "Furniture"
"""The category that two people deliver."""
WRAP_PENCE = 350
MOST_LINES, MOST_OF_ONE = 30, 99
NOTE_LENGTH = 300


@dataclass(frozen=True)
class Owner:
    """Whose basket it is: a customer's who has signed in, or that of a conversation, by a key that only it knows.

    ``customer_id`` is who is known there, for codes that are good once for each customer.
    """

    key: str
    customer_id: int | None = None


@dataclass(frozen=True)
class BasketItem:
    """Some of a product in a basket. ``stock`` is how many are on the shelf."""

    sku: str
    name: str
    quantity: int
    unit_price_pence: int
    stock: int
    is_wrapped: bool
    note: str
    product_id: int
    category_id: int
    is_furniture: bool

    @property
    def line_id(self) -> int:
        """As a line of an order has one."""
        return self.product_id


@dataclass(frozen=True)
class Basket:
    """A basket and what it costs. ``promo`` says why the code works or not; None where there is none."""

    items: tuple[BasketItem, ...]
    delivery: str
    delivery_day: date | None
    promo_code: str
    promo: PromoOutcome | None
    wrap_pence: int
    delivery_pence: int
    discount_pence: int

    @property
    def total_pence(self) -> int:
        """All of it."""
        goods = sum(item.quantity * item.unit_price_pence for item in self.items)
        return goods + self.wrap_pence + self.delivery_pence - self.discount_pence

    @property
    def missing(self) -> tuple[BasketItem, ...]:
        """What there is less of on the shelf than in the basket."""
        return tuple(item for item in self.items if item.quantity > item.stock)

    def fingerprint(self) -> str:
        """A text that is another one as soon as anything in the basket, or what it costs, is."""
        lines = [(i.sku, i.quantity, i.unit_price_pence, i.is_wrapped, i.note) for i in self.items]
        all_of_it = repr((lines, self.delivery, self.delivery_day, self.promo_code, self.total_pence))
        return hashlib.sha256(all_of_it.encode()).hexdigest()


class PutOutcome(str, Enum):
    """How putting something into a basket, or changing how many, ended."""

    DONE = "done"
    REMOVED = "removed"
    NOT_ENOUGH = "not_enough"
    SOLD_OUT = "sold_out"
    TOO_MANY = "too_many"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class Put:
    """``quantity`` is how many are in the basket now, ``stock`` how many there are."""

    outcome: PutOutcome
    basket: Basket
    name: str = ""
    quantity: int = 0
    stock: int = 0


class DeliveryOutcome(str, Enum):
    """How choosing a way of delivery ended. The last three are about a named day, and ``day`` is one that would do."""

    CHOSEN = "chosen"
    NEEDS_TWO_PEOPLE = "needs_two_people"
    FOR_FURNITURE_ONLY = "for_furniture_only"
    TOO_SOON = "too_soon"
    TOO_FAR = "too_far"
    NOT_A_DELIVERY_DAY = "not_a_delivery_day"


@dataclass(frozen=True)
class DeliveryChoice:
    """``option`` is the way that holds now."""

    outcome: DeliveryOutcome
    basket: Basket
    option: str
    day: date | None = None


def show(session: Session, owner: Owner) -> Basket:
    """The basket as it is, empty where there is none."""
    return basket_of(session, _find(session, owner), owner.customer_id)


def put(session: Session, owner: Owner, sku: str, quantity: int, more: bool = True) -> Put:
    """Put some of a product into the basket, or (``more`` false) have this many of it there; none takes it out."""
    row = _row(session, owner)
    product = session.execute(select(Product).where(Product.sku == sku)).scalar_one_or_none()
    before = next((line for line in row.lines if line["sku"] == sku), None)
    had = before["quantity"] if before else 0
    wanted = had + quantity if more else quantity

    def ended(outcome: PutOutcome, now: int) -> Put:
        basket = basket_of(session, row, owner.customer_id)
        return Put(outcome, basket, product.name if product else "", now, product.stock if product else 0)

    if product is None or (not more and before is None):
        return ended(PutOutcome.NOT_FOUND, had)
    if wanted > had:
        if product.stock == 0:
            return ended(PutOutcome.SOLD_OUT, had)
        if wanted > product.stock:
            return ended(PutOutcome.NOT_ENOUGH, had)
        if wanted > MOST_OF_ONE or (before is None and len(row.lines) >= MOST_LINES):
            return ended(PutOutcome.TOO_MANY, had)
    line = {**(before or {"sku": sku, "wrap": False, "note": ""}), "quantity": wanted}
    kept = [line if other is before else other for other in row.lines] + ([] if before else [line])
    _keep(session, row, lines=[other for other in kept if other["quantity"] > 0])
    return ended(PutOutcome.DONE if wanted > 0 else PutOutcome.REMOVED, max(wanted, 0))


def empty(session: Session, owner: Owner) -> None:
    """Take everything out."""
    row = _find(session, owner)
    if row is not None:
        session.delete(row)
        session.flush()


def use_code(session: Session, owner: Owner, code: str) -> Basket:
    """Try a promo code on the basket; one that does not work for it is not kept, and the basket says why."""
    row = _row(session, owner)
    before = row.promo_code
    row.promo_code = "".join(code.split()).upper()[:20]
    tried = basket_of(session, row, owner.customer_id)
    if tried.promo is not PromoOutcome.VALID:
        row.promo_code = before
    _keep(session, row)
    return tried


def wrap(session: Session, owner: Owner, skus: Sequence[str], wrapped: bool, note: str = "") -> Basket:
    """Wrap products of the basket as gifts with a note, or unwrap them."""
    row = _row(session, owner)
    change = {"wrap": wrapped, "note": " ".join(note.split())[:NOTE_LENGTH] if wrapped else ""}
    _keep(session, row, lines=[{**line, **change} if line["sku"] in skus else line for line in row.lines])
    return basket_of(session, row, owner.customer_id)


def choose_delivery(session: Session, owner: Owner, option: str, day: date | None = None) -> DeliveryChoice:
    """Choose a way of delivery by its name in ``shop.delivery``; a named day needs the day."""
    row = _row(session, owner)
    before = basket_of(session, row, owner.customer_id)
    furniture = any(item.is_furniture for item in before.items)
    if furniture and option != TWO_PERSON.name:
        return DeliveryChoice(DeliveryOutcome.NEEDS_TWO_PEOPLE, before, before.delivery)
    if option == TWO_PERSON.name and before.items and not furniture:
        return DeliveryChoice(DeliveryOutcome.FOR_FURNITURE_ONLY, before, before.delivery)
    if option == NAMED_DAY.name and day:
        fits = named_day(day)
        if fits.outcome is not RescheduleOutcome.MOVED:
            return DeliveryChoice(DeliveryOutcome(fits.outcome.value), before, before.delivery, fits.day)
    _keep(session, row, delivery=option, delivery_day=day if option == NAMED_DAY.name else None)
    return DeliveryChoice(DeliveryOutcome.CHOSEN, basket_of(session, row, owner.customer_id), option, row.delivery_day)


def take_over(session: Session, key: str, owner: Owner) -> None:
    """Put what is in a conversation's basket into that of the customer who has turned out to be talking."""
    left = _find(session, Owner(key))
    if left is None or key == owner.key:
        return
    row = _row(session, owner)
    there = {line["sku"] for line in row.lines}
    lines = [*row.lines, *(line for line in left.lines if line["sku"] not in there)][:MOST_LINES]
    _keep(
        session,
        row,
        lines=lines,
        promo_code=left.promo_code or row.promo_code,
        delivery=left.delivery or row.delivery,
        delivery_day=left.delivery_day or row.delivery_day,
    )
    session.delete(left)
    session.flush()


def basket_of(session: Session, row: BasketRow | None, customer_id: int | None) -> Basket:
    """A stored basket with today's prices; what is not in the catalogue any more is left out."""
    if row is None:
        return Basket((), STANDARD.name, None, "", None, 0, 0, 0)
    skus = [line["sku"] for line in row.lines]
    products = {p.sku: p for p in session.execute(select(Product).where(Product.sku.in_(skus))).scalars()}
    items = tuple(_item(products[line["sku"]], line) for line in row.lines if line["sku"] in products)
    goods = [(item.category_id, item.quantity * item.unit_price_pence) for item in items]
    delivery = _delivery_of(row, items)
    delivery_pence = _delivery_pence(delivery, sum(pence for _, pence in goods)) if items else 0
    promo = check_promo(session, row.promo_code, customer_id, goods).outcome if row.promo_code else None
    code = session.get(PromoCode, row.promo_code) if promo is PromoOutcome.VALID else None
    return Basket(
        items=items,
        delivery=delivery,
        delivery_day=row.delivery_day if delivery == NAMED_DAY.name else None,
        promo_code=row.promo_code,
        promo=promo,
        wrap_pence=sum(item.quantity * WRAP_PENCE for item in items if item.is_wrapped),
        delivery_pence=delivery_pence,
        discount_pence=discount_pence(code.kind, code.value, code.category_id, goods, delivery_pence) if code else 0,
    )


def locked(session: Session, owner: Owner) -> BasketRow | None:
    """The basket's row for whoever empties it by an order, with the basket locked until the transaction ends."""
    lock_name(session, f"basket:{owner.key}")
    return _find(session, owner)


def _item(product: Product, line: dict[str, object]) -> BasketItem:
    return BasketItem(
        sku=product.sku,
        name=product.name,
        quantity=int(str(line["quantity"])),
        unit_price_pence=product.price_pence,
        stock=product.stock,
        is_wrapped=bool(line["wrap"]),
        note=str(line["note"]),
        product_id=product.id,
        category_id=product.category_id,
        is_furniture=product.category.name == FURNITURE,
    )


def _delivery_of(row: BasketRow, items: Sequence[BasketItem]) -> str:
    """Furniture comes with two people, and nothing else does."""
    if any(item.is_furniture for item in items):
        return TWO_PERSON.name
    chosen = row.delivery or STANDARD.name
    return STANDARD.name if chosen == TWO_PERSON.name else chosen


def _delivery_pence(delivery: str, goods_pence: int) -> int:
    if delivery == STANDARD.name and goods_pence >= FREE_DELIVERY_FROM_PENCE:
        return 0
    return next(option.price_pence for option in DELIVERY_OPTIONS if option.name == delivery)


def _find(session: Session, owner: Owner) -> BasketRow | None:
    return session.execute(select(BasketRow).where(BasketRow.key == owner.key)).scalar_one_or_none()


def _row(session: Session, owner: Owner) -> BasketRow:
    """The basket's row, made where there is none, and locked."""
    row = locked(session, owner)
    if row is None:
        row = BasketRow(key=owner.key, lines=[])
        session.add(row)
    row.customer_id = owner.customer_id or row.customer_id
    session.flush()
    return row


def _keep(session: Session, row: BasketRow, **values: object) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.changed_at = utc_now()
    session.flush()
