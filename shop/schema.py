"""Bringing a database to the tables of ``shop/models``: Alembic's migrations, and what was made before them."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from sqlalchemy.engine import Connection

from shop.errors import ShopUnavailable
from shop.models import Base

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
FIRST_REVISION = "0001"
FIRST_TABLES = {
    "categories": {"id", "name"},
    "products": {"id", "sku", "category_id", "name", "description", "price_pence", "stock"},
    "customers": {"id", "name", "email", "postcode"},
    "orders": {
        "id", "number", "customer_id", "status", "placed_at", "expected_on", "carrier", "tracking", "postcode",
    },
    "order_lines": {"id", "order_id", "product_id", "quantity", "unit_price_pence"},
    "order_events": {"id", "order_id", "status", "happened_at", "note"},
    "tickets": {"id", "conversation_id", "email", "order_number", "transcript", "status", "opened_at"},
}  # fmt: skip
"""The tables of the shop before it had migrations, and so no record of its revision."""


def migrate(connection: Connection) -> tuple[str | None, str]:
    """Bring a database up to date, in the caller's transaction.

    Returns:
        The revision it was at before (None for an empty database) and the one it is at now.

    Raises:
        ShopUnavailable: It holds other tables, or comes from a newer version of the shop.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    before = MigrationContext.configure(connection).get_current_revision()
    if before is None and _is_of_the_first_shop(connection):
        command.stamp(config, FIRST_REVISION)
        before = FIRST_REVISION
    if before is not None and before not in {script.revision for script in scripts.walk_revisions()}:
        raise ShopUnavailable(
            f"The database is at revision {before}, which this version of the shop does not know.",
            "Run the newer version that made it, or name another database in DATABASE_URL.",
        )
    head = str(scripts.get_current_head())
    if before != head:
        command.upgrade(config, head)
    return before, head


def drop(connection: Connection) -> None:
    """Remove the shop's tables, of whatever revision, and nothing else."""
    Base.metadata.drop_all(connection)
    connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")


def _is_of_the_first_shop(connection: Connection) -> bool:
    inspector = inspect(connection)
    ours = set(inspector.get_table_names()) & set(Base.metadata.tables)
    if not ours:
        return False
    columns = {table: {column["name"] for column in inspector.get_columns(table)} for table in ours}
    if columns != FIRST_TABLES:
        raise ShopUnavailable(
            f"The database has tables ({', '.join(sorted(ours))}) that no version of the shop has made.",
            "Name another database in DATABASE_URL; python -m shop.setup --reset drops those tables for new ones.",
        )
    return True
