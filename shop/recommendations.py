"""Recommending products: purchases, tastes, stated preferences and the texts' embeddings, and why each was chosen.

How the signals are weighed against each other is measured by ``benchmarks/recommend.py``.
"""

import logging
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from parlance.errors import ParlanceError
from shop import preferences
from shop.browsing import ALL, Filters, browse
from shop.models import Order, OrderLine, OrderStatus, Product
from shop.preferences import Preferences
from shop.product_embeddings import TextEncoder, encoder_folder
from shop.product_summary import ProductSummary, read_products
from shop.ranking import Asker, Knowledge, Shelf, Signals, Weights
from shop.vocabulary import MATERIALS, ROOMS, colour_families

logger = logging.getLogger(__name__)

CONSUMABLE = re.compile(
    r"\b(?:candles?|tapers?|salts|soap|bulbs?|matches|incense|diffuser)\b(?! (?:dish|dispenser|holder|stand|planting))",
    re.IGNORECASE,
)
"""Names of goods that are used up and bought again, and not of what holds them."""
KEPT_S = 300
"""For how long the purchases that were read stay in memory."""
LEAST_ALIKE = 0.3
"""Cosine from which on a message is about goods: "surprise me" is like none of them."""
WEIGHTS = Weights()


@dataclass(frozen=True)
class Wishes:
    """What a recommendation is asked for.

    ``beside`` is the SKU of a product that it shall go with, ``text`` the message (for its embedding), ``likes`` what
    somebody without an account said in this conversation.
    """

    filters: Filters = field(default_factory=Filters)
    beside: str = ""
    text: str = ""
    likes: Preferences = field(default_factory=Preferences)


@dataclass(frozen=True)
class Because:
    """Why a product was chosen: bought, goes_with (``what``: a product), colour, room, material, style (``what``: the
    liked one), asked (it fits what was asked for) or popular."""

    code: str
    what: str = ""


@dataclass(frozen=True)
class Recommendation:
    """A product and the main reason for it."""

    product: ProductSummary
    because: Because


@dataclass(frozen=True)
class _Shop:
    """The products as they were read, and what ranking knows of them."""

    products: tuple[ProductSummary, ...]
    knowledge: Knowledge
    encoder: TextEncoder | None

    def position(self, sku: str) -> int | None:
        return next((n for n, product in enumerate(self.products) if product.sku == sku), None)


_kept: dict[str, tuple[float, _Shop]] = {}
"""By database: when it was read, and what was there. Stock and the customer's own orders are always read anew."""


def recommend(
    session: Session, customer_id: int | None = None, wishes: Wishes | None = None, limit: int = 3
) -> tuple[Recommendation, ...]:
    """Products that are in stock and not the customer's already (but for what is used up), best first, each of
    another kind where the wishes leave a choice.

    Args:
        customer_id: None for somebody unknown, whose wishes and what is popular must do.
        wishes: What the customer asked for; without them, what they may like.
    """
    wishes = wishes or Wishes()
    shop = _shop(session)
    owned = _owned(session, customer_id, shop)
    beside = shop.position(wishes.beside)
    liked = preferences.of(session, customer_id) if customer_id is not None else wishes.likes
    likes = _likes(liked)
    asker = Asker(
        owned=tuple(owned) if beside is None else (beside,),
        likes=frozenset(likes),
        query=_query(wishes.text, shop),
    )
    signals = shop.knowledge.signals(asker)
    candidates = _candidates(session, wishes, shop, owned, beside)
    scores = signals.total(WEIGHTS)
    chosen = _varied(sorted(candidates, key=lambda n: (-scores[n], n)), shop.products, wishes, limit)
    in_stock = {product.sku: product for product in read_products(session, Product.stock > 0)}
    return tuple(
        Recommendation(in_stock[shop.products[n].sku], _because(n, shop, signals, asker, likes, wishes))
        for n in chosen
        if shop.products[n].sku in in_stock
    )


def _shop(session: Session) -> _Shop:
    address = str(session.get_bind().engine.url)
    read_at, kept = _kept.get(address, (0.0, None))
    if kept is not None and time.monotonic() - read_at < KEPT_S:
        return kept
    products = tuple(read_products(session))
    bought = purchase_matrix(session.execute(_purchases()).all(), [product.sku for product in products])
    encoder = kept.encoder if kept else _encoder()
    texts = [text_of(product) for product in products]
    embeddings = encoder.embed_and_keep(texts) if encoder else None
    shop = _Shop(products, Knowledge(tuple(map(shelf_of, products)), bought, embeddings), encoder)
    _kept[address] = (time.monotonic(), shop)
    return shop


def _purchases(*conditions: Any) -> Any:
    return (
        select(Order.customer_id, Product.sku)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Product, OrderLine.product_id == Product.id)
        .where(Order.status != OrderStatus.CANCELLED.value, *conditions)
    )


