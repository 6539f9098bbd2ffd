"""Customers, orders and codes that are in every database, one for each answer, for tests and trying things by hand.

``docs/shop.md`` lists them.
"""

from dataclasses import dataclass

from shop.models import OrderStatus

UNUSED_NUMBER = 99999
"""A number that no order ever has."""


@dataclass(frozen=True)
class DemoReturn:
    """Goods of a demo order on their way back; ``state`` is the refund's: expected, issued or paid."""

    item: str
    reason: str
    state: str


@dataclass(frozen=True)
class DemoOrder:
    """An order with a known number and owner.

    Args:
        placed: Days before set-up on which it was placed.
        expected: Days after set-up (negative: before it) on which it was promised.
        note: A fact about its latest step.
        items: Names of products in the catalogue.
        promo_code: A code that was used.
        payment_problem: Why its payment failed.
        first_parcel: How many of its products came in a parcel of their own, the day before set-up.
        returned: Something of it that is on its way back.
        missing: Whether the carrier is already looking for it.
    """

    number: int
    name: str
    email: str
    status: OrderStatus
    placed: int
    expected: int
    items: tuple[str, ...]
    note: str = ""
    promo_code: str = ""
    payment_problem: str = ""
    first_parcel: int = 0
    returned: DemoReturn | None = None
    missing: bool = False


DEMO_ORDERS = (
    DemoOrder(10421, "Nadia Rahman", "nadia.rahman@example.com", OrderStatus.PLACED, 0, 5, ("Pebble table lamp",)),
    DemoOrder(10422, "Tom Okafor", "tom.okafor@example.com", OrderStatus.PAID, 1, 4, ("Donegal wool throw",)),
    DemoOrder(
        10423, "Grace Lind", "grace.lind@example.org", OrderStatus.PACKED, 2, 3, ("Arched mirror", "Bud vase set")
    ),
    DemoOrder(10424, "Priya Nair", "priya.nair@example.com", OrderStatus.OUT_FOR_DELIVERY, 4, 0, ("Fenland jute rug",)),
    DemoOrder(
        10425,
        "Liam Doyle",
        "liam.doyle@example.org",
        OrderStatus.DELAYED,
        9,
        6,
        ("Rattan armchair",),
        note="the maker sent it to our warehouse late",
    ),
    DemoOrder(
        10426,
        "Sofia Marino",
        "sofia.marino@example.com",
        OrderStatus.DELIVERY_ATTEMPTED,
        6,
        1,
        ("Windsor dining chair", "Windsor dining chair"),
        note="nobody was in to sign for it",
    ),
    DemoOrder(
        10427,
        "Kwame Boateng",
        "kwame.boateng@example.com",
        OrderStatus.CANCELLED,
        12,
        -6,
        ("Winter wool duvet",),
        note="you asked us to",
    ),
    DemoOrder(10428, "Ines Moreau", "ines.moreau@example.org", OrderStatus.RETURNED, 25, -18, ("Kelim hall runner",)),
    DemoOrder(10429, "Harriet Cole", "harriet.cole@example.com", OrderStatus.DISPATCHED, 13, -4, ("Heron floor lamp",)),
    DemoOrder(
        10432,
        "Ada Byrne",
        "ada.byrne@example.com",
        OrderStatus.DISPATCHED,
        3,
        2,
        ("Moss velvet cushion", "Moss velvet cushion", "Thistle mug"),
    ),
    DemoOrder(
        10433,
        "Ada Byrne",
        "ada.byrne@example.com",
        OrderStatus.DELIVERED,
        15,
        -9,
        ("Cast iron casserole",),
        note="left in the porch",
    ),
    DemoOrder(
        10434,
        "Ada Byrne",
        "ada.byrne@example.com",
        OrderStatus.PAID,
        1,
        4,
        ("Saltmarsh linen cushion", "Saltmarsh linen cushion", "Tern reading light"),
        promo_code="WELCOME10",
    ),
    DemoOrder(
        10435,
        "Marcus Hale",
        "marcus.hale@example.com",
        OrderStatus.PLACED,
        1,
        5,
        ("Curlew desk lamp",),
        payment_problem="card_declined",
    ),
    DemoOrder(
        10436,
        "Leah Stone",
        "leah.stone@example.org",
        OrderStatus.PLACED,
        1,
        5,
        ("Linnet teapot", "Barley breakfast bowl", "Barley breakfast bowl"),
        payment_problem="3ds_failed",
    ),
    DemoOrder(
        10437,
        "Omar Farouk",
        "omar.farouk@example.com",
        OrderStatus.PLACED,
        2,
        4,
        ("Skerry bedside lamp",),
        payment_problem="expired",
    ),
    DemoOrder(
        10438, "Elin Hughes", "elin.hughes@example.com", OrderStatus.DELIVERED, 51, -45, ("Sundial ceramic vase",)
    ),
    DemoOrder(
        10439,
        "Joan Whitby",
        "joan.whitby@example.org",
        OrderStatus.DELIVERED,
        24,
        -18,
        ("Larkfield duvet cover", "Linen pillowcase pair"),
        returned=DemoReturn("Larkfield duvet cover", "wrong size", "issued"),
    ),
    DemoOrder(
        10440,
        "Peter Osei",
        "peter.osei@example.com",
        OrderStatus.DELIVERED,
        12,
        -6,
        ("Peony hooked rug", "Beeswax candle trio"),
        returned=DemoReturn("Peony hooked rug", "not the colour I expected", "expected"),
    ),
    DemoOrder(
        10441,
        "Rosa Klein",
        "rosa.klein@example.org",
        OrderStatus.DISPATCHED,
        4,
        1,
        ("Sandpiper table runner", "Pollard dining table"),
        first_parcel=1,
    ),
    DemoOrder(
        10442,
        "Samir Desai",
        "samir.desai@example.com",
        OrderStatus.DELIVERED,
        6,
        -1,
        ("Stoneware dinner plate", "Stoneware dinner plate", "Stoneware pasta bowl", "Ribbed tumbler set"),
        note="left with the neighbour at number 14",
    ),
    DemoOrder(
        10443,
        "Hannah Frost",
        "hannah.frost@example.com",
        OrderStatus.DELIVERED,
        9,
        -3,
        ("Coppice log basket",),
        note="left by the front door",
        missing=True,
    ),
    DemoOrder(
        10444,
        "Priya Nair",
        "priya.nair@example.com",
        OrderStatus.DELIVERED,
        40,
        -34,
        ("Lichen linen duvet cover", "Quilted bedspread"),
    ),
)


