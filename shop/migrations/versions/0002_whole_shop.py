"""The whole shop: parcels, payments, refunds, returns, claims, codes, preferences, audit log and outbox.

Orders that are there get the parcels, payments and refunds that their history tells of.
"""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op
from sqlalchemy.engine import Connection

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SENT = ("dispatched", "out_for_delivery", "delivered", "delivery_attempted", "returned")


def upgrade() -> None:
    _extend_products_and_customers()
    _extend_orders()
    _create_money_tables()
    _create_service_tables()
    _create_marketing_tables()
    _create_conversation_tables()
    _complete_orders(op.get_bind())
    op.drop_column("orders", "carrier")
    op.drop_column("orders", "tracking")


def downgrade() -> None:
    raise NotImplementedError("The tables of returns, refunds and the audit log are not thrown away: restore a backup.")


def _extend_products_and_customers() -> None:
    for name, length in (("colour", 40), ("material", 60), ("rooms", 120), ("style", 30), ("dimensions", 80)):
        op.add_column("products", _text(name, length))
    op.add_column("products", sa.Column("weight_g", sa.Integer, nullable=False, server_default="0"))
    op.add_column("products", sa.Column("care", sa.Text, nullable=False, server_default=""))
    op.add_column("customers", _text("phone", 20))
    op.add_column("customers", _text("address", 200))
    op.add_column("customers", sa.Column("points", sa.Integer, nullable=False, server_default="0"))
    op.add_column("customers", sa.Column("erased_at", sa.DateTime))


