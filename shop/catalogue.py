"""The catalogue that the shop is filled from: ``catalogue.csv``."""

import csv
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from shop.models import Category, Product

CATALOGUE_FILE = Path(__file__).resolve().parent / "catalogue.csv"
NEW_STOCK = 20


@dataclass(frozen=True)
class CatalogueEntry:
    """A line of ``catalogue.csv``; the price is in pence, the weight in grams, ``rooms`` a list in one text."""

    sku: str
    category: str
    name: str
    price_pence: int
    colour: str
    material: str
    rooms: str
    style: str
    dimensions: str
    weight_g: int
    care: str
    description: str


def read_catalogue(file: Path = CATALOGUE_FILE) -> list[CatalogueEntry]:
    """The products of the shop, in the file's order."""
    with file.open(encoding="utf-8", newline="") as lines:
        return [
            CatalogueEntry(
                **{key: row[key] for key in row if key not in ("price", "weight_g", "rooms")},
                price_pence=round(float(row["price"]) * 100),
                weight_g=int(row["weight_g"]),
                rooms=", ".join(room.strip() for room in row["rooms"].split(";")),
            )
            for row in csv.DictReader(lines)
        ]


def put(connection: Connection) -> None:
    """Bring the products of a database up to the catalogue, by SKU. What is not in the catalogue stays as it is."""
    ids = dict(connection.execute(select(Product.sku, Product.id)).all())
    for entry in read_catalogue():
        values = {key: value for key, value in vars(entry).items() if key not in ("sku", "category")}
        values["category_id"] = _category(connection, entry.category)
        if entry.sku in ids:
            connection.execute(update(Product).where(Product.id == ids[entry.sku]).values(**values))
        else:
            connection.execute(insert(Product).values(sku=entry.sku, stock=NEW_STOCK, **values))


def _category(connection: Connection, name: str) -> int:
    found = connection.execute(select(Category.id).where(Category.name == name)).scalar_one_or_none()
    return found or connection.execute(insert(Category).values(name=name)).inserted_primary_key[0]
