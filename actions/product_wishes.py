"""What a message says about the goods that somebody is looking for: filters, and which way a search shall turn."""

import re
from dataclasses import fields, replace
from typing import Any

from rasa_sdk import Tracker

from parlance.actions.amounts import find_amount
from parlance.actions.messages import before, latest_text, marked_in
from shop.browsing import Direction, Filters
from shop.product_words import singular
from shop.vocabulary import GOODS

FILTERS = ("category", "room", "colour", "material", "size")
"""Entities that are filters by the same name."""
_NOT_BEFORE = re.compile(
    r"(?:\b(?:not|isn'?t|aren'?t|without|except|instead of|rather than)\s+(?:an?\s+|the\s+|any\s+)?|\bno\s)$",
    re.IGNORECASE,
)
_HAS_BEFORE = re.compile(
    r"\b(?:has|have|got|owns?)(?: already)? (?:loads|lots|plenty|enough|tons|heaps|dozens|too many|so many|a million)"
    r"(?: of)? (?:the |those |her |his )?$",
    re.IGNORECASE,
)
"""Before goods of which there are enough: "she has loads of pans"."""
_IN_STOCK = re.compile(r"\b(?:in stock|available|have now|that you have)\b", re.IGNORECASE)
_DIRECTIONS = {
    Direction.CHEAPER: r"cheap(?:er|est)|less (?:expensive|dear|pricey|money)|lower.price|more affordable"
    r"|(?:too|bit|so) (?:dear|expensive|pricey|much)",
    Direction.DEARER: r"dearer|pricier|more expensive|posher|fancier",
    Direction.LARGER: r"bigger|larger|longer|taller|wider|too (?:small|short|narrow|tiny)",
    Direction.SMALLER: r"smaller|shorter|narrower|slimmer|more compact|too (?:big|large|long|tall|wide|bulky)",
    Direction.OTHER: r"other ones|others|different|(?:some|any)thing else|what else|any more|more options|show me more"
    r"|none of (?:these|those|them)|don'?t like",
}
_WORD_DIRECTIONS = {way: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for way, words in _DIRECTIONS.items()}
_LETTERS = re.compile(r"[a-z]+")
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_NUMBER_WORDS = {"ten": 10, "fifteen": 15, **_TENS, "hundred": 100, "thousand": 1000}


def filters_in(tracker: Tracker) -> Filters:
    """The filters that the latest message names. "not the grey one" becomes a colour that is not wanted."""
    text = str(tracker.latest_message.get("text") or "")
    found: dict[str, Any] = {}
    not_wanted = []
    for entity in marked_in(tracker.latest_message):
        name, value = entity["entity"], str(entity["value"])
        if name == "category" and _HAS_BEFORE.search(before(text, entity)):
            word = singular(value.lower().split()[-1]) if value.strip() else value
            not_wanted.append(GOODS.get(word, word))
        elif name in FILTERS and _NOT_BEFORE.search(before(text, entity)):
            not_wanted += [value] if name in ("colour", "material") else []
        elif name in FILTERS:
            # The first is what is looked for: "a throw for the back of the sofa".
            found.setdefault(name, value)
        elif name == "amount" and (pence := pence_in(value)) is not None:
            found["min_pence" if entity.get("role") == "min" else "max_pence"] = pence
    return Filters(**found, in_stock=bool(_IN_STOCK.search(latest_text(tracker))), not_in=tuple(not_wanted))


def merged(earlier: Filters, now: Filters) -> Filters:
    """A search with what was said later in the place of what was said before."""
    said = {field.name: getattr(now, field.name) for field in fields(now) if getattr(now, field.name) != field.default}
    if now.category:
        # "curtains, not blinds" is about another kind of thing, of which the size and the words may not hold.
        said = {"text": "", "size": None, "larger_than_cm": None, "smaller_than_cm": None, **said}
    if now.min_pence is not None or now.max_pence is not None:
        # A price that is named is all that counts of prices.
        said |= {"min_pence": now.min_pence, "max_pence": now.max_pence, "below_pence": None, "above_pence": None}
    # "not the grey one, the green one" after grey was asked for.
    for name in ("colour", "material"):
        if getattr(earlier, name) in now.not_in and name not in said:
            said[name] = None
    return replace(earlier, **said)


def direction_in(text: str) -> Direction | None:
    """Which way a search shall turn: "cheaper ones", "something bigger", "others"."""
    return next((way for way, pattern in _WORD_DIRECTIONS.items() if pattern.search(text)), None)


def pence_in(value: str) -> int | None:
    """An amount as people limit a search by it: 5000 for "£50", "50", "fifty quid"; 10000 for "a hundred"."""
    pence = find_amount(value, bare=True)
    if pence is not None:
        return pence
    numbers = [_NUMBER_WORDS[word] for word in _LETTERS.findall(value.lower()) if word in _NUMBER_WORDS]
    return sum(numbers) * 100 if numbers else None
