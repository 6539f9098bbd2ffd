"""Typing errors for training: what people mistype is rarely in the data, and a small encoder reads pieces of words.

Every pass over the data can show another spelling of an utterance, with its entities where they now are. Whole words
are never changed, dropped or added, so intent and entities stay what they were.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from parlance.data.examples import Entity, Example

SHORTEST = 4
"""Words with fewer letters stay as they are: an error would make another word of them."""
WORDS_PER_ERROR = 8

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_BESIDE = {row[i]: row[max(0, i - 1) : i] + row[i + 1 : i + 2] for row in _ROWS for i in range(len(row))}


def mistyped(examples: Sequence[Example], share: float, random: np.random.Generator) -> list[Example]:
    """The examples, a share of them with typing errors: one, or one for every eight words."""
    chosen = random.random(len(examples)) < share
    return [_mistype(example, random) if hit else example for example, hit in zip(examples, chosen, strict=True)]


def _mistype(example: Example, random: np.random.Generator) -> Example:
    words = _words(example.text)
    if not words:
        return example
    text, entities = example.text, list(example.entities)
    count = 1 + len(example.text.split()) // WORDS_PER_ERROR
    # From the right, so that the places of the words to the left stay right.
    for start, end in sorted((words[i] for i in random.permutation(len(words))[:count]), reverse=True):
        wrong = _misspelt(text[start:end], random)
        text = text[:start] + wrong + text[end:]
        entities = [_moved(entity, end, len(wrong) - (end - start)) for entity in entities]
    return replace(example, text=text, entities=tuple(entities))


def _words(text: str) -> list[tuple[int, int]]:
    """Where the words of letters are that are long enough to mistype."""
    places, start = [], None
    for position, letter in enumerate(text + " "):
        if letter.isalpha() and letter.isascii():
            start = position if start is None else start
        else:
            if start is not None and position - start >= SHORTEST:
                places.append((start, position))
            start = None
    return places


def _misspelt(word: str, random: np.random.Generator) -> str:
    """The word with two letters swapped, one left out, one doubled, or one from the key beside; never its first."""
    i = int(random.integers(1, len(word) - 1))
    kind = int(random.integers(4))
    if kind == 0:
        return word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    if kind == 1:
        return word[:i] + word[i + 1 :]
    if kind == 2:
        return word[: i + 1] + word[i:]
    beside = _BESIDE.get(word[i].lower(), "")
    return word[:i] + beside[int(random.integers(len(beside)))] + word[i + 1 :] if beside else word


def _moved(entity: Entity, end: int, longer: int) -> Entity:
    """The entity after a word that ended at ``end`` became longer by so many letters."""
    start = entity.start + (longer if entity.start >= end else 0)
    stop = entity.end + (longer if entity.end >= end else 0)
    return replace(entity, start=start, end=stop)
