"""Whether a product fits a space that a customer names: a window, a door, an alcove."""

import re
from dataclasses import dataclass
from enum import Enum

from shop.product_summary import ProductSummary

_LENGTH = re.compile(
    r"(?<![\d.])(\d{1,5}(?:[.,]\d{1,2})?) ?"
    r"(mm|cms?|centimet(?:re|er)s?|m|met(?:re|er)s?|inch(?:es)?|in|ft|feet|foot|\"|')(?!\w)",
    re.IGNORECASE,
)
_CM = {"mm": 0.1, "c": 1.0, "m": 100.0, "i": 2.54, '"': 2.54, "f": 30.48, "'": 30.48}
_DOOR = re.compile(r"\b(?:door\w{0,4}|stairs?|staircase|stairwell|lift|boot|car|hatch)\b", re.IGNORECASE)
_WINDOW = re.compile(r"\bwindows?\b", re.IGNORECASE)
_SIDES = re.compile(r"(\d{1,4}(?:\.\d{1,2})?)(?: to (\d{1,4}(?:\.\d{1,2})?))?(?= by |,? ?cm\b)")
_PAIR = re.compile(r"\bpair\b", re.IGNORECASE)
_CUT = re.compile(r"\bup to\b|cut-to-width", re.IGNORECASE)


class Fit(str, Enum):
    """Whether it fits."""

    FITS = "fits"
    TOO_LARGE = "too_large"
    TOO_SMALL = "too_small"


@dataclass(frozen=True)
class Fitting:
    """``side_cm`` is the product's side that was held against the ``space_cm`` that the customer named."""

    fit: Fit
    side_cm: float
    space_cm: float


def spaces_in(text: str) -> list[float]:
    """The lengths that a text names, in centimetres: 150 for "a 1.5 m window"."""
    found = []
    for number, unit in _LENGTH.findall(text):
        small = unit.lower()
        factor = _CM["mm"] if small == "mm" else _CM[small[0]]
        found.append(round(float(number.replace(",", ".")) * factor, 1))
    return found


def sides_cm(product: ProductSummary) -> list[float]:
    """The sides of a product, as its dimensions name them; of one that extends, the longest."""
    return [float(longest or shortest) for shortest, longest in _SIDES.findall(product.dimensions)]


def fitting(product: ProductSummary, text: str) -> Fitting | None:
    """Whether a product fits the space in a customer's words; None where they name none, or its sides are not known.

    A window is to be covered, so that what hangs there must be as wide. Through a door goes what has one side less than
    it. Anything else has to stand in the space, with the side that its dimensions name first.
    """
    spaces, sides = spaces_in(text), sides_cm(product)
    if not spaces or not sides:
        return None
    space = spaces[0]
    if product.category == "Curtains and blinds":
        return _covers(product, sides[0], space)
    if _DOOR.search(text):
        side = min(sides)
    elif _WINDOW.search(text):
        return None
    else:
        side = sides[0]
    return Fitting(Fit.FITS if side <= space else Fit.TOO_LARGE, side, space)


def _covers(product: ProductSummary, width: float, space: float) -> Fitting:
    both = 2 * width if _PAIR.search(f"{product.name} {product.description}") else width
    if both < space:
        return Fitting(Fit.TOO_SMALL, both, space)
    # A blind that is cut fits what is narrower; another one would stand over the window's edge, and may.
    return Fitting(Fit.FITS, both, space)
