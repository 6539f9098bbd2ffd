"""Filling an empty shop from a seed: the same seed and day always give the same shop."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from string import ascii_uppercase, digits
from typing import Any

from sqlalchemy.engine import Connection

from shop.catalogue import CatalogueEntry, read_catalogue
from shop.demo import (
    DEMO_GIFT_CARDS,
    DEMO_ORDERS,
    DEMO_PROMOS,
    DEMO_STOCK,
    UNUSED_NUMBER,
    DemoOrder,
)
from shop.generated_orders import OrderPlan, ReturnPlan, add_order, path_to
from shop.models import Category, Customer, CustomerPreferences, GiftCardBalance, OrderStatus, Product, PromoCode
from shop.names import FIRST_NAMES, LAST_NAMES, STREETS, TOWNS
from shop.rows import Rows
from shop.tastes import Shopper, Taste

CUSTOMERS = 500
ORDERS = 2000
GIFT_CARDS = 60
ORDER_NUMBERS = range(20000, UNUSED_NUMBER)
OLDEST_ORDER_DAYS = 400
DEMO_POINTS = {"ada.byrne@example.com": 640, "priya.nair@example.com": 1720}
POSTCODE_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
DRAMA_PHONES = "07700900"
"""Numbers that Ofcom keeps free for fiction."""


@dataclass
class _Shop:
    """What the steps of filling share."""

    rows: Rows
    random: Random
    day: date
    entries: list[CatalogueEntry]
    categories: dict[str, int]
    products: dict[str, dict[str, Any]]
    promos: dict[str, dict[str, Any]]


def fill(connection: Connection, seed: int, day: date) -> None:
    """Put the catalogue, customers, orders and codes into an empty database."""
    shop = _Shop(Rows(), Random(seed), day, read_catalogue(), {}, {}, {})
    _add_products(shop)
    _add_codes(shop)
    demo_customers = _add_demo_customers(shop)
    for demo in DEMO_ORDERS:
        add_order(shop.rows, shop.random, _demo_plan(shop, demo, demo_customers[demo.email]), day)
    for email, points in DEMO_POINTS.items():
        demo_customers[email]["points"] = points
    customers = [_random_customer(shop, position) for position in range(CUSTOMERS - len(demo_customers))]
    for plan in _random_plans(shop, customers):
        add_order(shop.rows, shop.random, plan, day)
    shop.rows.write(connection)


def _add_products(shop: _Shop) -> None:
    for entry in shop.entries:
        if entry.category not in shop.categories:
            shop.categories[entry.category] = shop.rows.add(Category, name=entry.category)["id"]
        values = {key: value for key, value in vars(entry).items() if key != "category"}
        stock = shop.random.choice((0, 3, 8, 15, 40, 120))
        shop.products[entry.name] = shop.rows.add(
            Product,
            category_id=shop.categories[entry.category],
            stock=DEMO_STOCK.get(entry.name, stock),
            **values,
        )


def _add_codes(shop: _Shop) -> None:
    for promo in DEMO_PROMOS:
        shop.promos[promo.code] = shop.rows.add(
            PromoCode,
            code=promo.code,
            kind=promo.kind,
            value=promo.value,
            min_spend_pence=promo.min_spend_pence,
            category_id=shop.categories.get(promo.category),
            starts_on=shop.day + timedelta(days=promo.starts),
            ends_on=shop.day + timedelta(days=promo.ends),
            once_per_customer=promo.once_per_customer,
        )
    cards = {card.code: (card.balance_pence, card.ends) for card in DEMO_GIFT_CARDS}
    while len(cards) < len(DEMO_GIFT_CARDS) + GIFT_CARDS:
        code = "-".join(("FERN", _letters(shop.random, digits), _letters(shop.random, ascii_uppercase + digits)))
        cards.setdefault(code, (shop.random.randrange(0, 10001, 50), shop.random.randint(-100, 700)))
    for code, (balance, ends) in cards.items():
        shop.rows.add(GiftCardBalance, code=code, balance_pence=balance, expires_on=shop.day + timedelta(days=ends))


def _letters(random: Random, alphabet: str, count: int = 4) -> str:
    return "".join(random.choices(alphabet, k=count))


def _add_demo_customers(shop: _Shop) -> dict[str, dict[str, Any]]:
    names = {demo.email: demo.name for demo in DEMO_ORDERS}
    customers = {email: _customer(shop, name, email, position) for position, (email, name) in enumerate(names.items())}
    shop.rows.add(
        CustomerPreferences,
        customer_id=customers["priya.nair@example.com"]["id"],
        call_me="Pri",
        tone="short",
        colours=["green", "white"],
        rooms=["bedroom"],
        materials=["linen"],
        usual_address="",
        usual_postcode="",
    )
    return customers


def _random_customer(shop: _Shop, position: int) -> dict[str, Any]:
    first, last = shop.random.choice(FIRST_NAMES), shop.random.choice(LAST_NAMES)
    domain = shop.random.choice(("example.com", "example.org"))
    email = f"{first}.{last}{position + 1}@{domain}".lower()
    return _customer(shop, f"{first} {last}", email, 100 + position)


def _customer(shop: _Shop, name: str, email: str, phone: int) -> dict[str, Any]:
    random = shop.random
    return shop.rows.add(
        Customer,
        name=name,
        email=email,
        phone=f"{DRAMA_PHONES}{phone:03d}",
        address=f"{random.randint(1, 120)} {random.choice(STREETS)}, {random.choice(TOWNS)}",
        postcode=f"FH{random.randint(1, 28)} {random.randint(1, 9)}{_letters(random, POSTCODE_LETTERS, 2)}",
        points=0,
        erased_at=None,
    )


def _demo_plan(shop: _Shop, demo: DemoOrder, customer: dict[str, Any]) -> OrderPlan:
    expected_on = shop.day + timedelta(days=demo.expected)
    basket = [(shop.products[name], demo.items.count(name)) for name in dict.fromkeys(demo.items)]
    back = demo.returned
    return OrderPlan(
        number=demo.number,
        customer=customer,
        status=demo.status,
        placed_on=shop.day - timedelta(days=demo.placed),
        last_on=min(shop.day, expected_on),
        expected_on=expected_on,
        lines=basket,
        note=demo.note,
        promo=shop.promos.get(demo.promo_code),
        payment_problem=demo.payment_problem,
        first_parcel=demo.first_parcel,
        returned=ReturnPlan(shop.products[back.item]["id"], back.reason, back.state) if back else None,
        missing=demo.missing,
    )


def _random_plans(shop: _Shop, customers: list[dict[str, Any]]) -> Iterator[OrderPlan]:
    """Orders of customers with lasting tastes; some order often, most now and then."""
    random = shop.random
    count = ORDERS - len(DEMO_ORDERS)
    popularity = [random.lognormvariate(0, 0.7) for _ in shop.entries]
    keenness = [random.lognormvariate(0, 0.6) for _ in customers]
    buyers = random.choices(range(len(customers)), weights=keenness, k=count)
    numbers = iter(random.sample(ORDER_NUMBERS, count))
    for position, customer in enumerate(customers):
        shopper = Shopper(Taste.random(random), shop.entries, popularity, random)
        ages = sorted((_age(random) for _ in range(buyers.count(position))), reverse=True)
        for age in ages:
            basket = shopper.basket(random.choice((1, 1, 2, 2, 3, 4)))
            lines = [(shop.products[entry.name], _quantity(random, entry)) for entry in basket]
            yield _random_plan(shop, next(numbers), customer, age, lines)


def _age(random: Random) -> int:
    return random.randint(0, OLDEST_ORDER_DAYS) if random.random() < 0.9 else random.randint(0, 8)


def _quantity(random: Random, entry: CatalogueEntry) -> int:
    return random.choice((1, 2, 4, 6)) if entry.category == "Tableware" else random.choice((1, 1, 1, 1, 2))


def _random_plan(
    shop: _Shop, number: int, customer: dict[str, Any], age: int, lines: list[tuple[dict[str, Any], int]]
) -> OrderPlan:
    random = shop.random
    placed_on = shop.day - timedelta(days=age)
    expected_on = placed_on + timedelta(days=random.randint(4, 7))
    status = _likely_status(random, age)
    returned = None
    if status is OrderStatus.DELIVERED and random.random() < 0.06:
        state = "paid" if age > 40 else random.choice(("expected", "issued", "paid"))
        reason = random.choice(("too big", "too small", "changed my mind", "not the colour I expected", "damaged"))
        returned = ReturnPlan(random.choice(lines)[0]["id"], reason, state)
    return OrderPlan(
        number=number,
        customer=customer,
        status=status,
        placed_on=placed_on,
        last_on=min(shop.day, expected_on),
        expected_on=expected_on,
        lines=lines,
        promo=shop.promos["BEDTIME20"] if age < 10 and random.random() < 0.1 else None,
        payment_problem="card_declined" if status is OrderStatus.PLACED and random.random() < 0.2 else "",
        first_parcel=1 if len(lines) > 2 and OrderStatus.DISPATCHED in path_to(status) and random.random() < 0.3 else 0,
        returned=returned,
    )


def _likely_status(random: Random, age: int) -> OrderStatus:
    """A state that an order of this many days is likely to be in."""
    if age > 9:
        finished = (OrderStatus.DELIVERED, OrderStatus.RETURNED, OrderStatus.CANCELLED)
        return random.choices(finished, weights=(90, 6, 4))[0]
    if age >= 4:
        late = (OrderStatus.DISPATCHED, OrderStatus.OUT_FOR_DELIVERY, OrderStatus.DELIVERED, OrderStatus.DELAYED)
        return random.choices((*late, OrderStatus.DELIVERY_ATTEMPTED), weights=(40, 15, 30, 10, 5))[0]
    early = (OrderStatus.PLACED, OrderStatus.PAID, OrderStatus.PACKED, OrderStatus.DISPATCHED)
    return random.choice(early[: age + 1])
