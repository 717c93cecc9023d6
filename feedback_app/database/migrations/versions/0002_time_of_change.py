"""When a piece of feedback changed last, and how far back a wall can still say what changed.

Rows that were taken away before count from now on, so that they stay as long as those that are taken away today.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import DATETIME

# What comes after "since" is the oldest schema whose program still works with this one.
revision = "0002_since_0001"
down_revision = "0001"
branch_labels = None
depends_on = None

TIME = sa.DateTime().with_variant(DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    op.add_column("walls", sa.Column("oldest_version", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("feedback", sa.Column("changed_at", TIME))
    feedback = sa.table("feedback", sa.column("state"), sa.column("changed_at", TIME))
    now = datetime.now(UTC).replace(tzinfo=None)
    op.execute(feedback.update().where(feedback.c.state != "public").values(changed_at=now))
