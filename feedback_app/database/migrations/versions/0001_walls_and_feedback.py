"""Walls and the feedback on them."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import DATETIME

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME = sa.DateTime().with_variant(DATETIME(fsp=6), "mysql", "mariadb")
OPTIONS: dict[str, Any] = {
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_bin",
    "sqlite_autoincrement": True,
}


def upgrade() -> None:
    op.create_table(
        "walls",
        sa.Column("id", IDENTIFIER, primary_key=True),
        sa.Column("slug", sa.String(60), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_walls"),
        sa.UniqueConstraint("slug", name="uq_walls_slug"),
        **OPTIONS,
    )
    op.create_table(
        "feedback",
        sa.Column("id", IDENTIFIER, primary_key=True),
        sa.Column("wall_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("version", sa.BigInteger),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("name", sa.String(320), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("key", sa.String(64)),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("edited_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sa.ForeignKeyConstraint(["wall_id"], ["walls.id"], name="fk_feedback_wall_id"),
        sa.UniqueConstraint("wall_id", "version", name="uq_feedback_wall_id_version"),
        sa.UniqueConstraint("wall_id", "key", name="uq_feedback_wall_id_key"),
        **OPTIONS,
    )
    op.create_index("ix_feedback_wall_id_state_id", "feedback", ["wall_id", "state", "id"])
    op.create_index("ix_feedback_author_created_at", "feedback", ["author", "created_at"])
