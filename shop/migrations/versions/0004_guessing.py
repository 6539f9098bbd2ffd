"""Who failed at whose account, as keyed hashes, and from where an account was told rightly."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLE = "identification_attempts"


def upgrade() -> None:
    with op.batch_alter_table(TABLE) as table:
        table.add_column(sa.Column("client", sa.String(64)))
        table.add_column(sa.Column("account", sa.String(64)))
        table.add_column(sa.Column("is_suspect", sa.Boolean, nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("succeeded", sa.Boolean, nullable=False, server_default=sa.false()))
        table.create_index("ix_identification_attempts_client", ["client"])
        table.create_index("ix_identification_attempts_account", ["account"])


def downgrade() -> None:
    op.execute(f"DELETE FROM {TABLE} WHERE succeeded")
    with op.batch_alter_table(TABLE) as table:
        table.drop_index("ix_identification_attempts_account")
        table.drop_index("ix_identification_attempts_client")
        for name in ("succeeded", "is_suspect", "account", "client"):
            table.drop_column(name)
