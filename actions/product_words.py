"""What a message says of products that were shown: which one by an attribute, which aspect is compared, what for."""

import re

from shop.product_choice import Aspect
from shop.vocabulary import ROOMS

_ASPECTS = {
    Aspect.CHEAPEST: r"cheap(?:er|est)|less (?:expensive|money|dear|pricey)|(?:lower|lowest|better|best) price"
    r"|costs? (?:less|least)|least expensive|best value|saves? me",
    Aspect.DEAREST: r"dear(?:er|est)|pric(?:ier|iest)|more expensive|most expensive|costs? (?:more|most)",
    Aspect.LIGHTEST: r"light(?:er|est)(?! (?:colou?r|blue|green|grey|shade|one in colour))|weighs? (?:less|least)"
    r"|easier to (?:carry|lift|move|shift)",
    Aspect.HEAVIEST: r"heav(?:ier|iest)|weighs? (?:more|most)|sturdi(?:er|est)",
    Aspect.LARGEST: r"bigg(?:er|est)|larg(?:er|est)|long(?:er|est)|tall(?:er|est)|wid(?:er|est)|roomi(?:er|est)",
    Aspect.SMALLEST: r"small(?:er|est)|short(?:er|est)|narrow(?:er|est)|slimm(?:er|est)|tak\w{1,3} up less|compact",
    Aspect.EASIEST_TO_CLEAN: r"eas(?:ier|iest) to (?:clean|wash|look after|keep clean|care for)|(?:clean|wash)"
    r"(?:es|s)? (?:easier|easiest|better|best)|less (?:faff|bother|work|trouble)|easiest care|low(?:est)? maintenance",
}
_OF_ASPECT = {aspect: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for aspect, words in _ASPECTS.items()}
_ONE = re.compile(r"\bthe (?:\w{1,20} ){1,3}one\b(?!s)", re.IGNORECASE)
LIKE_IT = re.compile(r"\b(?:like|similar to) (?:this|that|it|the one|these|those|them)\b|\bsimilar\b", re.IGNORECASE)
"""Of a search that goes on from the product in hand: "anything like this but cheaper"."""

_USES = {
    "outdoors": r"out ?(?:doors?|side)|garden|patio|balcony|terrace|rain|weather(?:proof)?|wet|frost|winter|sun",
    "children": r"kids?|child(?:ren)?|toddlers?|bab(?:y|ies)|nursery|little (?:ones?|man|girl|boy)|grandchildren"
    r"|grandkids|(?:two|three|four|five|six)-?year",
    "pets": r"dogs?|cats?|pupp(?:y|ies)|kittens?|pets?|rabbits?|labradors?|claws?|hound|spaniel",
}
_OF_USE = {use: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for use, words in _USES.items()}
_OF_ROOM = {
    room: re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b", re.IGNORECASE)
    for room, names in ROOMS.items()
    if room not in ("garden", "children's room")
}


def aspect_in(text: str) -> Aspect | None:
    """By what products are told apart: "which is lighter", "the cheaper one"."""
    return next((aspect for aspect, pattern in _OF_ASPECT.items() if pattern.search(text)), None)


def aspect_of_one(text: str) -> Aspect | None:
    """By what one of several is picked: "the cheaper one", and not "cheaper ones", which asks for others."""
    return aspect_in(text) if _ONE.search(text) else None


def use_in(text: str) -> str:
    """What a product shall be good for: outdoors, children, pets, a room by its name; empty where that is not said."""
    uses = (use for use, pattern in _OF_USE.items() if pattern.search(text))
    rooms = (room for room, pattern in _OF_ROOM.items() if pattern.search(text))
    return next(uses, None) or next(rooms, "")
