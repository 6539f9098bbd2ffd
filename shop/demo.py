"""Orders that are in every database, one for each answer, for the README, the tests and trying things by hand."""

from dataclasses import dataclass

from shop.models import OrderStatus


@dataclass(frozen=True)
class DemoOrder:
    """An order with a known number and owner.

    Args:
        placed: Days before set-up on which it was placed.
        expected: Days after set-up (negative: before it) on which it was promised.
        note: A fact about its latest step.
        items: Names of products in the catalogue.
    """

    number: int
    name: str
    email: str
    status: OrderStatus
    placed: int
    expected: int
    items: tuple[str, ...]
    note: str = ""


UNUSED_NUMBER = 99999
"""A number that no order ever has."""

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
        "the maker sent it to our warehouse late",
    ),
    DemoOrder(
        10426,
        "Sofia Marino",
        "sofia.marino@example.com",
        OrderStatus.DELIVERY_ATTEMPTED,
        6,
        1,
        ("Windsor dining chair", "Windsor dining chair"),
        "nobody was in to sign for it",
    ),
    DemoOrder(
        10427,
        "Kwame Boateng",
        "kwame.boateng@example.com",
        OrderStatus.CANCELLED,
        12,
        -6,
        ("Winter wool duvet",),
        "you asked us to",
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
        "left in the porch",
    ),
)
