"""The shop's front page, which shows the chat: a few products of the catalogue, drawn by ``shop.pictures``."""

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, Template
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.database import open_session
from shop.errors import ShopUnavailable
from shop.models import Product

PAGE = Path(__file__).resolve().parent / "storefront.html"
SHOWN = 12


def storefront_page(base: str) -> str:
    """The page as HTML; ``base`` is the path of the chat, where the widget and the pictures are."""
    try:
        with open_session() as session:
            return _template().render(base=base, products=shown_products(session))
    except ShopUnavailable:
        # The chat can still answer what needs no database.
        return _template().render(base=base, products=[])


def shown_products(session: Session) -> list[Product]:
    """One product of each category, for a start."""
    products = session.execute(select(Product).order_by(Product.id)).scalars()
    by_category: dict[int, Product] = {}
    for product in products:
        by_category.setdefault(product.category_id, product)
    return list(by_category.values())[:SHOWN]


@lru_cache(maxsize=1)
def _template() -> Template:
    return Environment(autoescape=True).from_string(PAGE.read_text(encoding="utf-8"))