def _extend_orders() -> None:
    op.create_table(
        "parcels",
        _id(),
        _link("order_id", "orders.id", index=True),
        sa.Column("carrier", sa.String(40), nullable=False),
        sa.Column("tracking", sa.String(40), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("expected_on", sa.Date, nullable=False),
        sa.Column("delivered_on", sa.Date),
    )
    op.add_column("orders", _text("address", 200))
    op.add_column("orders", sa.Column("delivery_pence", sa.Integer, nullable=False, server_default="0"))
    op.add_column("orders", sa.Column("discount_pence", sa.Integer, nullable=False, server_default="0"))
    op.add_column("orders", _text("promo_code", 20))
    op.create_index("ix_order_lines_product_id", "order_lines", ["product_id"])
    with op.batch_alter_table("order_lines") as lines:
        lines.add_column(sa.Column("parcel_id", sa.Integer))
        lines.create_foreign_key("fk_order_lines_parcel_id", "parcels", ["parcel_id"], ["id"])


def _create_money_tables() -> None:
    op.create_table(
        "payments",
        _id(),
        _link("order_id", "orders.id", index=True),
        sa.Column("amount_pence", sa.Integer, nullable=False),
        sa.Column("method", sa.String(40), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("problem", sa.String(20), nullable=False),
        _moment("happened_at"),
    )
    op.create_table(
        "returns",
        _id(),
        _link("order_id", "orders.id", index=True),
        _link("line_id", "order_lines.id"),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("wanted", sa.String(10), nullable=False),
        _link("exchange_product_id", "products.id", nullable=True),
        sa.Column("state", sa.String(10), nullable=False),
        _moment("opened_at"),
    )
    op.create_table(
        "refunds",
        _id(),
        _link("order_id", "orders.id", index=True),
        _link("return_id", "returns.id", nullable=True),
        sa.Column("amount_pence", sa.Integer, nullable=False),
        sa.Column("method", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        _moment("opened_at"),
        sa.Column("issued_on", sa.Date),
        sa.Column("expected_on", sa.Date, nullable=False),
    )


def _create_service_tables() -> None:
    op.create_table(
        "claims",
        _id(),
        _link("order_id", "orders.id", index=True),
        _link("line_id", "order_lines.id"),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("photos", sa.JSON, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        _moment("opened_at"),
    )
    op.create_table(
        "missing_parcels",
        _id(),
        _link("order_id", "orders.id", index=True),
        sa.Column("state", sa.String(10), nullable=False),
        _moment("opened_at"),
    )
    op.create_table(
        "fraud_cases",
        _id(),
        sa.Column("conversation_id", sa.String(255), nullable=False, index=True),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("amount_pence", sa.Integer),
        sa.Column("charged_on", sa.Date),
        _link("ticket_id", "tickets.id"),
        sa.Column("state", sa.String(10), nullable=False),
        _moment("opened_at"),
    )
    op.create_table(
        "data_requests",
        _id(),
        _link("customer_id", "customers.id", index=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("conversation_id", sa.String(255), nullable=False),
        _moment("done_at"),
    )


def _create_marketing_tables() -> None:
    op.create_table(
        "promo_codes",
        sa.Column("code", sa.String(20), primary_key=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("value", sa.Integer, nullable=False),
        sa.Column("min_spend_pence", sa.Integer, nullable=False),
        _link("category_id", "categories.id", nullable=True),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date, nullable=False),
        sa.Column("once_per_customer", sa.Boolean, nullable=False),
    )
    op.create_table(
        "gift_cards",
        sa.Column("code", sa.String(20), primary_key=True),
        sa.Column("balance_pence", sa.Integer, nullable=False),
        sa.Column("expires_on", sa.Date, nullable=False),
    )
    op.create_table(
        "stock_notices",
        _id(),
        _link("product_id", "products.id"),
        sa.Column("email", sa.String(254), nullable=False, index=True),
        _moment("asked_at"),
        sa.UniqueConstraint("product_id", "email"),
    )


def _create_conversation_tables() -> None:
    with op.batch_alter_table("tickets") as tickets:
        # As long as Rasa's own.
        tickets.alter_column("conversation_id", type_=sa.String(255), existing_nullable=False)
    op.create_table(
        "preferences",
        sa.Column("customer_id", sa.Integer, sa.ForeignKey("customers.id"), primary_key=True),
        sa.Column("call_me", sa.String(60), nullable=False),
        sa.Column("tone", sa.String(40), nullable=False),
        sa.Column("colours", sa.JSON, nullable=False),
        sa.Column("rooms", sa.JSON, nullable=False),
        sa.Column("materials", sa.JSON, nullable=False),
        sa.Column("usual_address", sa.String(200), nullable=False),
        sa.Column("usual_postcode", sa.String(10), nullable=False),
    )
    op.create_table(
        "outbox",
        _id(),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False, index=True),
        sa.Column("content", sa.JSON, nullable=False),
        _moment("created_at"),
        sa.Column("sent_at", sa.DateTime),
    )
    op.create_table(
        "identification_attempts",
        _id(),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("subject", sa.String(40), nullable=False, index=True),
        sa.Column("conversation_id", sa.String(255), nullable=False, index=True),
        _moment("happened_at"),
    )
    op.create_table(
        "audit_log",
        _id(),
        _moment("happened_at"),
        _link("customer_id", "customers.id", index=True, nullable=True),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("conversation_id", sa.String(255), nullable=False, index=True),
    )


def _complete_orders(connection: Connection) -> None:
    tables = sa.MetaData()
    tables.reflect(connection, only=("orders", "order_lines", "order_events", "parcels", "payments", "refunds"))
    orders, lines, events = (tables.tables[name] for name in ("orders", "order_lines", "order_events"))
    worth = sa.select(sa.func.sum(lines.c.quantity * lines.c.unit_price_pence)).where(lines.c.order_id == orders.c.id)
    for order in connection.execute(sa.select(orders, worth.scalar_subquery().label("worth"))).mappings().all():
        history = {
            step.status: step.happened_at
            for step in connection.execute(
                sa.select(events).where(events.c.order_id == order["id"]).order_by(events.c.happened_at)
            )
        }
        if order["carrier"]:
            _add_parcel(connection, tables, order, history)
        _add_payment(connection, tables, order, history)


def _add_parcel(connection: Connection, tables: sa.MetaData, order: sa.engine.RowMapping, history: dict) -> None:
    delivered = history.get("delivered")
    parcel = connection.execute(
        tables.tables["parcels"].insert(),
        {
            "order_id": order["id"],
            "carrier": order["carrier"],
            "tracking": order["tracking"],
            "status": "delivered" if delivered else order["status"],
            "expected_on": order["expected_on"],
            "delivered_on": delivered.date() if delivered else None,
        },
    ).inserted_primary_key[0]
    lines = tables.tables["order_lines"]
    connection.execute(sa.update(lines).where(lines.c.order_id == order["id"]).values(parcel_id=parcel))


def _add_payment(connection: Connection, tables: sa.MetaData, order: sa.engine.RowMapping, history: dict) -> None:
    money = {"order_id": order["id"], "amount_pence": order["worth"] or 0, "method": "card"}
    paid = order["status"] != "placed"
    connection.execute(
        tables.tables["payments"].insert(),
        {
            **money,
            "status": "paid" if paid else "pending",
            "problem": "",
            "happened_at": history.get("paid") or order["placed_at"],
        },
    )
    ended = history.get("cancelled") or history.get("returned")
    if ended:
        connection.execute(
            tables.tables["refunds"].insert(),
            {
                **money,
                "reason": "cancelled" if "cancelled" in history else "returned",
                "state": "paid",
                "opened_at": ended,
                "issued_on": ended.date(),
                "expected_on": ended.date() + timedelta(days=5),
            },
        )


def _id() -> sa.Column:
    return sa.Column("id", sa.Integer, primary_key=True)


def _text(name: str, length: int) -> sa.Column:
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def _moment(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime, nullable=False)


def _link(name: str, target: str, index: bool = False, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Integer, sa.ForeignKey(target), nullable=nullable, index=index)
