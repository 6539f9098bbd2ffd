"""Products: finding, comparing and waiting for them."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop import audit
from shop.database import begin_change
from shop.emails import find_email
from shop.models import Product
from shop.models import StockNotice as StockNoticeRequest
from shop.product_summary import ProductSummary, read_products
from shop.product_words import MOST_WORDS, SearchWords, name_score, vocabulary_of, words

CLOSE_ENOUGH = 0.75
"""A product is shown as long as it fits this well, beside the best one."""
LEAST_NAME_SCORE = 0.6


class StockNoticeOutcome(str, Enum):
    """How asking for a notice ended."""

    SUBSCRIBED = "subscribed"
    ALREADY = "already"
    IN_STOCK = "in_stock"
    INVALID_EMAIL = "invalid_email"
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
    """Products that fit all that is asked, best first; what is in stock goes before what is not.

    Words may be plural, misspelt a little, or other names for the same ("couch", "lounge", "wooden"). ``text`` is free;
    ``size`` is a measure ("140x200", "king size", "60 cm") or large or small, which only changes the order.
    """
    products = read_products(session)
    asked = SearchWords(vocabulary_of(products), text, category, room, colour, material, size)
    found = [
        product
        for product in products
        if (max_pence is None or product.price_pence <= max_pence)
        and (min_pence is None or product.price_pence >= min_pence)
        and (not in_stock or product.stock > 0)
    ]
    fits = {product.sku: asked.fit(product) for product in found}
    found = [product for product in found if fits[product.sku] > 0]
    found.sort(key=lambda product: (-fits[product.sku], product.stock == 0, asked.by_size(product), product.name))
    # Where something is called what was asked for, other goods of its category are no answer.
    best = max(fits.values(), default=0.0)
    return tuple(product for product in found if fits[product.sku] >= best * CLOSE_ENOUGH)[:limit]


def find_by_name(session: Session, text: str, limit: int = 5) -> tuple[ProductSummary, ...]:
    """Products by their name or a part of it, best first: "the Heron" finds the Heron floor lamp."""
    products = read_products(session)
    first_words = Counter(words(product.name)[0] for product in products)
    asked = words(text)[:MOST_WORDS]
    scores = {product.sku: name_score(asked, words(product.name), first_words) for product in products}
    best = max(scores.values(), default=0.0)
    found = [product for product in products if scores[product.sku] >= max(best * CLOSE_ENOUGH, LEAST_NAME_SCORE)]
    return tuple(sorted(found, key=lambda product: (-scores[product.sku], product.name))[:limit])


def by_sku(session: Session, sku: str) -> ProductSummary | None:
    """The product with this SKU."""
    return next(iter(read_products(session, Product.sku == sku)), None)


def stock(session: Session, sku: str) -> int | None:
    """How many are in stock; None for a SKU that does not exist."""
    return session.execute(select(Product.stock).where(Product.sku == sku)).scalar_one_or_none()


def ask_stock_notice(session: Session, sku: str, email: str, conversation_id: str) -> StockNotice:
    """Write to somebody once a product is back in stock."""
    address = find_email(email)
    if address is None:
        return StockNotice(StockNoticeOutcome.INVALID_EMAIL)
    begin_change(session)
    product = session.execute(select(Product).where(Product.sku == sku).with_for_update()).scalar_one_or_none()
    if product is None:
        return StockNotice(StockNoticeOutcome.NOT_FOUND)
    if product.stock > 0:
        return StockNotice(StockNoticeOutcome.IN_STOCK, product.name, product.stock)
    waiting = select(StockNoticeRequest.id).where(
        StockNoticeRequest.product_id == product.id, StockNoticeRequest.email == address
    )
    if session.execute(waiting).first():
        return StockNotice(StockNoticeOutcome.ALREADY, product.name)
    session.add(StockNoticeRequest(product_id=product.id, email=address))
    audit.record(session, "stock_notice_asked", conversation_id, None, sku=sku)
    return StockNotice(StockNoticeOutcome.SUBSCRIBED, product.name)


def compare(first: ProductSummary, second: ProductSummary) -> tuple[Difference, ...]:
    """Where two products differ."""
    told = ((aspect, tell(first), tell(second)) for aspect, tell in _ASPECTS.items())
    return tuple(Difference(aspect, one, other) for aspect, one, other in told if one != other)


def _weight(grams: int) -> str:
    return f"{grams / 1000:.1f} kg" if grams >= 1000 else f"{grams} g"


_ASPECTS: dict[str, Callable[[ProductSummary], str]] = {
    "price": lambda product: f"£{product.price_pence / 100:.2f}",
    "colour": lambda product: product.colour,
    "material": lambda product: product.material,
    "dimensions": lambda product: product.dimensions,
    "weight": lambda product: (
        f"{product.weight_g / 1000:.1f} kg" if product.weight_g >= 1000 else f"{product.weight_g} g"
    ),
    "rooms": lambda product: ", ".join(product.rooms),
    "care": lambda product: product.care,
    "stock": lambda product: "in stock" if product.stock else "out of stock",
}
