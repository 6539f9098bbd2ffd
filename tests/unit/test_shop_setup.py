"""The shop's database is made whole or not at all, and the same seed makes the same shop."""

import sqlite3
from collections import Counter, defaultdict
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session

from shop import generator, setup
from shop.database import engine_for, open_session
from shop.demo import DEMO_ORDERS, UNUSED_NUMBER
from shop.errors import ShopUnavailable
from shop.ledger import total_pence
from shop.models import Customer, Order, OrderLine, OrderStatus, Product
from shop.tastes import BUNDLES

TODAY = date(2026, 3, 3)


def sqlite_url(file: Path) -> URL:
    return make_url(f"sqlite:///{file}")


def rows(file: Path) -> list[str]:
    """What is stored; the tables themselves come from the migrations, which name constraints in any order."""
    with sqlite3.connect(file) as connection:
        return sorted(line for line in connection.iterdump() if line.startswith("INSERT"))


def test_a_missing_database_is_made_and_filled(tmp_path: Path) -> None:
    result = setup.set_up(sqlite_url(tmp_path / "shop.db"), day=TODAY)
    assert result.made
    assert (tmp_path / "shop.db").stat().st_mode & 0o777 == 0o600, "others on the machine can read the customers"
    assert result.contents == setup.Contents(products=216, categories=12, customers=500, orders=2000)


def test_a_second_set_up_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    setup.set_up(sqlite_url(file), day=TODAY)
    before = file.read_bytes()
    result = setup.set_up(sqlite_url(file), seed=99, day=TODAY)
    assert not result.made
    assert file.read_bytes() == before


def test_the_same_seed_makes_the_same_shop_and_another_seed_another(tmp_path: Path) -> None:
    for name, seed in (("one.db", 1), ("again.db", 1), ("two.db", 2)):
        setup.set_up(sqlite_url(tmp_path / name), seed=seed, day=TODAY)
    assert rows(tmp_path / "one.db") == rows(tmp_path / "again.db")
    assert rows(tmp_path / "one.db") != rows(tmp_path / "two.db")


def test_reset_replaces_what_is_there(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    file.write_text("not a database")
    result = setup.set_up(sqlite_url(file), reset=True, day=TODAY)
    assert result.made
    assert result.contents.orders == generator.ORDERS


def test_a_set_up_that_fails_half_way_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_out_of_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(generator, "fill", run_out_of_disk)
    with pytest.raises(ShopUnavailable, match="No space left"):
        setup.set_up(sqlite_url(tmp_path / "shop.db"), day=TODAY)
    assert list(tmp_path.iterdir()) == []


def test_the_old_database_survives_a_reset_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "shop.db"
    setup.set_up(sqlite_url(file), day=TODAY)
    before = file.read_bytes()

    def run_out_of_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(generator, "fill", run_out_of_disk)
    with pytest.raises(ShopUnavailable):
        setup.set_up(sqlite_url(file), reset=True, day=TODAY)
    assert file.read_bytes() == before


def test_a_damaged_database_is_named_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    file.write_text("not a database")
    with pytest.raises(ShopUnavailable, match="shop.db.*--reset"):
        setup.set_up(sqlite_url(file), day=TODAY)
    assert file.read_text() == "not a database"


def test_the_command_says_what_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'shop.db'}")
    assert setup.main([]) == 0
    assert setup.main([]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"Made {tmp_path / 'shop.db'} with ")
    assert second.startswith("Already there: ")


def test_the_command_fails_with_a_sentence_on_a_bad_address(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "no address at all")
    assert setup.main([]) == 1
    assert "DATABASE_URL is not a database address" in capsys.readouterr().err


def test_every_state_has_a_demo_order_and_no_order_has_the_unused_number(shop_url: URL) -> None:
    # An order waits two hours for its payment at most.
    assert {demo.status for demo in DEMO_ORDERS} == set(OrderStatus) - {OrderStatus.AWAITING_PAYMENT}
    with Session(engine_for(shop_url), future=True) as session:
        numbers = set(session.execute(select(Order.number)).scalars())
    assert {demo.number for demo in DEMO_ORDERS} <= numbers
    assert UNUSED_NUMBER not in numbers


def test_generated_orders_tell_a_story_that_holds_together(shop_url: URL) -> None:
    with open_session() as session:
        for order in session.execute(select(Order)).scalars():
            times = [event.happened_at for event in order.events]
            assert order.lines, f"order {order.number} is empty"
            assert times == sorted(times), f"order {order.number} goes back in time"
            assert order.events[0].status == OrderStatus.PLACED, f"order {order.number} was never placed"
            assert order.events[-1].status == order.status, f"order {order.number} ends in another state"
            has_left = OrderStatus.DISPATCHED in {event.status for event in order.events}
            assert bool(order.parcels) == has_left, f"order {order.number}: a parcel without dispatch, or none with it"
            paid = sum(payment.amount_pence for payment in order.payments if payment.status == "paid")
            back = sum(refund.amount_pence for refund in order.refunds)
            assert paid in (0, total_pence(order)), f"order {order.number}: not paid for as a whole"
            assert back <= paid, f"order {order.number}: more goes back than was paid"


def test_generated_customers_live_on_example_domains(shop_url: URL) -> None:
    with open_session() as session:
        emails = list(session.execute(select(Customer.email)).scalars())
    assert all(email.endswith(("@example.com", "@example.org")) for email in emails)


def test_every_product_says_what_customers_ask_for(shop_url: URL) -> None:
    with open_session() as session:
        products = list(session.execute(select(Product)).scalars())
        shelves = Counter(product.category.name for product in products)
        for product in products:
            facts = (product.colour, product.material, product.rooms, product.style, product.dimensions, product.care)
            assert all(facts) and product.weight_g > 0, product.name
        names = {product.name for product in products}
    assert len(shelves) == 12 and min(shelves.values()) >= 15
    assert {name for bundle in BUNDLES for name in bundle} <= names


def test_purchases_follow_tastes_and_bundles_rather_than_chance(shop_url: URL) -> None:
    together = {frozenset(pair) for bundle in BUNDLES for pair in combinations(bundle, 2)}
    styles, bought = defaultdict(list), defaultdict(set)
    with open_session() as session:
        lines = select(Order.customer_id, Product.name, Product.style).select_from(OrderLine).join(Order).join(Product)
        for customer, name, style in session.execute(lines):
            styles[customer].append(style)
            bought[customer].add(name)
    favourites = [Counter(liked).most_common(1)[0][1] / len(liked) for liked in styles.values() if len(liked) >= 8]
    beside = sum(len(together & {frozenset(pair) for pair in combinations(names, 2)}) for names in bought.values())
    pairs = sum(len(names) * (len(names) - 1) // 2 for names in bought.values())
    assert sum(favourites) / len(favourites) > 0.4, "no customer would have a style by chance: each is a seventh"
    assert beside / pairs > 5 * len(together) / (216 * 215 / 2), "bundles are no likelier than chance"
