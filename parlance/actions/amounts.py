"""Amounts of money as people type them."""

import re

_NUMBER = r"(\d{1,3}(?:,\d{3}){1,3}|\d{1,6})(?:[.,](\d{1,2}))?(?![.,]*\d)"
_WITH_SIGN = re.compile(rf"(?:£|gbp\s?)\s?{_NUMBER}", re.IGNORECASE)
_WITH_WORD = re.compile(rf"(?<![\d-]){_NUMBER}\s?(?:£|quid|pounds?|gbp|smackers|squid)(?!\w)", re.IGNORECASE)
_DECIMAL = re.compile(r"(?<![\d.-])(\d{1,6})\.(\d{2})(?![\d.])")
_BARE = re.compile(rf"^\D*?(?<![\w-]){_NUMBER}\D*$")


def find_amount(text: str, bare: bool = False) -> int | None:
    """The last amount in a text in pence: 4999 for "£49.99" and "49.99", 5000 for "50 quid".

    Args:
        text: What was typed.
        bare: Whether a number alone counts, as in the answer to "how much was it?".
    """
    for pattern in (_WITH_SIGN, _WITH_WORD, _DECIMAL, *([_BARE] if bare else [])):
        found = pattern.findall(text)
        if found:
            pounds, pence = found[-1]
            return int(pounds.replace(",", "")) * 100 + int(pence.ljust(2, "0") or 0)
    return None
