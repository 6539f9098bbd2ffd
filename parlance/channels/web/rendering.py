"""From a Rasa response to what the widget shows: bubbles of text with buttons, a picture, or cards.

Everything here is data. The widget renders Markdown without HTML and builds the rest element by element, so nothing is
escaped here; but what could not be shown safely, or not at all, is left out here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from parlance.channels.core.markdown import link_spans

Body = dict[str, Any]

BUBBLE_LENGTH = 600
PICTURE = re.compile(r"^(?:[A-Za-z0-9_-]+/)*[A-Za-z0-9_-]+\.svg$")


def bubbles(response: Mapping[str, Any]) -> list[Body]:
    """The bubbles of one response as ``OutputChannel.send_response`` gets it, in the order to show them."""
    parts = split_text(str(response.get("text") or ""))
    found: list[Body] = [{"text": part} for part in parts]
    custom = response.get("custom")
    if isinstance(custom, Mapping) and custom:
        found += _custom(custom)
    if _is_web_address(response.get("image")):
        found.append({"image": response["image"]})
    if _is_web_address(response.get("attachment")):
        found.append({"text": str(response["attachment"])})
    if isinstance(response.get("elements"), list):
        found += _cards(response["elements"], "")
    buttons = [*_buttons(response.get("buttons")), *_buttons(response.get("quick_replies"))]
    if buttons:
        # Under the last bubble, where the eye is.
        found = found or [{}]
        found[-1]["buttons"] = buttons
    return found


def _custom(custom: Mapping[str, Any]) -> list[Body]:
    text = str(custom.get("text") or "")
    if custom.get("type") == "product_cards" and isinstance(custom.get("cards"), list):
        return _cards(custom["cards"], text)
    return [{"text": part} for part in split_text(text)]


def _cards(items: list[Any], text: str) -> list[Body]:
    cards = [card for item in items if isinstance(item, Mapping) and (card := _card(item))]
    if not cards:
        return [{"text": part} for part in split_text(text)]
    return [{"text": text, "cards": cards}]


def _card(item: Mapping[str, Any]) -> Body | None:
    if not item.get("title"):
        return None
    card: Body = {name: str(item[name]) for name in ("title", "subtitle", "price") if item.get(name)}
    if isinstance(item.get("amount"), (int, float)) and re.fullmatch(r"[A-Z]{3}", str(item.get("currency"))):
        # The widget words it as the visitor's language does.
        card |= {"amount": item["amount"], "currency": item["currency"]}
    image = item.get("image") or item.get("image_url")
    if isinstance(image, str) and PICTURE.fullmatch(image):
        card["picture"] = image
    elif _is_web_address(image):
        card["image"] = image
    card["buttons"] = list(_buttons(item.get("buttons")))
    return card


def _buttons(buttons: Any) -> Iterator[Body]:
    for button in buttons if isinstance(buttons, list) else []:
        if isinstance(button, Mapping) and button.get("title"):
            title = str(button["title"])
            if _is_web_address(button.get("url")):
                yield {"title": title, "url": button["url"]}
            else:
                yield {"title": title, "payload": str(button.get("payload") or title)}


def _is_web_address(value: Any) -> bool:
    return isinstance(value, str) and re.match(r"https?://[^\s/]", value, re.IGNORECASE) is not None


# Long answers -----------------------------------------------------------------------------------------------------


def split_text(text: str, limit: int = BUBBLE_LENGTH) -> list[str]:
    """A text in parts of at most ``limit`` characters, cut where a reader would pause.

    Blank lines separate bubbles, as in Rasa's other channels. A part that is still too long is cut after a line, else
    after a sentence, else between words; a single word that is longer than the limit is cut anywhere, and a link is not
    cut if it fits.
    """
    parts: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        parts += _fit(paragraph.strip(), limit)
    return [part for part in parts if part]


def _fit(text: str, limit: int) -> Iterator[str]:
    while len(text) > limit:
        head = text[: limit + 1]
        cut = head.rfind("\n")
        if cut <= 0:
            ends = [match.end() for match in re.finditer(r"[.!?…](?=\s)", head)]
            cut = ends[-1] if ends else head.rfind(" ")
        if cut <= 0:
            cut = limit
        cut = next((start for start, end in link_spans(text[: 2 * limit]) if 0 < start < cut < end), cut)
        yield text[:cut].strip()
        text = text[cut:].strip()
    yield text
