"""Products are found by the words customers use for them."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.models import StockNotice
from shop.products import StockNoticeOutcome, ask_stock_notice, by_sku, compare, find_by_name, search, stock
from shop.vocabulary import colour_families

CHAT = "chat-1"


def names(products: tuple[Any, ...]) -> list[str]:
    return [product.name for product in products]


def sku_of(session: Session, name: str) -> str:
    return find_by_name(session, name)[0].sku


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("the Heron", "Heron floor lamp"),
        ("heron lamp", "Heron floor lamp"),
        ("Moss cushion", "Moss velvet cushion"),
        ("mos velvet cushon", "Moss velvet cushion"),
        ("donegal throws", "Donegal wool throw"),
        ("Kestral tripod", "Kestrel tripod lamp"),
        ("linen pillowcase", "Linen pillowcase pair"),
        ("that oak chopping board please", "Oak chopping board"),
        ("SEDGE SOFA", "Sedge two-seater sofa"),
    ],
)
def test_a_shortened_or_misspelt_name_finds_its_product(session: Session, typed: str, name: str) -> None:
    assert names(find_by_name(session, typed)) == [name]


def test_a_kind_of_goods_finds_several_and_nonsense_none(session: Session) -> None:
    assert len(find_by_name(session, "lamp", limit=4)) == 4
    for typed in ("zzz", "", "the blue one", "???"):
        assert find_by_name(session, typed) == ()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"category": "couch"}, {"Sedge two-seater sofa", "Harbour three-seater sofa"}),
        ({"category": "sofas", "colour": "green"}, {"Sedge two-seater sofa"}),
        ({"category": "rugs", "room": "loo"}, {"Washable cotton rug", "Lagoon bath rug"}),
        ({"category": "bath mat"}, {"Teak bath mat", "Eddy bath mat"}),
        ({"text": "velvet cushoin"}, {"Moss velvet cushion"}),
        ({"category": "rug", "size": "140x200"}, {"Rune geometric rug", "Cairn tufted rug"}),
        ({"category": "bedding", "room": "kids' room"}, {"Meadow children's duvet set", "Sundew pillowcase pair"}),
    ],
)
def test_all_conditions_hold_at_once(session: Session, asked: dict[str, Any], expected: set[str]) -> None:
    assert set(names(search(session, **asked))) == expected


def test_wood_takes_every_wood_but_oak_only_oak(session: Session) -> None:
    wooden = {product.material for product in search(session, material="wooden", limit=300)}
    oaken = {product.material for product in search(session, material="oak", limit=300)}
    assert {"pine", "oak", "ash"} <= wooden and "steel" not in wooden
    assert all("oak" in material for material in oaken)


def test_a_colour_takes_its_family_and_puts_the_very_colour_first(session: Session) -> None:
    found = search(session, colour="sage green", limit=300)
    assert all("green" in colour_families(product.colour) for product in found)
    assert found[0].colour == "sage green"
    assert len(found) > sum(product.colour == "sage green" for product in found)


def test_prices_and_stock_are_limits(session: Session) -> None:
    found = search(session, category="lighting", min_pence=3000, max_pence=6000, in_stock=True, limit=50)
    assert found
    assert all(3000 <= product.price_pence <= 6000 and product.stock > 0 for product in found)
    assert "Kestrel tripod lamp" not in names(search(session, category="lamp", in_stock=True, limit=50))


def test_large_and_small_sort_by_size(session: Session) -> None:
    large = search(session, category="baskets", size="large", limit=50)
    small = search(session, category="baskets", size="small", limit=50)
    assert large[0].weight_g > small[0].weight_g
    in_stock = [product.weight_g for product in large if product.stock]
    assert in_stock == sorted(in_stock, reverse=True)


@pytest.mark.parametrize(
    "asked", [{"category": "spaceship"}, {"text": "quantum"}, {"colour": "zebra", "category": "rug"}]
)
def test_what_is_not_sold_is_not_found(session: Session, asked: dict[str, Any]) -> None:
    assert search(session, **asked) == ()


def test_a_product_has_a_picture_and_its_facts(session: Session) -> None:
    heron = find_by_name(session, "Heron")[0]
    assert heron == by_sku(session, heron.sku)
    assert heron.image == f"products/{heron.sku}.svg"
    assert heron.rooms == ("living room", "bedroom", "home office")
    assert stock(session, heron.sku) == heron.stock == 8
    assert by_sku(session, "FH99999") is None and stock(session, "FH99999") is None


def test_a_comparison_tells_the_differences_only(session: Session) -> None:
    heron, kestrel = find_by_name(session, "Heron")[0], find_by_name(session, "Kestrel")[0]
    told = {difference.aspect: (difference.first, difference.second) for difference in compare(heron, kestrel)}
    assert told["price"] == ("£129.00", "£149.00")
    assert told["weight"] == ("6.2 kg", "5.9 kg")
    assert told["stock"] == ("in stock", "out of stock")
    assert "care" not in told
    assert compare(heron, heron) == ()


def test_a_notice_is_kept_once_and_only_for_what_is_sold_out(session: Session) -> None:
    kestrel, heron = sku_of(session, "Kestrel"), sku_of(session, "Heron")
    asked = [
        ask_stock_notice(session, kestrel, "Ada.Byrne@example.com", CHAT).outcome,
        ask_stock_notice(session, kestrel, "ada.byrne@example.com", CHAT).outcome,
        ask_stock_notice(session, heron, "ada.byrne@example.com", CHAT).outcome,
        ask_stock_notice(session, "FH99999", "ada.byrne@example.com", CHAT).outcome,
        ask_stock_notice(session, kestrel, "ada at home", CHAT).outcome,
    ]
    assert asked == [
        StockNoticeOutcome.SUBSCRIBED,
        StockNoticeOutcome.ALREADY,
        StockNoticeOutcome.IN_STOCK,
        StockNoticeOutcome.NOT_FOUND,
        StockNoticeOutcome.INVALID_EMAIL,
    ]
    assert session.execute(select(StockNotice.email)).scalar_one() == "ada.byrne@example.com"
