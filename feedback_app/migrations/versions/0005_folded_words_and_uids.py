"""What search compares, and what a wall is whatever its address.

Words of entries are folded afterwards, by the server while it serves: on a wall of a million that takes minutes.
"""

import uuid

import sqlalchemy as sa
from alembic import op

# What comes after "since" is the oldest schema whose program still works with this one.
revision = "0005_since_0001"
down_revision = "0004_since_0001"
branch_labels = None
depends_on = None

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
    walls = sa.table("walls", sa.column("id", sa.BigInteger), sa.column("uid", sa.String))
    # Again after an interruption, only those that have none yet.
    for number in op.get_bind().scalars(sa.select(walls.c.id).where(walls.c.uid.is_(None))).all():
        op.execute(walls.update().where(walls.c.id == number).values(uid=str(uuid.uuid4())))
    op.create_index("ix_walls_uid", "walls", ["uid"], unique=True)
