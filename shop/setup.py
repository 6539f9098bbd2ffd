"""Make the shop's database and fill it, or migrate one that is there: ``python -m shop.setup [--seed N] [--reset]``.

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

from sqlalchemy import func, select, text
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import SQLAlchemyError

from parlance.sqlite_files import damage_of, how_to_save, sqlite_file
from shop import catalogue, generator, schema
from shop.database import database_url, engine_for
from shop.errors import ShopUnavailable
from shop.models import Category, Customer, Order, Product, today

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


@dataclass(frozen=True)
class SetUp:
    """What a set-up did. ``migrated_from`` is the revision of an older database that was brought up to date."""

    made: bool
    contents: Contents
    migrated_from: str | None = None


def set_up(url: URL, seed: int = DEFAULT_SEED, reset: bool = False, day: date | None = None) -> SetUp:
    """Make and fill the database unless it is there already; migrate it where it is older than this shop.

    Args:
        day: The day that the generated orders lead up to; today where not given.

    Raises:
        ShopUnavailable: It cannot be read, made or migrated; says why.
    """
    day = day or today()
    file = sqlite_file(url)
    try:
        if file is not None and (reset or not file.exists()):
            return SetUp(made=True, contents=_make_file(file, seed, day))
        if file is not None:
            _check(file)
        with engine_for(url, patient=True).begin() as connection:
            _wait_for_other_set_ups(connection)
            if reset:
                schema.drop(connection)
            return _migrate_and_fill(connection, seed, day)
    except (SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().split("\n")[0]
        raise ShopUnavailable(
            f"The database at {url.render_as_string(hide_password=True)} cannot be set up: {reason}.",
            "Check the address in DATABASE_URL and that it can be written.",
        ) from error


def _check(file: Path) -> None:
    if damage := damage_of(file, thoroughly=True):
        raise ShopUnavailable(
            f"The shop's database {file} cannot be read: {damage}. The file was left as it is.",
            f"{how_to_save(file)}. For a demonstration, --reset makes another in its place.",
        )


def _migrate_and_fill(connection: Connection, seed: int, day: date) -> SetUp:
    before, now = schema.migrate(connection)
    empty = _contents(connection).products == 0
    if empty:
        generator.fill(connection, seed, day)
    elif before == schema.FIRST_REVISION:
        # Its products lack what the new columns hold.
        catalogue.put(connection)
    return SetUp(made=empty, contents=_contents(connection), migrated_from=None if before == now else before)


def _wait_for_other_set_ups(connection: Connection) -> None:
    """Several replicas may start at once; SQLite's database is one file that is renamed into place."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('shop.setup'))"))


def _make_file(file: Path, seed: int, day: date) -> Contents:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".new", dir=file.parent)
    os.close(handle)
    new = Path(name)
    engine = engine_for(make_url(f"sqlite:///{new}"), patient=True)
    try:
        with engine.begin() as connection:
            contents = _migrate_and_fill(connection, seed, day).contents
        engine.dispose()
        new.replace(file)
        return contents
    finally:
        engine.dispose()
        new.unlink(missing_ok=True)


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
        result = set_up(url, seed=options.seed, reset=options.reset)
    except ShopUnavailable as error:
        print(f"shop.setup: {error}", file=sys.stderr)
        return 1
    where = sqlite_file(url) or url.render_as_string(hide_password=True)
    done = "Made" if result.made else "Migrated" if result.migrated_from else "Already there:"
    print(f"{done} {where} with {result.contents}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
