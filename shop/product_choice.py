"""Which of several products has most of something: the cheapest, the lightest, the easiest to clean."""

import re
from collections.abc import Callable, Sequence
from enum import Enum

from shop.browsing import largest_cm
from shop.product_summary import ProductSummary


class Aspect(str, Enum):
    """What products can be told apart by."""

    CHEAPEST = "cheapest"
    DEAREST = "dearest"
    LIGHTEST = "lightest"
    HEAVIEST = "heaviest"
    LARGEST = "largest"
    SMALLEST = "smallest"
    EASIEST_TO_CLEAN = "easiest_to_clean"


_EASE = (
    (re.compile(r"dry clean only|not for the dishwasher", re.IGNORECASE), 0.0),
    (re.compile(r"machine wash|safe in the dishwasher|hose down", re.IGNORECASE), 3.0),
    (re.compile(r"wipe|dust", re.IGNORECASE), 2.0),
)
"""How easy something is to clean by what its care says; the first that fits counts."""


def _ease(product: ProductSummary) -> float:
    return next((ease for said, ease in _EASE if said.search(product.care)), 1.0)


_MEASURES: dict[Aspect, Callable[[ProductSummary], float | None]] = {
    Aspect.CHEAPEST: lambda product: -product.price_pence,
    Aspect.DEAREST: lambda product: product.price_pence,
    Aspect.LIGHTEST: lambda product: -product.weight_g or None,
    Aspect.HEAVIEST: lambda product: product.weight_g or None,
    Aspect.LARGEST: lambda product: largest_cm(product.dimensions),
    Aspect.SMALLEST: lambda product: None if (cm := largest_cm(product.dimensions)) is None else -cm,
    Aspect.EASIEST_TO_CLEAN: _ease,
}


def first_by(products: Sequence[ProductSummary], aspect: Aspect) -> ProductSummary | None:
    """The product that has most of an aspect; None where two have as much, or where it is not known of one."""
    values = [_MEASURES[aspect](product) for product in products]
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values) or known.count(max(known)) > 1:
        return None
    return products[known.index(max(known))]
