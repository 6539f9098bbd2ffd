"""For tests of products: what the cards of the latest answer show."""

from typing import Any

from .dialogue import Chat


def cards(chat: Chat) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = chat.told("custom")["cards"]
    return found


def names(chat: Chat) -> list[str]:
    return [card["title"] for card in cards(chat)]


def prices(chat: Chat) -> list[float]:
    return [float(card["price"].strip("£").replace(",", "")) for card in cards(chat)]
