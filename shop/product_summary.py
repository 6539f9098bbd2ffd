"""What a customer sees of a product."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.models import Category, Product


@dataclass(frozen=True)
class ProductSummary:
    """A product as a customer sees it. ``image`` is a path below the channel's pictures."""

    sku: str
    name: str
    category: str
    price_pence: int
    colour: str
    material: str
    rooms: tuple[str, ...]
    dimensions: str
    weight_g: int
    care: str
    description: str
    stock: int
    image: str
    style: str


def read_products(session: Session, *conditions: Any) -> list[ProductSummary]:
    """The products that fulfil all conditions, in the catalogue's order."""
    query = select(Product.__table__, Category.name.label("category")).join(Category).where(*conditions)
    return [
        ProductSummary(
            sku=row.sku,
            name=row.name,
            category=row.category,
            price_pence=row.price_pence,
            colour=row.colour,
            material=row.material,
            rooms=tuple(row.rooms.split(", ")) if row.rooms else (),
            dimensions=row.dimensions,
            weight_g=row.weight_g,
            care=row.care,
            description=row.description,
            stock=row.stock,
            image=f"products/{row.sku}.svg",
            style=row.style,
        )
        for row in session.execute(query.order_by(Product.id))
    ]
