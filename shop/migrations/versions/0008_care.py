"""Notes for the driver, and goodwill for what was late."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("delivery_note", sa.String(200), nullable=False, server_default=""))
    op.create_table(
        "goodwill",
        sa.Column("order_id", sa.Integer, sa.ForeignKey("orders.id"), primary_key=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("worth", sa.Integer, nullable=False),
        sa.Column("code", sa.String(20), nullable=False, index=True),
        sa.Column("days_late", sa.Integer, nullable=False),
        sa.Column("given_at", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("goodwill")
    op.drop_column("orders", "delivery_note")
