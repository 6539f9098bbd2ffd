"""What a promo code takes off an order."""

from collections.abc import Iterable


def discount_pence(
    kind: str, value: int, category_id: int | None, goods: Iterable[tuple[int, int]], delivery_pence: int
) -> int:
    """The discount in pence.

    Args:
        kind: percent, amount or delivery, as in the table of codes.
        category_id: The only category that counts; None for all.
        goods: Category and price in pence of each line.
    """
    if kind == "delivery":
        return delivery_pence
    worth = sum(pence for category, pence in goods if category_id in (None, category))
    return worth * value // 100 if kind == "percent" else min(value, worth)
