"""What customers say that hangs on no project, and how they type."""

import re
from collections.abc import Iterable, Mapping
from random import Random

ENGLISH: Mapping[str, tuple[str, ...]] = {
    # To a question with consequences. Every yes is a yes and nothing else.
    "yes": ("yes", "yes please", "yep", "yeah go on then", "ok", "sure", "go ahead", "do it please"),
    "yes in own words": (
        "that would be great",
        "perfect, do that",
        "yeah that works for me",
        "lovely, yes let's",
        "sounds about right, go for it",
        "I'd be glad if you did",
        "please, that's exactly what I need",
        "go on, be my guest",
    ),
    "no": ("no", "no thanks", "nope leave it", "no don't", "rather not", "no, I've changed my mind"),
    "hesitation": (
        "hmm not sure",
        "let me think",
        "hang on a sec",
        "wait, is that final?",
        "what happens if I do?",
        "I suppose... I don't know",
        "give me a minute, need to ask my wife",
    ),
    # Around an answer.
    "hedge": (
        "I think it's {answer}",
        "{answer}, pretty sure anyway",
        "should be {answer}",
        "erm {answer} I believe",
        "it says {answer} here",
    ),
    "correction": ("sorry, I meant {answer}", "no wait, it's {answer}", "oops, {answer}", "my mistake: {answer}"),
    "beside": (
        "ages ago",
        "why do you need that",
        "it was a present for my sister",
        "the website kept logging me out as well",
        "I'm on the bus, bear with me",
    ),
    "do not know": ("I don't know", "no idea sorry"),
    # Around a request.
    "add": ("{request}. oh and another thing, {other}", "{request} and also {other}", "{request}\nplus {other}"),
    "change": ("actually, never mind that. {request}", "forget that, {request}", "different question: {request}"),
    "again": ("no, {request}", "what I mean is: {request}", "{request}"),
    "paste": ("",),
    # Leaving.
    "give up": ("forget it", "never mind, I'll leave it", "oh just stop", "I can't be bothered, cancel this chat"),
    "disown": ("that's not me", "hang on, that isn't my account", "I'm not that person, wrong customer"),
    # Tempers: what a message begins and ends with.
    "polite": ("{text} please", "hello, {text}", "{text}, thank you", "sorry to bother you but {text}"),
    "curt": ("{text}",),
    "angry": ("{text}!!", "for goodness sake, {text}", "{text} and be quick about it"),
    "chatty": ("right so {text}", "hiya, {text}, hope that makes sense", "{text} haha"),
}
TEMPERS = ("polite", "curt", "angry", "chatty")

_BLANK = re.compile(r"\{\w+\}")
_NEIGHBOURS = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "k": "jl",
    "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "r": "et", "s": "ad", "t": "ry", "u": "yi", "w": "qe",
    "y": "tu",
}  # fmt: skip


class Words:
    """Phrases by kind, drawn by one customer's random numbers."""

    def __init__(self, own: Mapping[str, tuple[str, ...]], random: Random) -> None:
        self._phrases = {**ENGLISH, **own}
        self._random = random

    def say(self, kind: str, **blanks: str) -> str:
        """A phrase of a kind, with its blanks filled; ``{text}`` and others are filled as they are."""
        return fill(self._random.choice(self._phrases[kind]), blanks)


def fill(template: str, blanks: Mapping[str, object]) -> str:
    """A template with its blanks filled; braces that are none of them stay."""
    for name, value in blanks.items():
        template = template.replace(f"{{{name}}}", str(value))
    return template


def has_blanks(text: str) -> bool:
    """Whether a blank is still open in a text."""
    return _BLANK.search(text) is not None


def typed_badly(text: str, random: Random, kept: Iterable[str]) -> str:
    """As somebody types in a hurry: small letters, no stops, a slip in every fifth word or so.

    Args:
        kept: What is copied with care, since a wrong order number is another order's.
    """
    careful = {word.strip(".,") for value in kept for word in value.lower().split()}
    words = []
    for word in text.split(" "):
        plain = word.lower().strip(".,!?")
        if any(sign.isdigit() or sign in "@/{}" for sign in word) or plain in careful:
            words.append(word)
            continue
        words.append(_slipped(plain, random) if len(plain) > 3 and random.random() < 0.2 else plain)
    return " ".join(filter(None, words))


def _slipped(word: str, random: Random) -> str:
    place = random.randrange(1, len(word) - 1)
    kind = random.choice(("swap", "drop", "double", "neighbour"))
    if kind == "swap":
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind == "drop":
        return word[:place] + word[place + 1 :]
    if kind == "double":
        return word[:place] + word[place] + word[place:]
    near = _NEIGHBOURS.get(word[place], word[place])
    return word[:place] + random.choice(near) + word[place + 1 :]
