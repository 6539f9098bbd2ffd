"""Recommending: never what cannot be had or is there already, always with a reason that is true."""

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

import recommend as benchmark
from parlance.errors import ParlanceError
from scripts import encoder
from shop import preferences
from shop.browsing import Filters
from shop.models import Customer, Order, OrderLine, OrderStatus, Product
from shop.preferences import Preferences
from shop.product_embeddings import TextEncoder, encoder_folder
from shop.ranking import Asker, Knowledge, Shelf, Weights
from shop.recommendations import CONSUMABLE, Wishes, purchase_matrix, recommend

pytestmark = pytest.mark.usefixtures("without_encoder")

MOSS = "FH00007"


def buyer(session: Session) -> int:
    """A customer with several orders."""
    counts = (
        session.execute(select(Order.customer_id).where(Order.status != OrderStatus.CANCELLED.value)).scalars().all()
    )
    return max(set(counts), key=counts.count)


def owned_names(session: Session, customer_id: int) -> set[str]:
    orders = select(Order.id).where(Order.customer_id == customer_id, Order.status != OrderStatus.CANCELLED.value)
    rows = session.execute(select(Product.name).join(OrderLine).where(OrderLine.order_id.in_(orders)))
    return set(rows.scalars())


def test_a_customer_gets_what_they_have_not_and_hears_of_what_they_have(session: Session) -> None:
    customer = buyer(session)
    owned = owned_names(session, customer)
    recommended = recommend(session, customer, limit=10)
    assert len(recommended) == 10
    assert not {name for name in owned if not CONSUMABLE.search(name)} & {one.product.name for one in recommended}
    reasons = [one.because for one in recommended]
    assert any(because.code == "bought" for because in reasons)
    assert all(because.what in owned for because in reasons if because.code == "bought")


def test_nothing_out_of_stock_even_if_it_was_there_a_moment_ago(session: Session) -> None:
    first = recommend(session)[0].product
    session.execute(update(Product).where(Product.sku == first.sku).values(stock=0))
    again = recommend(session, limit=200)
    assert first.sku not in {one.product.sku for one in again}
    assert all(one.product.stock > 0 for one in again)


def test_what_holds_something_that_is_used_up_is_not_used_up(session: Session) -> None:
    names = session.execute(select(Product.name)).scalars()
    assert {name for name in names if CONSUMABLE.search(name)} == {"Beeswax candle trio", "Lavender bath salts jar"}


def test_what_is_used_up_may_come_again(session: Session) -> None:
    candle = session.execute(select(Product).where(Product.name == "Beeswax candle trio")).scalar_one()
    session.execute(update(Product).where(Product.id == candle.id).values(stock=5))
    line = session.execute(select(OrderLine).join(Order).where(Order.status == OrderStatus.DELIVERED.value)).scalars()
    bought = next(iter(line))
    bought.product_id = candle.id
    session.flush()
    customer = session.execute(select(Order.customer_id).where(Order.id == bought.order_id)).scalar_one()
    recommended = recommend(session, customer, Wishes(Filters(category="candle")), limit=50)
    assert candle.sku in {one.product.sku for one in recommended}


def test_somebody_unknown_gets_what_is_popular_in_different_kinds(session: Session) -> None:
    recommended = recommend(session, limit=5)
    assert {one.because.code for one in recommended} == {"popular"}
    assert len({one.product.category for one in recommended}) == 5


def test_wishes_are_kept_to(session: Session) -> None:
    recommended = recommend(session, None, Wishes(Filters(category="rug", max_pence=6000)))
    assert recommended
    assert all(one.product.category in ("Rugs", "Bathroom", "Garden") for one in recommended)
    assert all(one.product.price_pence <= 6000 for one in recommended)
    assert {one.because.code for one in recommended} == {"asked"}


def test_what_goes_with_a_product_names_it(session: Session) -> None:
    recommended = recommend(session, None, Wishes(beside=MOSS))
    assert {(one.because.code, one.because.what) for one in recommended} == {("goes_with", "Moss velvet cushion")}
    assert MOSS not in {one.product.sku for one in recommended}


