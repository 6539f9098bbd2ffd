"""Markdown in what the assistant says, read the same way for every channel.

The web chat's widget reads with markdown-it (web/src/markdown.ts); this is its port to Python with the same settings:
no HTML, no pictures, and links to the web, to mail and to a telephone alone.
"""

import re
from collections.abc import Callable, Iterator, MutableMapping

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, autolink, backtick, link
from markdown_it.token import Token

_SAFE_LINK = re.compile(r"https?://|mailto:|tel:", re.IGNORECASE)
_PARAGRAPH_BREAK = re.compile(r"(\n\s*\n)")

LINKS = "links"
"""Where the reader notes the places of links."""


def paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Each paragraph of a text with where it starts, the breaks between them too: put together, they are the text."""
    start = 0
    for part in _PARAGRAPH_BREAK.split(text):
        yield start, part
        start += len(part)


def read(paragraph: str) -> list[Token]:
    """A paragraph as markdown-it's inline tokens: text, emphasis, code and links, in the order of the text."""
    return _read(paragraph, {})


def link_spans(text: str) -> list[tuple[int, int]]:
    """Where each link of a text starts and ends, in characters, with its brackets: what no cut may go through."""
    spans: list[tuple[int, int]] = []
    for start, paragraph in paragraphs(text):
        found: MutableMapping[str, list[tuple[int, int]]] = {LINKS: []}
        _read(paragraph, found)
        spans += [(start + first, start + last) for first, last in found[LINKS]]
    return spans


def _read(paragraph: str, environment: MutableMapping[str, list[tuple[int, int]]]) -> list[Token]:
    (inline,) = _READER.parseInline(paragraph, environment)
    return inline.children or []


def _reader() -> MarkdownIt:
    reader = MarkdownIt("js-default", {"html": False, "linkify": False, "typographer": False, "maxNesting": 20})
    reader.disable(["image", "html_inline"])
    reader.validateLink = lambda url: _SAFE_LINK.match(url.strip()) is not None  # type: ignore[method-assign]
    reader.inline.ruler.at("link", lambda state, silent: _noted(link, state, silent))
    reader.inline.ruler.at("backticks", _as_written)
    reader.inline.ruler.at("autolink", lambda state, silent: _noted(autolink, state, silent))
    return reader


def _as_written(state: StateInline, silent: bool) -> bool:
    """Apply the rule for code, and keep its line breaks: what stands between ``` is read by this rule, too."""
    start, before = state.pos, state.tokens[-1:]
    found = backtick(state, silent)
    if state.tokens and state.tokens[-1:] != before and state.tokens[-1].type == "code_inline":
        sign = len(state.tokens[-1].markup)
        state.tokens[-1].content = state.src[start + sign : state.pos - sign]
    return found


def _noted(rule: Callable[[StateInline, bool], bool], state: StateInline, silent: bool) -> bool:
    """Apply a rule for links, and note where a link was."""
    start, level = state.pos, state.linkLevel
    found = rule(state, silent)
    if found and not silent and level == 0 and LINKS in state.env:
        state.env[LINKS].append((start, state.pos))
    return found


_READER = _reader()
