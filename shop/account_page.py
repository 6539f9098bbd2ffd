"""The page behind a link in an e-mail. Opening it does nothing; its button does what the link is for."""

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, Template

from shop import account_links
from shop.database import open_session
from shop.errors import ShopUnavailable

PAGE = Path(__file__).resolve().parent / "account_page.html"


def account_page(token: str, follow: bool) -> str:
    """The page as HTML; ``follow`` does what the link is for, once."""
    if not follow:
        return _template().render(state="ask")
    try:
        with open_session() as session:
            return _template().render(state=account_links.follow(session, token).value)
    except ShopUnavailable:
        return _template().render(state="unavailable")


@lru_cache(maxsize=1)
def _template() -> Template:
    return Environment(autoescape=True).from_string(PAGE.read_text(encoding="utf-8"))
