"""How well a product fits the words of a customer, who writes plurals, other names and typos.

Spelling is compared by RapidFuzz's ratio of edits to length.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz import fuzz, process

from shop.product_summary import ProductSummary
from shop.vocabulary import CATEGORIES, COLOUR_FAMILIES, GENERAL_NAMES, GOODS, MATERIALS, ROOMS, colour_families

ALIKE = 84
"""From this ratio in percent on, two words of more than three letters are taken for the same, one misspelt."""
STOP_WORDS = frozenset(
    "a an and any anything are can could do for from get got have i in is it its looking me my need new nice of on one "
    "ones or our please real size sell set show small large big some something that the thing this to want we what "
    "with would you your".split()
)
SHADES = frozenset({"dark", "light", "pale", "bright", "deep", "soft", "warm"})
LEAST_TEXT_SCORE = 0.5
MOST_CHARACTERS = 1000
"""So much of a text is read; descriptions of products are shorter."""
MOST_WORDS = 24
"""So many words of a customer's are held against each product."""
_WORD = re.compile(r"[\w'-]+")
_FIGURE = re.compile(r"\d+(?:\.\d+)?")
_VOCABULARIES = {
    "categories": CATEGORIES,
    "rooms": ROOMS,
    "colours": COLOUR_FAMILIES,
    "materials": {kind: names[:GENERAL_NAMES] for kind, names in MATERIALS.items()},
}
LARGE = frozenset({"large", "big", "huge", "bigger", "larger"})
SMALL = frozenset({"small", "little", "tiny", "smaller", "compact", "mini"})


def singular(word: str) -> str:
    """A noun without its plural: "dishes" is dish, "shelves" shelf, "glass" stays."""
    for plural, ending in (("shelves", "shelf"), ("knives", "knife"), ("ies", "y"), ("sses", "ss"), ("shes", "sh")):
        if word.endswith(plural):
            return word[: -len(plural)] + ending
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word


def words(text: str) -> tuple[str, ...]:
    """The words of a text in lower case and singular, without those that say nothing."""
    return _words(text[:MOST_CHARACTERS])


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[str, ...]:
    found = _WORD.findall(text.lower().replace("’", "'"))
    told = tuple(singular(word.removesuffix("'s")) for word in found if word not in STOP_WORDS)
    return told or tuple(found)


def likeness(word: str, others: Iterable[str]) -> float:
    """How much a word is like the likest of others, from 0 to 1; 0 below ALIKE."""
    others = tuple(others)
    if word in others:
        return 1.0
    if len(word) <= 3 or word.isdigit():
        return 0.0
    found = process.extractOne(word, others, scorer=fuzz.ratio, score_cutoff=ALIKE)
    return found[1] / 100 if found else 0.0


def name_score(asked: tuple[str, ...], name: tuple[str, ...], first_words: Counter[str]) -> float:
    """How well a product's name answers to what somebody calls it, from 0 to about 1.5.

    A name's first word is what it goes by, so that it counts three times unless other names begin alike.
    """
    found, possible = 0.0, 0.0
    for word in asked:
        first, other = likeness(word, name[:1]), likeness(word, name[1:])
        weight = 3.0 / first_words[name[0]] if first >= other and first else 1.0
        found += weight * max(first, other)
        possible += weight
    covered = sum(1 for word in name if likeness(word, asked)) / len(name)
    goes_by = 0.5 if first_words[name[0]] == 1 and likeness(name[0], asked) else 0.0
    return found / possible * (0.8 + 0.2 * covered) + goes_by if possible else 0.0


def vocabulary_of(products: Iterable[ProductSummary]) -> frozenset[str]:
    """Every word that a product may be asked by; what is not among them is misspelt, or no concern of the shop."""
    told = {word for product in products for word in _all_words(product)}
    return frozenset(told.union(GOODS, *(name.split() for kind in _VOCABULARIES for name in _names(kind))))


