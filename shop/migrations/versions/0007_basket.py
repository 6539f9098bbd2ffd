"""Baskets, the pages on which orders are paid, and what an order that is placed in the chat has of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "baskets",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("customer_id", sa.Integer, sa.ForeignKey("customers.id"), index=True),
        sa.Column("lines", sa.JSON, nullable=False),
        sa.Column("promo_code", sa.String(20), nullable=False),
        sa.Column("delivery", sa.String(20), nullable=False),
        sa.Column("delivery_day", sa.Date),
        sa.Column("changed_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "payment_pages",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("order_id", sa.Integer, sa.ForeignKey("orders.id"), nullable=False, index=True),
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("token", sa.String(64), nullable=False, index=True),
        sa.Column("session_id", sa.String(255), nullable=False, index=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("made_customer", sa.Boolean, nullable=False),
    )
    op.add_column("orders", sa.Column("recipient", sa.String(120), nullable=False, server_default=""))
    op.add_column("orders", sa.Column("delivery", sa.String(20), nullable=False, server_default="Standard"))
    op.add_column("orders", sa.Column("is_unproved", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("order_lines", sa.Column("wrap_pence", sa.Integer, nullable=False, server_default="0"))
    op.add_column("order_lines", sa.Column("gift_note", sa.String(300), nullable=False, server_default=""))


def downgrade() -> None:
    for table, columns in (
        ("order_lines", ("gift_note", "wrap_pence")),
        ("orders", ("is_unproved", "delivery", "recipient")),
    ):
        for column in columns:
            op.drop_column(table, column)
    op.drop_table("payment_pages")
    op.drop_table("baskets")
