"""Whether a product fits a space, and which of several has most of something."""

import pytest
from sqlalchemy.orm import Session

from shop.fitting import Fit, fitting, spaces_in
from shop.product_choice import Aspect, first_by
from shop.product_summary import ProductSummary
from shop.products import find_by_name


def product(session: Session, name: str) -> ProductSummary:
    return find_by_name(session, name, 1)[0]


@pytest.mark.parametrize(
    ("text", "cm"),
    [
        ("a 150 cm window", [150.0]),
        ("1.5m", [150.0]),
        ("1,5 metres by 800mm", [150.0, 80.0]),
        ("30 inches", [76.2]),
        ("6ft", [182.9]),
        ("number 150", []),
    ],
)
def test_the_lengths_in_a_text(text: str, cm: list[float]) -> None:
    assert spaces_in(text) == cm


@pytest.mark.parametrize(
    ("name", "text", "fit"),
    [
        ("Harbour three-seater sofa", "a door of 90 cm", Fit.FITS),
        ("Harbour three-seater sofa", "a door of 76 cm", Fit.TOO_LARGE),
        ("Harbour three-seater sofa", "a wall of 2 m", Fit.TOO_LARGE),
        ("Nettle curtain pair", "a 3 m window", Fit.FITS),
        ("Nettle curtain pair", "a 4 m window", Fit.TOO_SMALL),
        ("Bronze curtain pole", "a 200 cm window", Fit.FITS),
        ("Blackout roller blind", "a window of 130 cm", Fit.TOO_SMALL),
        ("Heron floor lamp", "a ceiling of 2 m", Fit.FITS),
        ("Arched mirror", "a window of 70 cm", None),
        ("Thistle mug", "a shelf of 30 cm", None),
        ("Harbour three-seater sofa", "will it fit", None),
    ],
)
def test_a_product_and_a_space(session: Session, name: str, text: str, fit: Fit | None) -> None:
    found = fitting(product(session, name), text)
    assert (found.fit if found else None) is fit


def test_which_has_most(session: Session) -> None:
    heron, pebble = product(session, "Heron floor lamp"), product(session, "Pebble table lamp")
    assert first_by([heron, pebble], Aspect.CHEAPEST) == pebble
    assert first_by([heron, pebble], Aspect.DEAREST) == heron
    assert first_by([heron, pebble], Aspect.HEAVIEST) == heron
    assert first_by([heron, pebble], Aspect.SMALLEST) == pebble
    assert first_by([heron, pebble], Aspect.EASIEST_TO_CLEAN) is None, "both are dusted"
    assert first_by([heron, product(session, "Bilberry flannel sheet set")], Aspect.LARGEST) is None, "not known of one"
    washable, throw = product(session, "Marl knitted throw"), product(session, "Donegal wool throw")
    assert first_by([throw, washable], Aspect.EASIEST_TO_CLEAN) == washable
