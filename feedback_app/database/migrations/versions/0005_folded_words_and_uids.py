"""What search compares, and what a wall is whatever its address.

Words of entries are folded afterwards, by the server while it serves: on a wall of a million that takes minutes.
"""

import uuid
from datetime import UTC

import sqlalchemy as sa
from alembic import op

# What comes after "since" is the oldest schema whose program still works with this one.
revision = "0005_since_0001"
down_revision = "0004_since_0001"
branch_labels = None
depends_on = None

# As `models/base.py` makes it where there is none: so a backup of an older version gives the same ids each time
# that it is restored, and those that the wall has had since it was upgraded.
NAMESPACE = uuid.UUID("0b9f8a4e-6c52-4b43-9a3c-5b1c5a0f7c11")
IS_UNFOLDED = sa.text("folded IS NULL")


def upgrade() -> None:
    op.add_column("feedback", sa.Column("folded", sa.Text))
    op.create_index(
        "ix_feedback_folded",
        "feedback",
        ["folded"],
        sqlite_where=IS_UNFOLDED,
        postgresql_where=IS_UNFOLDED,
        mysql_length=1,
    )
    op.add_column("walls", sa.Column("uid", sa.String(36)))
    walls = sa.table(
        "walls", sa.column("id", sa.BigInteger), sa.column("created_at", sa.DateTime), sa.column("uid", sa.String)
    )
    # Again after an interruption, only those that have none yet.
    unnamed = sa.select(walls.c.id, walls.c.created_at).where(walls.c.uid.is_(None))
    for number, created_at in op.get_bind().execute(unnamed).all():
        uid = uuid.uuid5(NAMESPACE, f"{number}/{created_at.replace(tzinfo=UTC).isoformat()}")
        op.execute(walls.update().where(walls.c.id == number).values(uid=str(uid)))
    op.create_index("ix_walls_uid", "walls", ["uid"], unique=True)
