"""Text as tokenizers take it."""

import re

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def tokenizable(text: str) -> str:
    """A text with replacement characters for halves of surrogate pairs, which JSON lets through and UTF-8 does not.

    Offsets stay those of the text.
    """
    return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
