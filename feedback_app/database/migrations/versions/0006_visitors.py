"""From where an entry came and whether its author was new there, and blocks of visitors beside those of networks.

What was written before came from no known network, so that nothing of it counts against anybody, and its authors are
told apart as before.
"""

import sqlalchemy as sa
from alembic import op

# What comes after "since" is the oldest schema whose program still works with this one.
revision = "0006_since_0001"
down_revision = "0005_since_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feedback", sa.Column("network", sa.String(32)))
    op.add_column("feedback", sa.Column("is_newcomer", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_index("ix_feedback_network_is_newcomer_created_at", "feedback", ["network", "is_newcomer", "created_at"])
    op.add_column("blocks", sa.Column("network", sa.String(32)))
    op.create_index("ix_blocks_wall_id_network", "blocks", ["wall_id", "network"])
    # A block was one of an address, whose pseudonym is half as long now.
    blocks = sa.table("blocks", sa.column("author"), sa.column("network"))
    shorter = sa.func.substr(blocks.c.author, 1, 32)
    op.execute(blocks.update().where(blocks.c.network.is_(None)).values(author=shorter, network=shorter))
