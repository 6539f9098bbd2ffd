"""Amounts and goods as a customer reads them. Composes data; sentences live in ``domain.yml``."""

from collections.abc import Iterable

from shop.orders import Item


def goods(items: Iterable[Item]) -> str:
    """Items as one line: "2 × Moss velvet cushion, Thistle mug"."""
    return ", ".join(item.name if item.quantity == 1 else f"{item.quantity} × {item.name}" for item in items)


def money(pence: int) -> str:
    """An amount such as "£48.50", "£1,200"."""
    return f"£{pence / 100:,.2f}".removesuffix(".00")


def price_change(pence: int) -> str:
    """The end of the name of a response that tells what something costs or brings."""
    return "_dearer" if pence > 0 else "_cheaper" if pence < 0 else ""
