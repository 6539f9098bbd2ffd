"""Reading the catalogue that the shop is filled from."""

import csv
from dataclasses import dataclass
from pathlib import Path

CATALOGUE_FILE = Path(__file__).resolve().parent / "catalogue.csv"


@dataclass(frozen=True)
class CatalogueEntry:
    """A line of ``catalogue.csv``; the price is in pence."""

    category: str
    name: str
    price_pence: int
    description: str


def read_catalogue(file: Path = CATALOGUE_FILE) -> list[CatalogueEntry]:
    """The products of the shop, in the file's order."""
    with file.open(encoding="utf-8", newline="") as lines:
        return [
            CatalogueEntry(row["category"], row["name"], round(float(row["price"]) * 100), row["description"])
            for row in csv.DictReader(lines)
        ]
