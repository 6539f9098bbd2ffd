"""Make the shop's database and fill it: ``python -m shop.setup [--seed N] [--reset]``.

A SQLite database is written beside its place and then renamed, a server's is made in one transaction, so a set-up that
is cut short leaves nothing half made.
"""

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import func, inspect, select
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from shop import generator
from shop.database import database_url, engine_for, sqlite_file
from shop.errors import ShopUnavailable
from shop.models import Base, Category, Customer, Order, Product

DEFAULT_SEED = 7


@dataclass(frozen=True)
class Contents:
    """How much a database holds."""

    products: int
    categories: int
    customers: int
    orders: int

    def __str__(self) -> str:
        return (
            f"{self.products} products in {self.categories} categories, "
            f"{self.customers} customers, {self.orders} orders"
        )


def set_up(url: URL, seed: int = DEFAULT_SEED, reset: bool = False, today: date | None = None) -> tuple[bool, Contents]:
    """Make and fill the database unless it is there already.

    Args:
        today: The day that the generated orders lead up to; today where not given.

    Returns:
        Whether it was made now, and what it holds.

    Raises:
        ShopUnavailable: It cannot be read or made; says why.
    """
    today = today or date.today()
    file = sqlite_file(url)
    try:
        if file is not None and (reset or not file.exists()):
            return True, _make_file(file, seed, today)
        with engine_for(url).begin() as connection:
            if reset:
                Base.metadata.drop_all(connection)
            elif _is_filled(connection):
                return False, _contents(connection)
            return True, _make(connection, seed, today)
    except (SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().split("\n")[0]
        raise ShopUnavailable(
            f"The database at {url.render_as_string(hide_password=True)} cannot be set up: {reason}.",
            "Check the address in DATABASE_URL and that it can be written; --reset replaces a damaged one.",
        ) from error


def _make_file(file: Path, seed: int, today: date) -> Contents:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".new", dir=file.parent)
    os.close(handle)
    new = Path(name)
    engine = engine_for(make_url(f"sqlite:///{new}"))
    try:
        with engine.begin() as connection:
            contents = _make(connection, seed, today)
        engine.dispose()
        new.chmod(0o644)
        new.replace(file)
        return contents
    finally:
        engine.dispose()
        new.unlink(missing_ok=True)


def _make(connection: Connection, seed: int, today: date) -> Contents:
    Base.metadata.create_all(connection)
    with Session(connection, future=True) as session:
        generator.fill(session, seed, today)
        session.commit()
    return _contents(connection)


def _is_filled(connection: Connection) -> bool:
    if not inspect(connection).has_table(Product.__tablename__):
        return False
    return _contents(connection).products > 0


def _contents(connection: Connection) -> Contents:
    counts = [
        connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in (Product, Category, Customer, Order)
    ]
    return Contents(*counts)


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m shop.setup", description="Make and fill the shop's database.")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="what the shop is generated from (default: 7)")
    parser.add_argument("--reset", action="store_true", help="replace a database that is already there")
    options = parser.parse_args(arguments)
    try:
        url = database_url()
        made, contents = set_up(url, seed=options.seed, reset=options.reset)
    except ShopUnavailable as error:
        print(f"shop.setup: {error}", file=sys.stderr)
        return 1
    where = sqlite_file(url) or url.render_as_string(hide_password=True)
    print(f"{'Made' if made else 'Already there:'} {where} with {contents}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
