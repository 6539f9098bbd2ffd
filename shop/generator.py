"""Filling an empty shop from a seed: the same seed and day always give the same shop."""

from datetime import date, datetime, time, timedelta
from random import Random

from sqlalchemy.orm import Session

from shop.catalogue import read_catalogue
from shop.demo import DEMO_ORDERS, UNUSED_NUMBER, DemoOrder
from shop.models import Category, Customer, Order, OrderEvent, OrderLine, OrderStatus, Product
from shop.names import FIRST_NAMES, LAST_NAMES

CUSTOMERS = 100
ORDERS = 300
CARRIERS = {"Larkway": "LW", "Postwise": "PW", "Greenvan": "GV"}
ORDER_NUMBERS = range(20000, UNUSED_NUMBER)
OLDEST_ORDER_DAYS = 400

_UP_TO_DISPATCH = (OrderStatus.PLACED, OrderStatus.PAID, OrderStatus.PACKED, OrderStatus.DISPATCHED)
_PATHS = {
    OrderStatus.PLACED: _UP_TO_DISPATCH[:1],
    OrderStatus.PAID: _UP_TO_DISPATCH[:2],
    OrderStatus.PACKED: _UP_TO_DISPATCH[:3],
    OrderStatus.DISPATCHED: _UP_TO_DISPATCH,
    OrderStatus.OUT_FOR_DELIVERY: (*_UP_TO_DISPATCH, OrderStatus.OUT_FOR_DELIVERY),
    OrderStatus.DELIVERED: (*_UP_TO_DISPATCH, OrderStatus.OUT_FOR_DELIVERY, OrderStatus.DELIVERED),
    OrderStatus.DELAYED: (OrderStatus.PLACED, OrderStatus.PAID, OrderStatus.DELAYED),
    OrderStatus.DELIVERY_ATTEMPTED: (*_UP_TO_DISPATCH, OrderStatus.OUT_FOR_DELIVERY, OrderStatus.DELIVERY_ATTEMPTED),
    OrderStatus.CANCELLED: (OrderStatus.PLACED, OrderStatus.PAID, OrderStatus.CANCELLED),
    OrderStatus.RETURNED: (
        *_UP_TO_DISPATCH,
        OrderStatus.OUT_FOR_DELIVERY,
        OrderStatus.DELIVERED,
        OrderStatus.RETURNED,
    ),
}
"""The steps that lead to each state."""


def fill(session: Session, seed: int, today: date) -> None:
    """Put the catalogue, the customers, the demo orders and the generated orders into an empty database."""
    random = Random(f"{seed}:{today.isoformat()}")
    products = _add_products(session, random)
    demo_customers = _add_demo_customers(session, random)
    customers = _add_customers(session, random, CUSTOMERS - len(demo_customers))
    for demo in DEMO_ORDERS:
        session.add(_demo_order(demo, demo_customers[demo.email], products, random, today))
    numbers = random.sample(ORDER_NUMBERS, ORDERS - len(DEMO_ORDERS))
    for number in numbers:
        session.add(_random_order(number, random.choice(customers), list(products.values()), random, today))
    session.flush()


def _add_products(session: Session, random: Random) -> dict[str, Product]:
    categories: dict[str, Category] = {}
    products: dict[str, Product] = {}
    for position, entry in enumerate(read_catalogue(), start=1):
        category = categories.setdefault(entry.category, Category(name=entry.category))
        products[entry.name] = Product(
            sku=f"FH{position:05d}",
            category=category,
            name=entry.name,
            description=entry.description,
            price_pence=entry.price_pence,
            stock=random.choice((0, 3, 8, 15, 40, 120)),
        )
    session.add_all(products.values())
    return products


def _add_demo_customers(session: Session, random: Random) -> dict[str, Customer]:
    names = {demo.email: demo.name for demo in DEMO_ORDERS}
    customers = {
        email: Customer(name=name, email=email, postcode=_postcode(random)) for email, name in sorted(names.items())
    }
    session.add_all(customers.values())
    return customers


