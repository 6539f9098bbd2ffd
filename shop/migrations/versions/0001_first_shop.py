"""The first shop: catalogue, customers, orders and tickets."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("categories", _id(), sa.Column("name", sa.String(60), nullable=False, unique=True))
    op.create_table(
        "products",
        _id(),
        sa.Column("sku", sa.String(12), nullable=False, unique=True),
        _link("category_id", "categories.id", index=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("price_pence", sa.Integer, nullable=False),
        sa.Column("stock", sa.Integer, nullable=False),
    )
    op.create_table(
        "customers",
        _id(),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("email", sa.String(254), nullable=False, unique=True),
        sa.Column("postcode", sa.String(10), nullable=False),
    )
    op.create_table(
        "orders",
        _id(),
        sa.Column("number", sa.Integer, nullable=False, unique=True),
        _link("customer_id", "customers.id", index=True),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("placed_at", sa.DateTime, nullable=False),
        sa.Column("expected_on", sa.Date, nullable=False),
        sa.Column("carrier", sa.String(40), nullable=False),
        sa.Column("tracking", sa.String(40), nullable=False),
        sa.Column("postcode", sa.String(10), nullable=False),
    )
    op.create_table(
        "order_lines",
        _id(),
        _link("order_id", "orders.id", index=True),
        _link("product_id", "products.id"),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("unit_price_pence", sa.Integer, nullable=False),
    )
    op.create_table(
        "order_events",
        _id(),
        _link("order_id", "orders.id", index=True),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("happened_at", sa.DateTime, nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
    )
    op.create_table(
        "tickets",
        _id(),
        sa.Column("conversation_id", sa.String(200), nullable=False, index=True),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("order_number", sa.String(20), nullable=False),
        sa.Column("transcript", sa.Text, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("opened_at", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    for table in ("tickets", "order_events", "order_lines", "orders", "customers", "products", "categories"):
        op.drop_table(table)


def _id() -> sa.Column:
    return sa.Column("id", sa.Integer, primary_key=True)


def _link(name: str, target: str, index: bool = False) -> sa.Column:
    return sa.Column(name, sa.Integer, sa.ForeignKey(target), nullable=False, index=index)