def purchase_matrix(rows: Iterable[tuple[int, str]], skus: Sequence[str]) -> np.ndarray:
    """Who bought what, shape (customers, products): 1 for each pair of customer and SKU, 0 elsewhere."""
    columns = {sku: n for n, sku in enumerate(skus)}
    customers: dict[int, int] = {}
    pairs = [(customers.setdefault(customer, len(customers)), columns[sku]) for customer, sku in rows]
    bought = np.zeros((len(customers), len(skus)))
    if pairs:
        bought[tuple(np.array(pairs).T)] = 1.0
    return bought


def shelf_of(product: ProductSummary) -> Shelf:
    """What ranking knows of a product."""
    traits = [f"style:{product.style}"] if product.style else []
    traits += [f"colour:{family}" for family in colour_families(product.colour)]
    traits += [f"room:{room}" for room in product.rooms]
    traits += [f"material:{kind}" for kind in _kinds_of_material(product.material)]
    return Shelf(product.sku, product.name, frozenset(traits))


def text_of(product: ProductSummary) -> str:
    """What is embedded of a product."""
    rooms = " or ".join(product.rooms)
    return (
        f"{product.name}, {product.colour} {product.material}, {product.style}, for the {rooms}. {product.description}"
    )


def _kinds_of_material(material: str) -> set[str]:
    said = f" {material.lower()} "
    kinds = {kind for kind, names in MATERIALS.items() if any(f" {name} " in said for name in names)}
    return kinds | {word for word in material.lower().split() if word not in ("and", "with", "of")}


def _encoder() -> TextEncoder | None:
    folder = encoder_folder()
    if folder is None:
        logger.warning("There is no encoder at hand (`make train` writes models/encoder): texts are not compared.")
        return None
    try:
        return TextEncoder.load(folder)
    except ParlanceError as error:
        logger.warning("Texts are not compared: %s", error)
        return None


def _query(text: str, shop: _Shop) -> np.ndarray | None:
    if not text or shop.encoder is None or shop.knowledge.embeddings is None:
        return None
    query: np.ndarray = shop.encoder.embed([text])[0]
    return query if (shop.knowledge.embeddings @ query).max() >= LEAST_ALIKE else None


def _owned(session: Session, customer_id: int | None, shop: _Shop) -> list[int]:
    if customer_id is None:
        return []
    rows = session.execute(_purchases(Order.customer_id == customer_id)).all()
    skus = {sku for _, sku in rows}
    return [n for n, product in enumerate(shop.products) if product.sku in skus]


def _likes(liked: Preferences) -> dict[str, Because]:
    """The traits that stated preferences stand for, and how to say so."""
    likes = {f"colour:{family}": Because("colour", said) for said in liked.colours for family in colour_families(said)}
    for said in liked.rooms:
        rooms = [room for room, names in ROOMS.items() if said.lower() in (room, *names)]
        likes |= {f"room:{room}": Because("room", said) for room in rooms}
    for said in liked.materials:
        likes |= {f"material:{kind}": Because("material", said) for kind in _kinds_of_material(said)}
    return likes


def _candidates(session: Session, wishes: Wishes, shop: _Shop, owned: Sequence[int], beside: int | None) -> list[int]:
    fitting = {p.sku for p in browse(session, replace(wishes.filters, in_stock=True), ALL).products if p.stock > 0}
    excluded = {n for n in owned if not CONSUMABLE.search(shop.products[n].name)} | {beside}
    return [n for n, product in enumerate(shop.products) if product.sku in fitting and n not in excluded]


def _varied(ranked: Sequence[int], products: Sequence[ProductSummary], wishes: Wishes, limit: int) -> list[int]:
    """The best, but only one of a category as long as there are others; somebody who names a category means it."""
    if wishes.filters.category or wishes.filters.text:
        return list(ranked[:limit])
    firsts: dict[str, int] = {}
    for n in ranked:
        firsts.setdefault(products[n].category, n)
    chosen = list(firsts.values())[:limit]
    return chosen + [n for n in ranked if n not in chosen][: limit - len(chosen)]


def _because(n: int, shop: _Shop, signals: Signals, asker: Asker, likes: dict[str, Because], wishes: Wishes) -> Because:
    """The signal that added most to the product's score, in words that a customer can check."""
    if wishes.beside:
        return Because("goes_with", shop.products[asker.owned[0]].name)
    said = [because for trait, because in likes.items() if trait in shop.knowledge.shelves[n].traits]
    strength = {
        "together": WEIGHTS.together * signals.together[n],
        "likeness": WEIGHTS.likeness * signals.likeness[n],
        "taste": WEIGHTS.taste * signals.taste[n],
        "stated": WEIGHTS.stated * signals.stated[n] if said else 0.0,
        "query": WEIGHTS.query * signals.query[n],
    }
    main = max(strength, key=lambda name: strength[name])
    if strength[main] <= 0.0:
        return Because("asked" if replace(wishes.filters, seen=()) != Filters() else "popular")
    if main == "stated":
        return said[0]
    if main == "query":
        return Because("asked")
    if main == "taste":
        return Because("style", shop.products[n].style)
    pairs = shop.knowledge.together if main == "together" else shop.knowledge.likeness
    nearest = max(asker.owned, key=lambda owned: pairs[owned, n])
    return Because("bought" if main == "together" else "goes_with", shop.products[nearest].name)
