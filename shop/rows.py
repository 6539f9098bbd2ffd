"""Writing many rows at once: the generator's thousands of objects would take the ORM many seconds."""

from collections import defaultdict
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.engine import Connection

from shop.models import Base


class Rows:
    """Rows by table, with ids handed out in order, for an empty database."""

    def __init__(self) -> None:
        self._rows: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def add(self, model: Any, **values: Any) -> dict[str, Any]:
        """Take a row, which may be changed until it is written; every row of a table names the same columns."""
        rows = self._rows[model.__tablename__]
        if "id" in model.__table__.columns:
            values["id"] = len(rows) + 1
        rows.append(values)
        return values

    def write(self, connection: Connection) -> None:
        """Store everything, tables that others refer to first."""
        for table in Base.metadata.sorted_tables:
            rows = self._rows[table.name]
            if not rows:
                continue
            connection.execute(insert(table), rows)
            if "id" in table.columns and connection.dialect.name == "postgresql":
                # The ids were given, so its counter still stands at the beginning.
                sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
                connection.execute(text(f"SELECT setval({sequence}, {len(rows)})"))
