"""A search in several messages: what is left out when nothing fits, and turning it by what was shown."""

import pytest
from sqlalchemy.orm import Session

from shop.browsing import Direction, Filters, browse, largest_cm, turned


@pytest.mark.parametrize(
    ("dimensions", "expected"),
    [
        ("165 cm tall, 38 cm across", 165.0),
        ("26 by 12 cm", 26.0),
        ("5 m long", 500.0),
        ("double, 200 by 200 cm", 200.0),
        ("40 by 12.5 by 22 cm", 40.0),
        ("16 pieces", None),
    ],
)
def test_the_largest_measure_is_read(dimensions: str, expected: float | None) -> None:
    assert largest_cm(dimensions) == expected


def test_filters_survive_a_slot() -> None:
    filters = Filters(category="rugs", max_pence=5000, seen=("FH00001", "FH00002"), not_in=("jute",))
    assert Filters.of(filters.stored()) == filters
    assert filters.stored()["seen"] == ["FH00001", "FH00002"]
    assert Filters().stored() == {}


def test_what_fits_is_found_and_nothing_is_left_out(session: Session) -> None:
    found = browse(session, Filters(category="rugs", max_pence=6000))
    assert found.products and not found.dropped
    assert all(product.price_pence <= 6000 for product in found.products)


@pytest.mark.parametrize(
    ("filters", "dropped"),
    [
        (Filters(category="soap dish", material="velvet"), "material"),
        (Filters(category="soap dish", colour="orange"), "colour"),
        (Filters(category="sofa", max_pence=100), "price"),
    ],
)
def test_what_cannot_be_had_is_left_out_and_named(session: Session, filters: Filters, dropped: str) -> None:
    found = browse(session, filters)
    assert found.products
    assert found.dropped == dropped
    assert browse(session, found.filters).products == found.products or dropped == "price"


def test_beyond_a_price_the_cheapest_come_first(session: Session) -> None:
    prices = [product.price_pence for product in browse(session, Filters(category="sofa", max_pence=100)).products]
    assert prices == sorted(prices)


def test_the_kind_of_thing_is_never_left_out(session: Session) -> None:
    assert browse(session, Filters(category="trampoline", colour="red")).products == ()


def test_a_search_turns_from_what_was_shown(session: Session) -> None:
    filters = Filters(category="rugs")
    shown = browse(session, filters).products
    prices = [product.price_pence for product in shown]
    assert turned(filters, shown, Direction.CHEAPER).below_pence == min(prices)
    assert turned(filters, shown, Direction.DEARER).above_pence == max(prices)
    larger = browse(session, turned(filters, shown[:1], Direction.LARGER))
    assert all((largest_cm(p.dimensions) or 0) > (largest_cm(shown[0].dimensions) or 0) for p in larger.products)
    others = browse(session, turned(filters, shown, Direction.OTHER))
    assert not {p.sku for p in others.products} & {p.sku for p in shown}


def test_nothing_cheaper_leaves_the_price_that_was_named_in_force(session: Session) -> None:
    filters = Filters(category="rugs", max_pence=10000)
    shown = browse(session, filters, limit=50).products
    found = browse(session, turned(filters, shown, Direction.CHEAPER), limit=50)
    assert found.dropped == "turn"
    assert {product.sku for product in found.products} == {product.sku for product in shown}
    assert [product.price_pence for product in found.products] == sorted(product.price_pence for product in shown)
