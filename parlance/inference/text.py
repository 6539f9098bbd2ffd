"""Text as tokenizers take it."""

import re

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

_NO_TEXT = str.maketrans("\ufffc\u200b", "  ")
"""What a picture leaves in a copied text, and a space without width, which normalisers drop and join its sides."""


def tokenizable(text: str) -> str:
    """A text with replacement characters for halves of surrogate pairs, which JSON lets through and UTF-8 does not.

    Placeholders of objects and spaces without width are spaces. Offsets stay those of the text.
    """
    return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text).translate(_NO_TEXT)
