"""What Fern says, as Slack's Block Kit; and what people write in Slack, as plain text.

Limits are those of https://docs.slack.dev/reference/block-kit and of its text objects.
"""

import html
import logging
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import emoji
from markdown_it.token import Token

from parlance.channels.core import markdown
from parlance.channels.core.text import storable

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

_EMPHASIS = {"strong": "*", "em": "_", "s": "~"}
_EMOJI = re.compile(r"(?<!\d):(?P<emoji>[a-z0-9_+'-]{1,100}):(?::skin-tone-[2-6]:)?(?!\d)")
_TYPED = re.compile(rf"<(?P<wrapped>[^<>]*)>|{_EMOJI.pattern}")
_REGIONAL_INDICATOR_A = 0x1F1E6
_BREAKS = ("\n\n", "\n", ". ", "! ", "? ", " ")


def escape(text: str) -> str:
    """Text with Slack's three control characters made harmless: no mention, alert or hidden link gets through."""
    return html.escape(text, quote=False)


def mrkdwn(text: str) -> str:
    """Text with Markdown's links and emphasis as Slack writes them, and everything else escaped."""
    return "".join(_paragraph(part) for _, part in markdown.paragraphs(text))


def _paragraph(text: str) -> str:
    if not text.strip():
        return text
    written: list[str] = []
    tokens = markdown.read(text)
    ends = _ends(tokens)
    place = 0
    while place < len(tokens):
        token = tokens[place]
        kind, _, side = token.type.rpartition("_")
        if token.type == "link_open":
            written.append(_link(token, tokens[place + 1 : ends[place]]))
            place = ends[place]
        elif side in ("open", "close"):
            opening, closing = (place, ends[place]) if side == "open" else (ends[place], place)
            written.append(_EMPHASIS[kind] if _stands_alone(tokens, opening, closing) else escape(token.markup))
        else:
            written.append(_plain(token))
        place += 1
    return "".join(written)


def _ends(tokens: list[Token]) -> dict[int, int]:
    """The place of the token that closes what another opens, and the other way round."""
    ends: dict[int, int] = {}
    opened: list[int] = []
    for place, token in enumerate(tokens):
        if token.nesting == 1:
            opened.append(place)
        elif token.nesting == -1:
            start = opened.pop()
            ends |= {start: place, place: start}
    return ends


def _stands_alone(tokens: list[Token], opening: int, closing: int) -> bool:
    """Whether no letter touches emphasised words from outside: Slack shows its signs inside of words as they are."""
    before = tokens[opening - 1].content[-1:] if opening else ""
    after = tokens[closing + 1].content[:1] if closing + 1 < len(tokens) else ""
    return not before.isalnum() and not after.isalnum()


def _plain(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return "\n"
    if token.type == "code_inline":
        return f"{token.markup}{escape(token.content)}{token.markup}"
    return escape(token.content)


def _link(token: Token, label: list[Token]) -> str:
    """A link as Slack writes it. Its words cannot be emphasised, and `|` and `>` would end them."""
    words = "".join(" " if part.type in ("softbreak", "hardbreak") else part.content for part in label)
    address = str(token.attrs["href"])
    if token.markup == "autolink":
        return f"<{escape(address)}>" if address in (words, f"mailto:{words}") else escape(f"<{words}>")
    # markdown-it has percent-encoded `<`, `>` and `|` in the address.
    return f"<{escape(address)}|{escape(words).replace('|', '/')}>" if words.strip() else f"<{escape(address)}>"


def split(text: str, length: int = SECTION_LENGTH) -> list[str]:
    """An answer in parts that each fit one section once escaped, broken where it hurts least.

    That is at the last paragraph, else line, sentence or word that fits and leaves no part under a third of ``length``.
    """
    parts, rest = [], text.strip()
    while (fitting := _fitting(rest, length)) < len(rest):
        ends = (rest.rfind(mark, 0, fitting) + len(mark.rstrip(" \n")) for mark in _BREAKS)
        end = next((end for end in ends if end > length // 3), fitting)
        parts.append(rest[:end].strip())
        rest = rest[end:].strip()
    return [*parts, rest] if rest else parts


def _fitting(text: str, length: int) -> int:
    """How many characters of a text fit ``length`` once escaped; no cut goes through a link."""
    end = used = 0
    links = dict(markdown.link_spans(text[: 2 * length]))
    while end < len(text):
        after = links.get(end, end + 1)
        used += len(mrkdwn(text[end:after]) if end in links else escape(text[end]))
        # A link that is too long by itself is cut like anything else.
        if used > length:
            return end or length // len("&amp;")
        end = after
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


def feedback_block(addressee: str = "", answers: str = "") -> Block:
    """Thumbs up and down; ``answers`` is the id of the message that the rated one was given to."""

    def thumb(sign: str, label: str, value: str) -> Block:
        return {"text": {"type": "plain_text", "text": sign}, "accessibility_label": label, "value": value}

    return {
        "type": "context_actions",
        "block_id": block_id(FEEDBACK_BLOCK, addressee, answers),
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "feedback",
                "positive_button": thumb("👍", "This answer helped", "up"),
                "negative_button": thumb("👎", "This answer did not help", "down"),
            }
        ],
    }


def block_id(kind: str, addressee: str = "", detail: str = "") -> str:
    """Names a block so that what comes back when it is used can be told apart; see ``read_block_id``."""
    return ".".join((kind, addressee, detail))


def read_block_id(name: str) -> tuple[str, str]:
    """Kind and addressee of a block; the kind is empty where it is none of ours."""
    kind, _, rest = name.partition(".")
    return (kind, rest.partition(".")[0]) if "." in name else ("", "")


def detail_of_block(name: str) -> str:
    """The rest of a block's name: whatever it was made with."""
    return "".join(name.split(".", 2)[2:])


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
    """What somebody typed, out of Slack's format: without the mention of the bot, all else as it looked.

    That is links and names by their words, and emoji, which Slack sends by name, as characters.
    """

    def unwrap(match: re.Match[str]) -> str:
        if match["emoji"]:
            return _emoji(match)
        target, _, label = match["wrapped"].partition("|")
        if target == f"@{bot_user}":
            return ""
        label = _EMOJI.sub(_emoji, label)
        if target.startswith(("@", "#", "!")):
            return label or target
        return label or target.removeprefix("mailto:").removeprefix("tel:")

    unwrapped = _TYPED.sub(unwrap, text)
    return storable(html.unescape(unwrapped)).strip()


def _emoji(match: re.Match[str]) -> str:
    """The character of an emoji, without its shade of skin; the name of one that is the workspace's own."""
    name = match["emoji"]
    if flag := re.fullmatch(r"flag-([a-z]{2})", name):
        return "".join(chr(ord(letter) - ord("a") + _REGIONAL_INDICATOR_A) for letter in flag[1])
    found = emoji.emojize(f":{name}:", language="alias")
    # Slack joins the words of some names otherwise than Unicode does.
    return found if found != f":{name}:" else emoji.emojize(f":{name.replace('-', '_')}:", language="alias")


def _shorten(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _chunks(items: list[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
