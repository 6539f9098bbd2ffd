"""Alembic's entry: runs the migrations on the connection it is given, or on the shop's own database."""

from alembic import context
from sqlalchemy.engine import Connection

from shop.database import database_url, engine_for
from shop.models import Base


def migrate(connection: Connection) -> None:
    """Run in the caller's transaction; SQLite can take table changes back too."""
    context.configure(connection=connection, target_metadata=Base.metadata, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    with engine_for(database_url(), patient=True).begin() as own:
        migrate(own)
