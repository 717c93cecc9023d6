"""How far back a wall can still say to moderators what changed."""

import sqlalchemy as sa
from alembic import op

# What comes after "since" is the oldest schema whose program still works with this one.
revision = "0004_since_0001"
down_revision = "0003_since_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("walls", sa.Column("oldest_desk_version", sa.BigInteger, nullable=False, server_default="0"))
