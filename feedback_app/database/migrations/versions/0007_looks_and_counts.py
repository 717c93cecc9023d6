"""A wall's look, the words of its form and the number of its public entries; the language of a moderator.

Entries are counted afterwards, by the server while it serves: a former version that still writes does not count, and
leaves `counted_version` behind `version`.
"""

import sqlalchemy as sa
from alembic import op

# What comes after "since" is the oldest schema whose program still works with this one.
revision = "0007_since_0001"
down_revision = "0006_since_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("look", sa.String(16), nullable=False, server_default="plain"),
        sa.Column("prompt", sa.String(120), nullable=False, server_default=""),
        sa.Column("post_label", sa.String(24), nullable=False, server_default=""),
        sa.Column("public_count", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("counted_version", sa.BigInteger, nullable=False, server_default="-1"),
    ):
        op.add_column("walls", column)
    op.add_column("moderators", sa.Column("language", sa.String(12), nullable=False, server_default=""))
