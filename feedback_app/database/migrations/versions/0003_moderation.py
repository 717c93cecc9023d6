"""Moderators, their sessions and acts, and walls that can be arranged."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import DATETIME

# What comes after "since" is the oldest schema whose program still works with this one.
revision = "0003_since_0001"
down_revision = "0002_since_0001"
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


NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    for column in (
        sa.Column("desk_version", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("arranged", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("archived_at", TIME),
        sa.Column("welcome", sa.Text, nullable=False, server_default=""),
        sa.Column("hold", sa.String(12), nullable=False, server_default="none"),
        sa.Column("is_closed", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("slow_seconds", sa.Integer, nullable=False, server_default="0"),
        sa.Column("names", sa.String(12), nullable=False, server_default="required"),
        sa.Column("embedders", sa.Text, nullable=False, server_default="*"),
        sa.Column("theme", sa.String(8), nullable=False, server_default="auto"),
        sa.Column("accent", sa.String(6), nullable=False, server_default=""),
        sa.Column("language", sa.String(12), nullable=False, server_default="en"),
    ):
        op.add_column("walls", column)
    for column in (
        sa.Column("desk_version", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("reason", sa.String(12)),
        sa.Column("pinned_at", TIME),
        sa.Column("removed_at", TIME),
        sa.Column("answer", sa.Text),
        sa.Column("answered_by", sa.String(80)),
        sa.Column("answered_at", TIME),
    ):
        op.add_column("feedback", column)
    op.create_index("ix_feedback_wall_id_desk_version", "feedback", ["wall_id", "desk_version"])
    op.create_index("ix_feedback_wall_id_pinned_at", "feedback", ["wall_id", "pinned_at"])
    op.create_index("ix_feedback_removed_at", "feedback", ["removed_at"])

    op.create_table(
        "former_addresses",
        sa.Column("id", IDENTIFIER, primary_key=True),
        sa.Column("slug", sa.String(60), nullable=False),
        sa.Column("wall_id", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_former_addresses"),
        sa.UniqueConstraint("slug", name="uq_former_addresses_slug"),
        sa.ForeignKeyConstraint(["wall_id"], ["walls.id"], name="fk_former_addresses_wall_id", ondelete="CASCADE"),
        **OPTIONS,
    )
    op.create_index("ix_former_addresses_wall_id", "former_addresses", ["wall_id"])
    op.create_table(
        "moderators",
        sa.Column("id", IDENTIFIER, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("login", sa.String(320), nullable=False),
        sa.Column("password", sa.String(255), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_moderators"),
        sa.UniqueConstraint("login", name="uq_moderators_login"),
        **OPTIONS,
    )
    op.create_table(
        "memberships",
        sa.Column("id", IDENTIFIER, primary_key=True),
        sa.Column("moderator_id", NUMBER, nullable=False),
        sa.Column("wall_id", NUMBER, nullable=False),
        sa.Column("role", sa.String(12), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_memberships"),
        sa.UniqueConstraint("moderator_id", "wall_id", name="uq_memberships_moderator_id_wall_id"),
        sa.ForeignKeyConstraint(
            ["moderator_id"], ["moderators.id"], name="fk_memberships_moderator_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["wall_id"], ["walls.id"], name="fk_memberships_wall_id", ondelete="CASCADE"),
        **OPTIONS,
    )
    op.create_index("ix_memberships_wall_id", "memberships", ["wall_id"])
    op.create_table(
        "logins",
        sa.Column("id", IDENTIFIER, primary_key=True),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("moderator_id", NUMBER, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_logins"),
        sa.UniqueConstraint("token", name="uq_logins_token"),
        sa.ForeignKeyConstraint(["moderator_id"], ["moderators.id"], name="fk_logins_moderator_id", ondelete="CASCADE"),
        **OPTIONS,
    )
    op.create_index("ix_logins_moderator_id", "logins", ["moderator_id"])
    op.create_index("ix_logins_seen_at", "logins", ["seen_at"])
    op.create_table(
        "attempts",
        sa.Column("id", IDENTIFIER, primary_key=True),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        **OPTIONS,
    )
    op.create_index("ix_attempts_subject_at", "attempts", ["subject", "at"])
    op.create_index("ix_attempts_at", "attempts", ["at"])
    op.create_table(
        "setups",
        sa.Column("id", IDENTIFIER, primary_key=True),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("wall_id", NUMBER),
        sa.Column("role", sa.String(12)),
        sa.Column("invited_by", NUMBER),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_setups"),
        sa.UniqueConstraint("token", name="uq_setups_token"),
        sa.ForeignKeyConstraint(["wall_id"], ["walls.id"], name="fk_setups_wall_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["invited_by"], ["moderators.id"], name="fk_setups_invited_by", ondelete="CASCADE"),
        **OPTIONS,
    )
    op.create_index("ix_setups_wall_id", "setups", ["wall_id"])
    op.create_table(
        "acts",
        sa.Column("id", IDENTIFIER, primary_key=True),
        sa.Column("wall_id", NUMBER, nullable=False),
        sa.Column("verb", sa.String(20), nullable=False),
        sa.Column("moderator_id", NUMBER),
        sa.Column("moderator_name", sa.String(80), nullable=False),
        sa.Column("undoes", NUMBER),
        sa.Column("before", sa.JSON),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_acts"),
        sa.UniqueConstraint("undoes", name="uq_acts_undoes"),
        sa.ForeignKeyConstraint(["wall_id"], ["walls.id"], name="fk_acts_wall_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["moderator_id"], ["moderators.id"], name="fk_acts_moderator_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["undoes"], ["acts.id"], name="fk_acts_undoes", ondelete="CASCADE"),
        **OPTIONS,
    )
    op.create_index("ix_acts_wall_id_id", "acts", ["wall_id", "id"])
    op.create_index("ix_acts_wall_id_verb_id", "acts", ["wall_id", "verb", "id"])
    op.create_index("ix_acts_wall_id_moderator_name_id", "acts", ["wall_id", "moderator_name", "id"])
    op.create_table(
        "act_entries",
        sa.Column("id", IDENTIFIER, primary_key=True),
        sa.Column("act_id", NUMBER, nullable=False),
        sa.Column("feedback_id", NUMBER, nullable=False),
        sa.Column("before", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_act_entries"),
        sa.UniqueConstraint("act_id", "feedback_id", name="uq_act_entries_act_id_feedback_id"),
        sa.ForeignKeyConstraint(["act_id"], ["acts.id"], name="fk_act_entries_act_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["feedback_id"], ["feedback.id"], name="fk_act_entries_feedback_id", ondelete="CASCADE"
        ),
        **OPTIONS,
    )
    op.create_index("ix_act_entries_feedback_id", "act_entries", ["feedback_id"])
    op.create_table(
        "blocks",
        sa.Column("id", IDENTIFIER, primary_key=True),
        sa.Column("wall_id", NUMBER, nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_blocks"),
        sa.UniqueConstraint("wall_id", "author", name="uq_blocks_wall_id_author"),
        sa.ForeignKeyConstraint(["wall_id"], ["walls.id"], name="fk_blocks_wall_id", ondelete="CASCADE"),
        **OPTIONS,
    )
