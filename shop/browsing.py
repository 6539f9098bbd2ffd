"""Browsing: a search that a customer makes in several messages, and what to leave out of it when nothing fits."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import Enum
from typing import Any

from sqlalchemy.orm import Session

from shop.product_summary import ProductSummary
from shop.products import search

ALL = 10_000
_NUMBER = r"\d{1,6}(?:\.\d{1,3})?"
_MEASURES = re.compile(rf"(?<![\d.])({_NUMBER}(?: by {_NUMBER}){{0,3}})\s?(cm|m)\b")


class Direction(str, Enum):
    """Where a search can turn from what was shown."""

    CHEAPER = "cheaper"
    DEARER = "dearer"
    LARGER = "larger"
    SMALLER = "smaller"
    OTHER = "other"


RELAXATIONS: Mapping[str, Mapping[str, Any]] = {
    "seen": {"seen": ()},
    "turn": {"above_pence": None, "below_pence": None, "larger_than_cm": None, "smaller_than_cm": None},
    "size": {"size": None},
    "material": {"material": None},
    "colour": {"colour": None},
    "price": {"min_pence": None, "max_pence": None},
    "room": {"room": None},
    "stock": {"in_stock": False},
}
"""What can be left out of a search, what is missed least first; the kind of thing cannot."""


@dataclass(frozen=True)
class Filters:
    """What a customer is looking for. Names are as typed; ``shop.products.search`` understands them.

    ``not_in`` are colours, materials and kinds of goods that are not wanted, ``seen`` the SKUs that were shown and
    not liked. ``turned`` sets the prices and measures that others are to be above, below, larger or smaller than.
    """

    text: str = ""
    category: str | None = None
    room: str | None = None
    colour: str | None = None
    material: str | None = None
    size: str | None = None
    min_pence: int | None = None
    max_pence: int | None = None
    above_pence: int | None = None
    below_pence: int | None = None
    larger_than_cm: float | None = None
    smaller_than_cm: float | None = None
    in_stock: bool = False
    not_in: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Filters":
        """From what ``stored`` returned, after a way through JSON."""
        filters: dict[str, Any] = {k: tuple(value) if isinstance(value, list) else value for k, value in stored.items()}
        return cls(**filters)

    def stored(self) -> dict[str, Any]:
        """The filters that are set, as JSON knows them."""
        set_here = {name: value for name, value in asdict(self).items() if value != getattr(Filters, name)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in set_here.items()}


@dataclass(frozen=True)
class Found:
    """Products, best first, and the filters that they fit. ``dropped`` is what had to be left out of those that were
    asked for, a key of RELAXATIONS, or empty."""

    products: tuple[ProductSummary, ...]
    filters: Filters
    dropped: str = ""


def browse(session: Session, filters: Filters, limit: int = 5) -> Found:
    """Products that fit; where none does, those that fit all but one of the filters."""
    fitting = _fitting(session, filters)
    if fitting:
        return Found(fitting[:limit], filters)
    for name, without in RELAXATIONS.items():
        relaxed = replace(filters, **without)
        fitting = _fitting(session, relaxed) if relaxed != filters else ()
        if fitting:
            return Found(tuple(sorted(fitting, key=_nearest(name, filters)))[:limit], relaxed, name)
    return Found((), filters)


def turned(filters: Filters, shown: Sequence[ProductSummary], way: Direction) -> Filters:
    """The search that goes on from what was shown: cheaper than all of it, larger than all of it, none of it."""
    prices = [product.price_pence for product in shown]
    measures = [cm for product in shown if (cm := largest_cm(product.dimensions)) is not None]
    if way is Direction.CHEAPER and prices:
        return replace(filters, below_pence=min(prices), above_pence=None)
    if way is Direction.DEARER and prices:
        return replace(filters, above_pence=max(prices), below_pence=None)
    if way is Direction.LARGER and measures:
        return replace(filters, larger_than_cm=max(measures), smaller_than_cm=None)
    if way is Direction.SMALLER and measures:
        return replace(filters, smaller_than_cm=min(measures), larger_than_cm=None)
    return replace(filters, seen=(*filters.seen, *(product.sku for product in shown)))


def largest_cm(dimensions: str) -> float | None:
    """The largest measure in centimetres: 165 for "165 cm tall, 38 cm across", 500 for "5 m long"."""
    measures = [
        float(number) * (100 if unit == "m" else 1)
        for numbers, unit in _MEASURES.findall(dimensions)
        for number in numbers.split(" by ")
    ]
    return max(measures, default=None)


def _fitting(session: Session, filters: Filters) -> tuple[ProductSummary, ...]:
    found = search(
        session,
        text=filters.text,
        category=filters.category,
        room=filters.room,
        colour=filters.colour,
        material=filters.material,
        size=filters.size,
        min_pence=filters.min_pence,
        max_pence=filters.max_pence,
        in_stock=filters.in_stock,
        limit=ALL,
    )
    return tuple(product for product in found if _is_wanted(product, filters))


def _is_wanted(product: ProductSummary, filters: Filters) -> bool:
    if product.sku in filters.seen:
        return False
    about = f"{product.colour} {product.material} {product.name}".lower()
    if any(word.lower() in about for word in filters.not_in):
        return False
    if filters.above_pence is not None and product.price_pence <= filters.above_pence:
        return False
    if filters.below_pence is not None and product.price_pence >= filters.below_pence:
        return False
    if filters.larger_than_cm is None and filters.smaller_than_cm is None:
        return True
    measure = largest_cm(product.dimensions)
    if measure is None:
        return False
    return measure > (filters.larger_than_cm or 0.0) and measure < (filters.smaller_than_cm or float("inf"))


def _nearest(dropped: str, filters: Filters) -> Callable[[ProductSummary], float]:
    """What comes nearest to the filter that was left out goes first; the search's own order otherwise."""
    cheap = filters.below_pence is not None or (filters.max_pence is not None and filters.above_pence is None)
    if dropped == "price" or filters.above_pence is not None or filters.below_pence is not None:
        return lambda product: product.price_pence if cheap else -product.price_pence
    if dropped == "turn":
        sign = -1.0 if filters.larger_than_cm is not None else 1.0
        return lambda product: sign * (largest_cm(product.dimensions) or 0.0)
    return lambda product: 0.0
