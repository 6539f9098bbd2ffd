"""What is a customer's is found by the schema: a copy and an erasure forget no table, new ones included."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Column, ForeignKey, Integer, String, Table, insert, select
from sqlalchemy.orm import Session

from shop.customer_data import delete_data, export_data
from shop.models import Base, OutboxMessage
from shop.personal_data import tables

CustomerOf = Callable[[int], int]
CHAT = "chat-1"
ELIN, ADA = "elin.hughes@example.com", "ada.byrne@example.com"
NOBODYS = {
    "categories",
    "customers",
    "erasures",
    "gift_cards",
    "identification_attempts",
    "outbox",
    "products",
    "promo_codes",
}
"""Tables without a customer's rows, and those that export and erasure name themselves."""


def test_every_other_table_is_about_customers() -> None:
    assert tables().keys() == Base.metadata.tables.keys() - NOBODYS


@pytest.fixture(params=["customer_id", "order_id", "email"])
def new_table(request: pytest.FixtureRequest, session: Session) -> Iterator[Table]:
    """A table that somebody has just added, and that hangs on a customer in one of three ways."""
    owner: list[Column] = {
        "customer_id": [Column("customer_id", ForeignKey("customers.id"))],
        "order_id": [Column("order_id", ForeignKey("orders.id"))],
        "email": [Column("email", String(254))],
    }[request.param]
    table = Table("wishes", Base.metadata, Column("id", Integer, primary_key=True), *owner, Column("wish", String(80)))
    table.create(session.connection())
    yield table
    Base.metadata.remove(table)


def wishes(session: Session, table: Table, number: int, customer: int, email: str, wish: str) -> None:
    orders = Base.metadata.tables["orders"]
    order = session.execute(select(orders.c.id).where(orders.c.number == number)).scalar_one()
    values = {"customer_id": customer, "order_id": order, "email": email}
    session.execute(insert(table).values({k: v for k, v in values.items() if k in table.c} | {"wish": wish}))


def test_a_new_table_is_in_a_copy_and_is_erased_and_nobody_elses_rows_are(
    session: Session, customer_of: CustomerOf, new_table: Table
) -> None:
    elin, ada = customer_of(10438), customer_of(10432)
    wishes(session, new_table, 10438, elin, ELIN.title(), "a blue door")
    wishes(session, new_table, 10432, ada, ADA, "a red door")
    export_data(session, elin, CHAT)
    copies = select(OutboxMessage).where(OutboxMessage.kind == "data_export")
    (message,) = session.execute(copies).scalars()
    assert [row["wish"] for row in message.content["data"]["wishes"]] == ["a blue door"]
    delete_data(session, elin, CHAT)
    assert session.execute(select(new_table.c.wish)).scalars().all() == ["a red door"]
