"""Products as a channel shows them: cards, with plain text for channels that know none, and the slots that go along."""

from collections.abc import Mapping, Sequence
from random import choice
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.types import DomainDict

from actions.wording import money
from parlance.actions.in_hand import hold, hold_list
from shop.product_summary import ProductSummary


def cards(
    products: Sequence[ProductSummary], domain: DomainDict, reasons: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The ``custom`` payload with a card for each product.

    Args:
        products: In the order in which they are shown.
        domain: Its responses ``utter_card`` and ``utter_card_out_of_stock`` have the words and buttons of a card.
        reasons: Why a product is recommended, by SKU; shown in the place of what it is made of.
    """
    shown = [_card(product, domain, (reasons or {}).get(product.sku, "")) for product in products]
    lines = [line for _, line in shown]
    text = "\n".join(f"{n}. {line}" for n, line in enumerate(lines, start=1)) if len(lines) > 1 else "".join(lines)
    return {"type": "product_cards", "cards": [card for card, _ in shown], "text": text}


def shown_products(
    tracker: Tracker, products: Sequence[ProductSummary], answer: str = "", reasons: Mapping[str, str] | None = None
) -> list[EventType]:
    """The slots after products were shown: which they were, and "it" where there is only one.

    Args:
        answer: The action that has shown them.
        reasons: Why a product was recommended, by SKU, for "why that one?".
    """
    shown = [{"kind": "product", "ref": product.sku, "name": product.name} for product in products]
    for thing in shown:
        thing |= {"because": reasons[thing["ref"]]} if reasons and thing["ref"] in reasons else {}
    if len(products) != 1:
        return [SlotSet("shown", shown), *hold_list(tracker, "product", answer)]
    return [
        SlotSet("shown", shown),
        SlotSet("product", products[0].sku),
        *hold(tracker, "product", products[0].sku, answer),
    ]


def product_buttons(products: Sequence[ProductSummary]) -> list[dict[str, str]]:
    """A button for each product, to answer "which one?"."""
    return [{"title": product.name, "payload": f'/inform{{"product": "{product.sku}"}}'} for product in products]


def phrase(domain: DomainDict, response: str, **blanks: str) -> str:
    """One of a response's variations, as a part of something else."""
    text: str = choice(domain["responses"][response])["text"]
    return text.format(**blanks)


def _card(product: ProductSummary, domain: DomainDict, reason: str) -> tuple[dict[str, Any], str]:
    response = "utter_card" if product.stock else "utter_card_out_of_stock"
    blanks = {"name": product.name, "price": money(product.price_pence)}
    blanks["about"] = reason or ", ".join(
        part for part in (product.colour, product.material, product.dimensions) if part
    )
    buttons = [
        {"title": button["title"], "payload": button["payload"].replace("{sku}", product.sku)}
        for button in domain["responses"][response][0]["buttons"]
    ]
    card = {
        "title": product.name,
        "subtitle": blanks["about"],
        "price": blanks["price"],
        "image": product.image,
        "buttons": buttons,
    }
    return card, phrase(domain, response, **blanks)
