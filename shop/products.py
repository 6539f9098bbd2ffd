"""Products: finding, comparing and waiting for them."""

from dataclasses import dataclass
from enum import Enum

from sqlalchemy.orm import Session


@dataclass(frozen=True)
class ProductSummary:
    """A product as a customer sees it. ``image`` is a path below the channel's pictures."""

    sku: str
    name: str
    category: str
    price_pence: int
    colour: str
    material: str
    rooms: tuple[str, ...]
    dimensions: str
    weight_g: int
    care: str
    description: str
    stock: int
    image: str
    style: str


class StockNoticeOutcome(str, Enum):
    """How asking for a notice ended."""

    SUBSCRIBED = "subscribed"
    ALREADY = "already"
    IN_STOCK = "in_stock"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class StockNotice:
    """``stock`` is how many there are now."""

    outcome: StockNoticeOutcome
    name: str = ""
    stock: int = 0


@dataclass(frozen=True)
class Difference:
    """An aspect in which two products differ: price, colour, material, dimensions, weight, rooms, care, stock."""

    aspect: str
    first: str
    second: str


def search(
    session: Session,
    text: str = "",
    category: str | None = None,
    room: str | None = None,
    colour: str | None = None,
    material: str | None = None,
    max_pence: int | None = None,
    min_pence: int | None = None,
    size: str | None = None,
    in_stock: bool = False,
    limit: int = 5,
) -> tuple[ProductSummary, ...]:
    """Products that fit all that is asked, best first."""
    raise NotImplementedError


def find_by_name(session: Session, text: str, limit: int = 5) -> tuple[ProductSummary, ...]:
    """Products by their name or a part of it, best first: "the Heron" finds the Heron floor lamp."""
    raise NotImplementedError


def by_sku(session: Session, sku: str) -> ProductSummary | None:
    """The product with this SKU."""
    raise NotImplementedError


def stock(session: Session, sku: str) -> int | None:
    """How many are in stock; None for a SKU that does not exist."""
    raise NotImplementedError


def ask_stock_notice(session: Session, sku: str, email: str, conversation_id: str) -> StockNotice:
    """Write to somebody once a product is back in stock."""
    raise NotImplementedError


def compare(first: ProductSummary, second: ProductSummary) -> tuple[Difference, ...]:
    """Where two products differ."""
    raise NotImplementedError
