"""Phone numbers as people type them."""

import re

_PHONE = re.compile(r"(?<![\w+])(\+?[0-9(][0-9 ().-]{8,18}[0-9])(?!\w)")
DIGITS = range(10, 14)


def normal_phone(text: str) -> str | None:
    """A phone number as digits, with + before a country's code; None for anything that cannot be one."""
    bare = re.sub(r"[\s().-]", "", text.strip()).replace("+440", "+44")
    if not re.fullmatch(r"\+?[0-9]+", bare) or len(bare.lstrip("+")) not in DIGITS:
        return None
    return bare if bare.startswith(("+", "0")) else None


def find_phone(text: str) -> str | None:
    """The last phone number in a text."""
    found = [number for number in map(normal_phone, _PHONE.findall(text)) if number]
    return found[-1] if found else None