@dataclass(frozen=True)
class DemoPromo:
    """A promo code; ``starts`` and ``ends`` count days from set-up."""

    code: str
    kind: str
    value: int
    starts: int
    ends: int
    min_spend_pence: int = 0
    category: str = ""
    once_per_customer: bool = False


DEMO_PROMOS = (
    DemoPromo("WELCOME10", "percent", 10, -400, 400, once_per_customer=True),
    DemoPromo("SPRING15", "percent", 15, -120, -30),
    DemoPromo("SOON25", "percent", 25, 10, 40),
    DemoPromo("BEDTIME20", "percent", 20, -10, 60, category="Bedding"),
    DemoPromo("BIG50", "amount", 5000, -10, 60, min_spend_pence=30000),
    DemoPromo("FREESHIP", "delivery", 0, -10, 60),
)


@dataclass(frozen=True)
class DemoGiftCard:
    """A gift card; ``ends`` counts days from set-up."""

    code: str
    balance_pence: int
    ends: int


DEMO_GIFT_CARDS = (
    DemoGiftCard("FERN-8842-XK1P", 3550, 300),
    DemoGiftCard("FERN-2210-QM7T", 2000, -20),
    DemoGiftCard("FERN-5063-ZB9C", 0, 200),
)

DEMO_STOCK = {
    "Heron floor lamp": 8,
    "Moss velvet cushion": 40,
    "Saltmarsh linen cushion": 15,
    "Tern reading light": 12,
    "Pebble table lamp": 15,
    "Donegal wool throw": 8,
    "Stoneware dinner plate": 40,
    "Thistle mug": 3,
    "Cast iron casserole": 8,
    "Kestrel tripod lamp": 0,
    "Rattan armchair": 0,
}
"""How many of these there are; the stock of the others comes from the seed."""
