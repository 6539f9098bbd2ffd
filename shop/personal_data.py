"""What is stored about a customer, found by the schema, so that no new table can be forgotten.

A table is about a customer where a foreign key leads to ``customers``, straight or by way of an order, or where it has
an ``email`` of its own. All of it is in a copy of their data, and erasure deletes it, unless the table says otherwise
in its ``info``:

- ``exported``: False for what tells nobody anything, such as the hash of a code;
- ``erasure``: what is put in place of columns instead, for rows that the law on accounts wants kept; empty where a row
  says nothing about who it was.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Table, delete, func, select, update

from shop.models import Base, Customer

PARENTS = ("customers", "orders")
"""The tables that a customer's rows hang on."""


def tables() -> dict[str, Table]:
    """The tables that are about customers, by name."""
    return {table.name: table for table, _ in rows_of(0, [])}


def rows_of(customer_id: int, emails: list[str]) -> Iterator[tuple[Table, Any]]:
    """The tables that are about customers but ``customers`` itself, each with the condition for one of them.

    Args:
        customer_id: Whose.
        emails: Their addresses, in small letters.
    """
    for table in Base.metadata.sorted_tables:
        condition = _condition(table, customer_id, emails)
        if condition is not None:
            yield table, condition


def erasing(customer_id: int, emails: list[str]) -> Iterator[Any]:
    """The statements that erase one, but for ``customers`` itself; what hangs on another row goes before it."""
    for table, condition in reversed(list(rows_of(customer_id, emails))):
        instead = table.info.get("erasure")
        if instead is None:
            yield delete(table).where(condition)
        elif instead:
            yield update(table).where(condition).values(**instead)


def _condition(table: Table, customer_id: int, emails: list[str]) -> Any:
    """Which rows of a table are a customer's; None where none can be."""
    if table is Customer.__table__:
        return None
    parents = {key.column.table.name: key.parent for key in table.foreign_keys if key.column.table.name in PARENTS}
    if "customers" in parents:
        return parents["customers"] == customer_id
    if "orders" in parents:
        orders = Base.metadata.tables["orders"]
        return parents["orders"].in_(select(orders.c.id).where(orders.c.customer_id == customer_id))
    return func.lower(table.c.email).in_(emails) if "email" in table.c else None
