"""The words of a text: the units that an entity may start and end at, for the audit, for training and for serving.

A word is a run of letters, a run of digits ("1,000", "21st" and "80s" are one), or one other visible character. Where a
script is written without spaces, or joins particles to names (Korean), every character is a word of its own. What a
reader takes for one character is never divided: a letter with its marks, an emoji with its selectors and joiners
(the extended grapheme clusters of Unicode Standard Annex 29).
"""

from collections.abc import Iterator

import regex

UNSPACED_SCRIPTS = (
    "Han", "Hiragana", "Katakana", "Bopomofo", "Hangul", "Yi", "Thai", "Lao", "Khmer", "Myanmar", "Tibetan", "Javanese",
    "Balinese", "Tai_Le", "New_Tai_Lue", "Tai_Tham", "Tai_Viet",
)  # fmt: skip
"""Scripts in whose words an entity may start or end anywhere, by their names in Unicode."""

NUMBER = r"\p{Nd}{1,3}(?:,\p{Nd}{3})+|\p{Nd}+(?:st|nd|rd|th|s)\b|\p{Nd}+"
"""A number as one word, in the syntax that the module ``regex`` and Oniguruma, the tokenizers' engine, share."""

# The marks of lengthened kana belong to no script of their own.
UNSPACED = "".join(rf"\p{{{script}}}" for script in UNSPACED_SCRIPTS) + "\u30fc\uff70"
"""Such characters, for a character class in either syntax."""

_LETTER = rf"[[\p{{L}}\p{{Nl}}\p{{No}}]--[{UNSPACED}]]"
_JOINERS = "\u00ad\u034f\u200c\u200d\u2060"
"""Invisible between the letters of one word: soft hyphen, grapheme, zero-width and word joiners."""

_WORD = regex.compile(
    rf"(?:{NUMBER})\p{{M}}*|{_LETTER}(?:{_LETTER}|\p{{M}}|[{_JOINERS}](?={_LETTER}|\p{{M}}))*|(?=\S)\X",
    regex.VERSION1 | regex.IGNORECASE,
)


def word_spans(text: str) -> Iterator[tuple[int, int]]:
    """Start and end, in characters, of each word from left to right."""
    for match in _WORD.finditer(text):
        yield match.span()


def is_inside_word(text: str, position: int) -> bool:
    """Whether the place before the character at ``position`` divides a word, so that no entity can end there."""
    return any(start < position < end for start, end in word_spans(text))