def _add_customers(session: Session, random: Random, count: int) -> list[Customer]:
    customers = []
    for position in range(count):
        first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
        domain = random.choice(("example.com", "example.org"))
        email = f"{first}.{last}{position + 1}@{domain}".lower()
        customers.append(Customer(name=f"{first} {last}", email=email, postcode=_postcode(random)))
    session.add_all(customers)
    return customers


def _postcode(random: Random) -> str:
    letters = "".join(random.choices("ABDEFGHJLNPQRSTUWXYZ", k=2))
    return f"FH{random.randint(1, 28)} {random.randint(1, 9)}{letters}"


def _demo_order(
    demo: DemoOrder, customer: Customer, products: dict[str, Product], random: Random, today: date
) -> Order:
    basket = {name: demo.items.count(name) for name in demo.items}
    return _order(
        number=demo.number,
        customer=customer,
        status=demo.status,
        placed_on=today - timedelta(days=demo.placed),
        last_on=today if demo.expected >= 0 else today + timedelta(days=demo.expected),
        expected_on=today + timedelta(days=demo.expected),
        note=demo.note,
        lines=[(products[name], quantity) for name, quantity in basket.items()],
        random=random,
    )


def _random_order(number: int, customer: Customer, products: list[Product], random: Random, today: date) -> Order:
    age = random.randint(0, OLDEST_ORDER_DAYS) if random.random() < 0.75 else random.randint(0, 8)
    placed_on = today - timedelta(days=age)
    expected_on = placed_on + timedelta(days=random.randint(4, 7))
    return _order(
        number=number,
        customer=customer,
        status=_likely_status(random, age),
        placed_on=placed_on,
        last_on=min(today, expected_on),
        expected_on=expected_on,
        note="",
        lines=[(product, random.choice((1, 1, 1, 2, 4))) for product in random.sample(products, random.randint(1, 4))],
        random=random,
    )


def _likely_status(random: Random, age: int) -> OrderStatus:
    """A state that an order of this many days is likely to be in."""
    if age > 9:
        finished = (OrderStatus.DELIVERED, OrderStatus.RETURNED, OrderStatus.CANCELLED)
        return random.choices(finished, weights=(88, 8, 4))[0]
    if age >= 4:
        late = (OrderStatus.DISPATCHED, OrderStatus.OUT_FOR_DELIVERY, OrderStatus.DELIVERED, OrderStatus.DELAYED)
        return random.choices((*late, OrderStatus.DELIVERY_ATTEMPTED), weights=(40, 15, 30, 10, 5))[0]
    return random.choice(_UP_TO_DISPATCH[: age + 1])


def _order(
    *,
    number: int,
    customer: Customer,
    status: OrderStatus,
    placed_on: date,
    last_on: date,
    expected_on: date,
    note: str,
    lines: list[tuple[Product, int]],
    random: Random,
) -> Order:
    """An order with its lines and with a history that ends in ``status`` no later than ``last_on``."""
    path = _PATHS[status]
    carrier = random.choice(sorted(CARRIERS)) if OrderStatus.DISPATCHED in path else ""
    return Order(
        number=number,
        customer=customer,
        status=status.value,
        placed_at=_moment(placed_on, 0, random),
        expected_on=expected_on,
        carrier=carrier,
        tracking=f"{CARRIERS[carrier]}{random.randint(10**8, 10**9 - 1)}GB" if carrier else "",
        postcode=customer.postcode,
        lines=[
            OrderLine(product=product, quantity=quantity, unit_price_pence=product.price_pence)
            for product, quantity in lines
        ],
        events=_history(path, placed_on, max(last_on, placed_on), note, random),
    )


def _history(path: tuple[OrderStatus, ...], first: date, last: date, note: str, random: Random) -> list[OrderEvent]:
    days = (last - first).days
    steps = max(len(path) - 1, 1)
    return [
        OrderEvent(
            status=status.value,
            happened_at=_moment(first + timedelta(days=days * step // steps), step, random),
            note=note if step == len(path) - 1 else "",
        )
        for step, status in enumerate(path)
    ]


def _moment(day: date, step: int, random: Random) -> datetime:
    """A time on that day; a later step of the same day gets a later hour."""
    return datetime.combine(day, time(hour=7 + step * 2, minute=random.randint(0, 59)))