class SearchWords:
    """What was asked for, understood once, then held against each product."""

    def __init__(
        self,
        vocabulary: frozenset[str],
        text: str,
        category: str | None,
        room: str | None,
        colour: str | None,
        material: str | None,
        size: str | None,
    ) -> None:
        def spelt(asked: str | None) -> tuple[str, ...]:
            asked_words = words(asked)[:MOST_WORDS] if asked and asked.strip() else ()
            return tuple(_corrected(word, vocabulary) for word in asked_words)

        self._goods = tuple(GOODS.get(word, word) for word in spelt(category))
        self._shelves = _keys_for(spelt(category), "categories")
        self._room = spelt(room)
        self._rooms = _keys_for(self._room, "rooms")
        self._text = spelt(text)
        if not self._room:
            self._take_room_from_text()
        self._colour = tuple(word for word in spelt(colour) if word not in SHADES)
        self._material = spelt(material)
        # Whoever asks for wood takes oak; whoever asks for oak does not take pine.
        self._kinds_of_material = _keys_for(self._material, "materials")
        self._size = size[:MOST_CHARACTERS].lower().strip() if size else ""

    def fit(self, product: ProductSummary) -> float:
        """How well a product fits; 0 where it misses something that was asked for."""
        return (
            (self._fits_category(product) if self._goods else 1.0)
            * (self._fits_room(product) if self._room else 1.0)
            * (self._fits_colour(product) if self._colour else 1.0)
            * (self._fits_material(product) if self._material else 1.0)
            * (self._fits_size(product) if self._size else 1.0)
            * (self._fits_text(product) if self._text else 1.0)
        )

    def by_size(self, product: ProductSummary) -> int:
        """A key that sorts by size where large or small was asked for: weight stands for size."""
        if self._size in LARGE:
            return -product.weight_g
        return product.weight_g if self._size in SMALL else 0

    def _take_room_from_text(self) -> None:
        """A room in a free text is a condition, not a word among others."""
        told = f" {' '.join(self._text)} "
        named = [name for name in _names("rooms") if f" {name} " in told]
        if named:
            longest = max(named, key=len)
            self._room = tuple(longest.split())
            self._rooms = _names("rooms")[longest]
            self._text = tuple(told.replace(f" {longest} ", " ").split())

    def _fits_category(self, product: ProductSummary) -> float:
        name = words(product.name)
        # The noun says what it is: dining chairs are chairs.
        if self._goods[-1] in name:
            return 0.8 + 0.2 * sum(word in name for word in self._goods) / len(self._goods)
        return 0.5 if product.category in self._shelves else 0.0

    def _fits_room(self, product: ProductSummary) -> float:
        return 1.0 if self._rooms & set(product.rooms) else 0.0

    def _fits_colour(self, product: ProductSummary) -> float:
        if set(self._colour) <= set(words(product.colour)):
            return 1.0
        return 0.8 if colour_families(" ".join(self._colour)) & colour_families(product.colour) else 0.0

    def _fits_material(self, product: ProductSummary) -> float:
        made_of = set(words(product.material))
        if set(self._material) <= made_of:
            return 1.0
        return 0.9 if any(made_of & set(MATERIALS[kind]) for kind in self._kinds_of_material) else 0.0

    def _fits_size(self, product: ProductSummary) -> float:
        if self._size in LARGE | SMALL:
            return 1.0
        measures = f"{product.dimensions} {product.description}".lower()
        numbers = _FIGURE.findall(self._size)
        if numbers:
            return 1.0 if set(numbers) <= set(_FIGURE.findall(measures)) else 0.0
        return 1.0 if self._size.removesuffix("size").rstrip(" -") in measures else 0.0

    def _fits_text(self, product: ProductSummary) -> float:
        """The share of the words that the product answers to; its name counts in full, its description for half."""
        score = sum(self._worth(word, product) for word in self._text) / len(self._text)
        return score if score >= LEAST_TEXT_SCORE else 0.0

    @staticmethod
    def _worth(word: str, product: ProductSummary) -> float:
        if GOODS.get(word, word) in words(product.name):
            return 1.0
        facts = words(f"{product.colour} {product.material} {product.style} {product.category}")
        same_colour = colour_families(word) & colour_families(product.colour)
        if word in facts or same_colour or product.category in _keys_for((word,), "categories"):
            return 0.8
        return 0.5 if word in words(product.description) else 0.0


def _all_words(product: ProductSummary) -> tuple[str, ...]:
    facts = (product.name, product.category, product.colour, product.material, product.style, product.description)
    return words(" ".join(facts))


def _corrected(word: str, vocabulary: frozenset[str]) -> str:
    """A known word as it is, an unknown one as the known word most like it, if there is one."""
    if word in vocabulary or len(word) <= 3 or word.isdigit():
        return word
    found = process.extractOne(word, vocabulary, scorer=fuzz.ratio, score_cutoff=ALIKE)
    return str(found[0]) if found else word


def _keys_for(asked: tuple[str, ...], kind: str) -> frozenset[str]:
    """The keys of a vocabulary that go by this name; of "large floor lamp", the noun at the end says enough."""
    by_name = _names(kind)
    endings = (" ".join(asked[start:]) for start in range(len(asked)))
    return next((by_name[name] for name in endings if name in by_name), frozenset())


@lru_cache(maxsize=8)
def _names(kind: str) -> dict[str, frozenset[str]]:
    vocabulary = _VOCABULARIES[kind]
    by_name: dict[str, frozenset[str]] = {}
    for key, names in vocabulary.items():
        for name in (key, *names):
            told = " ".join(words(name))
            by_name[told] = by_name.get(told, frozenset()) | {key}
    return by_name