def test_stated_preferences_count_for_customers_and_for_strangers(session: Session) -> None:
    liking = Wishes(likes=Preferences(colours=("green",)))
    strangers = recommend(session, None, liking, limit=5)
    assert {one.because.code for one in strangers} == {"colour"}
    newcomer = Customer(name="New Here", email="new.here@example.com", postcode="FH2 1AB")
    session.add(newcomer)
    session.flush()
    preferences.remember(session, newcomer.id, colours=["green"])
    assert [one.product for one in recommend(session, newcomer.id, limit=5)] == [one.product for one in strangers]


def test_nothing_to_recommend_is_nothing(session: Session) -> None:
    assert recommend(session, None, Wishes(Filters(category="trampoline"))) == ()


# Ranking ----------------------------------------------------------------------------------------------------------


def knowledge(embeddings: np.ndarray | None = None) -> Knowledge:
    """Four products; the first two have the same buyers, the third shares a style with the first."""
    styles = ("coastal", "modern", "coastal", "heritage")
    shelves = tuple(Shelf(f"P{n}", f"Product {n}", frozenset({f"style:{style}"})) for n, style in enumerate(styles))
    bought = np.array([[1, 1, 0, 0]] * 6 + [[0, 0, 1, 0]] * 3 + [[0, 0, 0, 1]] * 4, dtype=float)
    return Knowledge(shelves, bought, embeddings)


def test_what_the_same_people_bought_comes_first_then_the_same_style() -> None:
    assert knowledge().best(Asker(owned=(0,)), Weights(), range(1, 4), 3)[:2] == [1, 2]


def test_without_embeddings_nothing_is_alike_and_with_them_a_query_finds_its_text() -> None:
    assert not knowledge().likeness.any()
    axes = np.eye(4, dtype=np.float32)
    assert knowledge(axes).best(Asker(query=axes[2]), Weights(), range(4), 1) == [2]


def test_purchases_become_a_matrix_in_which_twice_is_once() -> None:
    bought = purchase_matrix([(7, "B"), (9, "A"), (7, "B")], ["A", "B"])
    assert bought.tolist() == [[0.0, 1.0], [1.0, 0.0]]


# Embeddings -------------------------------------------------------------------------------------------------------


def test_an_exported_encoder_embeds_texts_and_keeps_them(tiny_encoder: Path, tmp_path: Path) -> None:
    encoder.export(str(tiny_encoder), tmp_path / "encoder")
    texts = ["where is order 10432", "from leeds to york"]
    embeddings = TextEncoder.load(tmp_path / "encoder").embed_and_keep(texts)
    assert embeddings.shape == (2, 32)
    assert np.allclose(np.linalg.norm(embeddings, axis=1), 1.0, atol=1e-5)
    kept = list((tmp_path / "encoder").glob("embeddings-*.safetensors"))
    assert len(kept) == 1
    assert np.array_equal(TextEncoder.load(tmp_path / "encoder").embed_and_keep(texts), embeddings)


def test_with_an_encoder_a_message_steers_the_choice(
    session: Session, tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder.export(str(tiny_encoder), tmp_path / "encoder")
    monkeypatch.setenv("ENCODER_PATH", str(tmp_path / "encoder"))
    with_text = recommend(session, None, Wishes(text="a gift for a gardener"), limit=20)
    assert {one.because.code for one in with_text} <= {"asked", "popular"}
    assert [one.product.sku for one in with_text] != [one.product.sku for one in recommend(session, limit=20)]


def test_a_damaged_or_missing_encoder_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert encoder_folder() is None
    monkeypatch.setenv("ENCODER_PATH", str(tmp_path))
    for name in ("model.onnx", "tokenizer.json"):
        (tmp_path / name).write_text("no graph")
    assert encoder_folder() == tmp_path
    with pytest.raises(ParlanceError, match="cannot be loaded"):
        TextEncoder.load(tmp_path)


# The benchmark ----------------------------------------------------------------------------------------------------


def test_the_benchmarks_figures_are_those_of_the_textbook() -> None:
    split = benchmark.Split(knowledge(), ((0,), (3,)), (frozenset({1}), frozenset({0})), ("",) * 4)
    perfect = benchmark.figures(split, lambda history: np.array([1.0, 2.0, 0.0, 0.0]) if 0 in history else np.eye(4)[0])
    assert perfect == {"hit_rate": 1.0, "ndcg": 1.0}
    second = benchmark.figures(split, lambda history: np.array([2.0, 1.0, 3.0, 0.0]))
    assert second["ndcg"] == pytest.approx(1 / np.log2(3))
