"""Order numbers as people type them: five digits, shown as FH-10432."""

import re

_FIVE = r"(\d{5}|\d{2}[ -]\d{3}|\d{3}[ -]\d{2}|\d(?:[ -]\d){4})"
_LABELLED = re.compile(rf"(?<![a-z0-9])fh[\s-]{{0,5}}#?\s{{0,3}}{_FIVE}(?!\d|[ -]\d)", re.IGNORECASE)
_DIGITS = re.compile(rf"(?<![\w@.£$€+-])(?<!\d )#?{_FIVE}(?![\w@]|[.,-]\d| \d)")


def find_order_number(text: str) -> str | None:
    """The last order number in a text as five digits: "10432" for "#10432", "fh 10-432" or "10 432 i think".

    A number of another length is not cut down to five digits, and a number inside an e-mail address, a price or a
    phone number is not an order number.
    """
    found = _LABELLED.findall(text) or _DIGITS.findall(text)
    return re.sub(r"\D", "", found[-1]) if found else None


def show_order_number(number: str | int) -> str:
    """An order number as the shop prints it."""
    return f"FH-{number}"
