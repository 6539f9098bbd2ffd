"""Ranking products for a customer by what is known: who bought what, tastes, embeddings of the products' texts.

Arrays only, no database: ``shop/recommendations.py`` fills them, ``benchmarks/recommend.py`` measures and tunes them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

SHRINKAGE = 5.0
"""Customers in common that two products need before their likeness counts half."""
PRIOR = 8.0
"""Purchases that a customer's taste is diluted with, so that one purchase is not yet a taste."""

TASTES = ("style:", "colour:", "room:")
"""The traits of which customers have a taste; materials follow from the kinds of goods."""


@dataclass(frozen=True)
class Shelf:
    """What ranking knows of a product. ``traits`` are its style, families of colour, rooms and materials, as
    "style:coastal"."""

    sku: str
    name: str
    traits: frozenset[str]


@dataclass(frozen=True)
class Weights:
    """How much each signal counts, in standard deviations of that signal over the products.

    Tuned by ``benchmarks/recommend.py --tune`` on the validation split, but for ``stated`` and ``query``, of which the
    seeded shop knows nothing: they are strong, since the customer has said it.
    """

    popularity: float = 0.01
    together: float = 1.0
    taste: float = 0.72
    likeness: float = 0.09
    stated: float = 1.0
    query: float = 1.5


@dataclass(frozen=True)
class Signals:
    """Each signal for every product, shape (products,), standardized; zeros where it says nothing."""

    popularity: np.ndarray
    together: np.ndarray
    taste: np.ndarray
    likeness: np.ndarray
    stated: np.ndarray
    query: np.ndarray

    def total(self, weights: Weights) -> np.ndarray:
        """The score of every product, shape (products,)."""
        return np.asarray(sum(getattr(weights, name) * values for name, values in vars(self).items()))


@dataclass(frozen=True)
class Asker:
    """For whom to rank: what they own (positions of products), what they said they like (traits), what they ask for.

    ``query`` is the embedding of their message, shape (dimensions,), of length one.
    """

    owned: tuple[int, ...] = ()
    likes: frozenset[str] = frozenset()
    query: np.ndarray | None = None


@dataclass(frozen=True)
class Knowledge:
    """The shop's products and purchases.

    Args:
        shelves: The products.
        bought: Shape (customers, products), 1 where a customer has bought a product.
        embeddings: Of the products' texts, shape (products, dimensions), of length one; None without an encoder.
    """

    shelves: tuple[Shelf, ...]
    bought: np.ndarray
    embeddings: np.ndarray | None = None

    @cached_property
    def popularity(self) -> np.ndarray:
        """The logarithm of how many customers have bought each product, shape (products,)."""
        return np.asarray(np.log1p(self.bought.sum(axis=0)))

    @cached_property
    def together(self) -> np.ndarray:
        """How often two products have the same buyers: shrunk cosine, shape (products, products), diagonal zero."""
        common = self.bought.T @ self.bought
        counts = np.diag(common)
        cosine = common / np.sqrt(np.outer(counts, counts)).clip(1.0)
        together = cosine * common / (common + SHRINKAGE)
        np.fill_diagonal(together, 0.0)
        return np.asarray(together)

    @cached_property
    def likeness(self) -> np.ndarray:
        """Cosine of the products' texts less what all have in common, shape (products, products), diagonal zero; all
        zero without an encoder."""
        if self.embeddings is None:
            return np.zeros((len(self.shelves), len(self.shelves)))
        centred = _unit(self.embeddings - self.embeddings.mean(axis=0))
        likeness = centred @ centred.T
        np.fill_diagonal(likeness, 0.0)
        return np.asarray(likeness)

    @cached_property
    def _traits(self) -> np.ndarray:
        """Shape (products, traits): what share of a product's style, of its colours and of its rooms a trait is."""
        names = sorted({trait for shelf in self.shelves for trait in shelf.traits if trait.startswith(TASTES)})
        has = np.array([[name in shelf.traits for name in names] for shelf in self.shelves], dtype=float)
        for kind in {name.split(":")[0] for name in names}:
            columns = [n for n, name in enumerate(names) if name.startswith(f"{kind}:")]
            has[:, columns] /= has[:, columns].sum(axis=1, keepdims=True).clip(1.0)
        return has

    def signals(self, asker: Asker) -> Signals:
        """What speaks for each product."""
        owned = list(asker.owned)
        nothing = np.zeros(len(self.shelves))
        query = nothing
        if asker.query is not None and self.embeddings is not None:
            query = self.embeddings @ asker.query
        return Signals(
            popularity=_standardized(self.popularity),
            together=_standardized(self.together[owned].sum(axis=0)) if owned else nothing,
            taste=_standardized(self._taste(owned)) if owned else nothing,
            likeness=_standardized(self.likeness[owned].mean(axis=0)) if owned else nothing,
            stated=_standardized(self._stated(asker.likes)) if asker.likes else nothing,
            query=_standardized(query),
        )

    def best(self, asker: Asker, weights: Weights, among: Collection[int], limit: int) -> list[int]:
        """The positions of the best products of ``among``, best first."""
        scores = self.signals(asker).total(weights)
        return sorted(among, key=lambda position: (-scores[position], position))[:limit]

    def _taste(self, owned: Sequence[int]) -> np.ndarray:
        """How much more often the customer than everybody buys a product's style, colours and rooms: log ratio."""
        has = self._traits
        usual = (self.bought.sum(axis=0) + 1.0) @ has
        usual /= len(self.shelves) + self.bought.sum()
        own = (has[owned].sum(axis=0) + PRIOR * usual) / (len(owned) + PRIOR)
        return np.asarray(has @ np.log(own / usual))

    def _stated(self, likes: Collection[str]) -> np.ndarray:
        return np.array([len(shelf.traits & set(likes)) for shelf in self.shelves], dtype=float)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True).clip(1e-12))


def _standardized(values: np.ndarray) -> np.ndarray:
    spread = values.std()
    return (values - values.mean()) / spread if spread > 1e-12 else np.zeros_like(values)
