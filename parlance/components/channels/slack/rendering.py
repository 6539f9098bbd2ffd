"""What Fern says, as Slack's Block Kit; and what people write in Slack, as plain text.

Limits are those of https://docs.slack.dev/reference/block-kit and of its text objects.
"""

import html
import logging
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from parlance.components.channels.text import storable

Block = dict[str, Any]
Buttons = list[dict[str, Any]]

SECTION_LENGTH = 3000
BUTTON_TITLE_LENGTH = 75
BUTTON_VALUE_LENGTH = 2000
BUTTONS_IN_BLOCK = 25
CARDS_IN_MESSAGE = 15
CARD_LINE_LENGTH = 190  # three lines fit a section even if every character has to be escaped

REPLY_BLOCK = "reply"
CARD_BLOCK = "card"
FEEDBACK_BLOCK = "feedback"

logger = logging.getLogger(__name__)

_MARKDOWN_LINK = re.compile(r"\[([^\[\]\n]+)\]\((https?://[^\s()<>|]+)\)")
_MARKDOWN_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
# A link is one piece, so that no split goes through it.
_PIECE = re.compile(rf"{_MARKDOWN_LINK.pattern}|\s+|\S")
_BREAKS = ("\n\n", "\n", ". ", "! ", "? ", " ")


def escape(text: str) -> str:
    """Text with Slack's three control characters made harmless: no mention, alert or hidden link gets through."""
    return html.escape(text, quote=False)


def mrkdwn(text: str) -> str:
    """Text with Markdown's links and bold as Slack writes them, and everything else escaped."""
    bold = _MARKDOWN_BOLD.sub(r"*\1*", escape(text))
    return _MARKDOWN_LINK.sub(lambda link: f"<{link[2]}|{link[1].replace('|', '/')}>", bold)


def split(text: str, length: int = SECTION_LENGTH) -> list[str]:
    """An answer in parts that each fit one section once escaped, broken where it hurts least.

    That is at the last paragraph, else line, sentence or word that fits and leaves no part under a third of ``length``.
    """
    parts, rest = [], text.strip()
    while len(mrkdwn(rest)) > length:
        fitting = _fitting(rest, length)
        ends = (rest.rfind(mark, 0, fitting) + len(mark.rstrip(" \n")) for mark in _BREAKS)
        end = next((end for end in ends if end > length // 3), fitting)
        parts.append(rest[:end].strip())
        rest = rest[end:].strip()
    return [*parts, rest] if rest else parts


def _fitting(text: str, length: int) -> int:
    """How many characters of a text fit ``length`` once escaped."""
    end = used = 0
    for piece in _PIECE.finditer(text):
        used += len(mrkdwn(piece[0]))
        # A single piece that is too long is a run of spaces or a monstrous link, and is cut like anything else.
        if used > length:
            return end or length // len("&amp;")
        end = piece.end()
    return end


def section(text: str) -> Block:
    """A section with text that is mrkdwn already."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def context(text: str) -> Block:
    """Small grey print."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}


def button_blocks(buttons: Buttons, kind: str, addressee: str = "") -> list[Block]:
    """Rasa's buttons. The block's id says of what kind they are and whom they are meant for."""
    elements = [element for number, button in enumerate(buttons) if (element := _button(button, number))]
    return [
        {"type": "actions", "block_id": block_id(kind, addressee, str(number)), "elements": row}
        for number, row in enumerate(_chunks(elements, BUTTONS_IN_BLOCK))
    ]


def _button(button: dict[str, Any], number: int) -> Block | None:
    payload, title = str(button.get("payload") or ""), str(button.get("title") or "")
    if not title or len(payload) > BUTTON_VALUE_LENGTH:
        logger.warning("A button is left out, since it has no title or a payload over 2,000 characters: %r", title)
        return None
    element = {
        "type": "button",
        "action_id": f"button-{number}",
        "text": {"type": "plain_text", "text": _shorten(title, BUTTON_TITLE_LENGTH), "emoji": True},
        "value": payload or title,
    }
    return element | {"url": button["url"]} if button.get("url") else element


def card_messages(cards: Iterable[dict[str, Any]], addressee: str = "") -> Iterator[list[Block]]:
    """Product cards, as many as fit one message at a time."""
    for message in _chunks(list(enumerate(cards)), CARDS_IN_MESSAGE):
        yield [block for number, card in message for block in _card(card, f"{CARD_BLOCK}{number}", addressee)]


def _card(card: dict[str, Any], kind: str, addressee: str) -> list[Block]:
    title, *details = (_shorten(str(card.get(key) or ""), CARD_LINE_LENGTH) for key in ("title", "subtitle", "price"))
    text = section("\n".join([f"*{escape(title)}*", *(escape(line) for line in details if line)]))
    image = str(card.get("image") or "")
    if is_picture_address(image):
        text["accessory"] = {"type": "image", "image_url": image, "alt_text": title or "picture"}
    return [text, *button_blocks(card.get("buttons") or [], kind, addressee)]


def is_picture_address(address: str) -> bool:
    """Whether Slack can show it: Slack fetches pictures itself, from the open web, and draws no SVG."""
    return address.startswith("https://") and not address.lower().split("?")[0].endswith(".svg")


def feedback_block(addressee: str = "") -> Block:
    """Thumbs up and down."""

    def thumb(sign: str, label: str, value: str) -> Block:
        return {"text": {"type": "plain_text", "text": sign}, "accessibility_label": label, "value": value}

    return {
        "type": "context_actions",
        "block_id": block_id(FEEDBACK_BLOCK, addressee),
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "feedback",
                "positive_button": thumb("👍", "This answer helped", "up"),
                "negative_button": thumb("👎", "This answer did not help", "down"),
            }
        ],
    }


def block_id(kind: str, addressee: str = "", number: str = "") -> str:
    """Names a block so that what comes back when it is used can be told apart; see ``read_block_id``."""
    return ".".join((kind, addressee, number))


def read_block_id(name: str) -> tuple[str, str]:
    """Kind and addressee of a block; the kind is empty where it is none of ours."""
    kind, _, rest = name.partition(".")
    return (kind, rest.partition(".")[0]) if "." in name else ("", "")


def home_view(greeting: str, buttons: Buttons) -> Block:
    """The app's home tab."""
    sections = [section(mrkdwn(part)) for part in split(greeting)]
    return {"type": "home", "blocks": [*sections, *button_blocks(buttons, REPLY_BLOCK)]}


def answered(blocks: list[Block], choice: str) -> list[Block]:
    """A message's blocks once a quick reply was chosen: the choice stands where the buttons were."""
    kept = [block for block in blocks if read_block_id(str(block.get("block_id")))[0] != REPLY_BLOCK]
    at = next((place for place, block in enumerate(kept) if block["type"] == "context_actions"), len(kept))
    return [*kept[:at], context(f"✓ {escape(choice)}"), *kept[at:]]


def plain_text(text: str, bot_user: str = "") -> str:
    """What somebody typed, out of Slack's format: without the mention of the bot, links and names as they looked."""

    def unwrap(match: re.Match[str]) -> str:
        target, _, label = match[1].partition("|")
        if target == f"@{bot_user}":
            return ""
        if target.startswith(("@", "#", "!")):
            return label or target
        return label or target.removeprefix("mailto:").removeprefix("tel:")

    unwrapped = re.sub(r"<([^<>]*)>", unwrap, text)
    return storable(html.unescape(unwrapped)).strip()


def _shorten(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _chunks(items: list[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
