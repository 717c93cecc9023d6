"""Audit log and undo: each moderator's act with the state before it, and blocks of authors."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    Delete,
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    Update,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column

from ..clock import now
from .base import LARGEST_ID, TABLE_OPTIONS, Base, EntryState, Identifier, UTCDateTime
from .feedback import PSEUDONYM_LENGTH, Feedback
from .moderator import NAME_LENGTH
from .pagination import newest_by

VERBS = ("publish", "hide", "remove", "pin", "unpin", "answer", "block-author", "unblock-author")
BLOCK = "block-author"
BLOCKING = (BLOCK, "unblock-author")
UNDO = "undo"
# Acts on the wall itself.
SETTINGS_VERBS = ("arrange", "rename", "archive", "unarchive")
KINDS = (*VERBS, UNDO, "make", *SETTINGS_VERBS, "appoint")
# Prefix of imported authors: distinct from each other, and never equal to an author of this installation.
IMPORTED = "imported-"
ENTRIES_SHOWN = 3
# A visitor token is valid on its first day and for this many days after it (antispam/visitor_token.py). A network's
# pseudonym is valid for its day and the next. A block has no effect after that.
VISITOR_TOKEN_DAYS = 30
BLOCK_LIFETIME, NETWORK_BLOCK_LIFETIME = timedelta(days=VISITOR_TOKEN_DAYS + 1), timedelta(days=2)


class ActRefused(Exception):
    """An act that was not carried out; the message is a sentence for the moderator."""


class Act(Base):
    """One act on a wall's entries or on the wall itself; then `before` has the old settings.

    `moderator_name` is stored too, since the log outlives the moderator. `undoes` is the id of the act that this one
    undid.
    """

    __tablename__ = "acts"
    __table_args__ = (
        Index(None, "wall_id", "verb", "id"),
        Index(None, "wall_id", "moderator_name", "id"),
        Index(None, "wall_id", "id"),
        UniqueConstraint("undoes"),
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    wall_id: Mapped[int] = mapped_column(ForeignKey("walls.id", ondelete="CASCADE"))
    verb: Mapped[str] = mapped_column(String(20))
    moderator_id: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="SET NULL"))
    moderator_name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    undoes: Mapped[int | None] = mapped_column(ForeignKey("acts.id", ondelete="CASCADE"))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    @staticmethod
    def numbered(act_id: int) -> "Select[Act]":
        return select(Act).where(Act.id == min(act_id, LARGEST_ID))

    @staticmethod
    def on(wall_id: int, act_id: int) -> "Select[Act]":
        """The act with this id, if it is on this wall."""
        return Act.numbered(act_id).where(Act.wall_id == wall_id)

    @staticmethod
    def undoing(act_id: int) -> "Select[Act]":
        return select(Act).where(Act.undoes == act_id)

    @staticmethod
    def latest_on(feedback_ids: Collection[int]) -> "Select[int, Act]":
        """Rows of (feedback id, latest act on it). Blocks and their undos do not count: they concern the author."""
        undone = aliased(Act)
        latest = (
            select(ActEntry.feedback_id, func.max(ActEntry.act_id).label("act_id"))
            .join(Act, Act.id == ActEntry.act_id)
            .outerjoin(undone, undone.id == Act.undoes)
            .where(ActEntry.feedback_id.in_(feedback_ids), func.coalesce(undone.verb, Act.verb).not_in(BLOCKING))
            .group_by(ActEntry.feedback_id)
            .subquery()
        )
        return select(latest.c.feedback_id, Act).join(Act, Act.id == latest.c.act_id)

    def since(self) -> "Select[Act]":
        """The latest act after this one that touches the same entries and is neither undone nor an undo.

        Blocks are compared by author and all other acts by entry, so they do not prevent each other's undo.
        """
        undo = aliased(Act)
        concerned = select(ActEntry.feedback_id).where(ActEntry.act_id == self.id)
        kind = Act.verb.not_in(BLOCKING)
        if self.verb in BLOCKING:
            authors = select(Feedback.author).where(Feedback.id.in_(concerned))
            concerned = select(Feedback.id).where(Feedback.author.in_(authors))
            kind = Act.verb.in_(BLOCKING)
        return (
            select(Act)
            .join(ActEntry, ActEntry.act_id == Act.id)
            .where(ActEntry.feedback_id.in_(concerned), ActEntry.act_id > self.id)
            # Redundant, but selective: a wall has far fewer acts than entries.
            .where(Act.wall_id == self.wall_id, Act.id > self.id)
            .where(Act.undoes.is_(None), kind, ~exists().where(undo.undoes == Act.id))
            .order_by(Act.id.desc())
            .limit(1)
        )

    @staticmethod
    def log_of(
        wall_id: int, *, by: str = "", verb: str = "", before: int | None = None, size: int
    ) -> "Select[Act, str | None]":
        """The audit log: rows of (act, name of who undid it or None), newest first, up to `size` + 1 for pagination."""
        undo = aliased(Act)
        found = select(Act, undo.moderator_name).outerjoin(undo, undo.undoes == Act.id)
        if by and verb:
            found = found.where(Act.verb == verb)
        column, value = (Act.moderator_name, by) if by else (Act.verb, verb) if verb else (Act.wall_id, wall_id)
        log: Select[Act, str | None] = newest_by(found, Act, wall_id, column, value, before=before)
        return log.limit(size + 1)

    @staticmethod
    def after_on(wall_id: int, number: int, limit: int) -> "Select[Act]":
        """The acts with ids above `number`, by id."""
        return select(Act).where(Act.wall_id == wall_id, Act.id > number).order_by(Act.id).limit(limit)

    @staticmethod
    def moderators_of(wall_id: int) -> Select[str]:
        """The names of moderators who acted on the wall."""
        return select(Act.moderator_name).where(Act.wall_id == wall_id).distinct().order_by(Act.moderator_name)

    @staticmethod
    def settings_acts(wall_id: int, *, since: int = 0, limit: int = 100) -> "Select[Act]":
        """The acts on the wall itself with ids from `since`, newest first."""
        found = select(Act).where(Act.wall_id == wall_id, Act.verb.in_(SETTINGS_VERBS), Act.id >= since)
        return found.order_by(Act.id.desc()).limit(limit)

    @staticmethod
    def entries_of(act_ids: Collection[int]) -> "Select[Act, int]":
        """Rows of (act, number of its entries)."""
        count = select(func.count()).select_from(ActEntry).where(ActEntry.act_id == Act.id).scalar_subquery()
        return select(Act, count).where(Act.id.in_(act_ids))


class ActEntry(Base):
    """One entry of an act; `before` has the values that the act changed (see `Feedback.condition`)."""

    __tablename__ = "act_entries"
    __table_args__ = (UniqueConstraint("act_id", "feedback_id"), Index(None, "feedback_id"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    act_id: Mapped[int] = mapped_column(ForeignKey("acts.id", ondelete="CASCADE"))
    feedback_id: Mapped[int] = mapped_column(ForeignKey("feedback.id", ondelete="CASCADE"))
    before: Mapped[dict[str, Any]] = mapped_column(JSON)

    @staticmethod
    def of(act_id: int) -> "Select[ActEntry, Feedback]":
        """Rows of (entry, its feedback)."""
        return (
            select(ActEntry, Feedback)
            .join(Feedback, Feedback.id == ActEntry.feedback_id)
            .where(ActEntry.act_id == act_id)
            .order_by(ActEntry.id)
            .execution_options(populate_existing=True)
        )

    @staticmethod
    def blank(feedback_ids: Collection[int]) -> Update:
        """Erase the earlier state of these entries, which may contain text."""
        changes = update(ActEntry).where(ActEntry.feedback_id.in_(feedback_ids)).values(before={})
        return changes.execution_options(synchronize_session=False)

    @staticmethod
    def numbers_of(act_ids: Collection[int]) -> Select[int, int]:
        """Rows of (act id, feedback id)."""
        found = select(ActEntry.act_id, ActEntry.feedback_id).where(ActEntry.act_id.in_(act_ids))
        return found.order_by(ActEntry.act_id, ActEntry.feedback_id)

    @staticmethod
    def with_text_of(act_ids: Collection[int]) -> "Select[ActEntry]":
        """The act entries whose feedback still has its text."""
        found = select(ActEntry).join(Feedback, Feedback.id == ActEntry.feedback_id)
        has_words = or_(Feedback.state != EntryState.REMOVED, Feedback.removed_at.is_not(None))
        return found.where(ActEntry.act_id.in_(act_ids), has_words).order_by(ActEntry.act_id, ActEntry.id)

    @staticmethod
    def first_few_of(act_ids: Collection[int]) -> "Select[int, int, Feedback]":
        """Rows of (act id, number of its entries, feedback): up to ENTRIES_SHOWN rows for each act."""
        numbered = (
            select(
                ActEntry.act_id,
                ActEntry.feedback_id,
                func.row_number().over(partition_by=ActEntry.act_id, order_by=ActEntry.id).label("place"),
                func.count().over(partition_by=ActEntry.act_id).label("total"),
            )
            .where(ActEntry.act_id.in_(act_ids))
            .subquery()
        )
        return (
            select(numbered.c.act_id, numbered.c.total, Feedback)
            .join(Feedback, Feedback.id == numbered.c.feedback_id)
            .where(numbered.c.place <= ENTRIES_SHOWN)
            .order_by(numbered.c.act_id, numbered.c.place)
        )


class Block(Base):
    """An author who may not write on a wall, as long as the visitor token is valid.

    Posts of newcomers from the same `network` are held, as long as its pseudonym is valid. For a visitor without a
    token, `author` equals `network`.
    """

    __tablename__ = "blocks"
    __table_args__ = (UniqueConstraint("wall_id", "author"), Index(None, "wall_id", "network"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    wall_id: Mapped[int] = mapped_column(ForeignKey("walls.id", ondelete="CASCADE"))
    author: Mapped[str] = mapped_column(String(64))
    network: Mapped[str | None] = mapped_column(String(PSEUDONYM_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    @staticmethod
    def on(wall_id: int) -> "Select[Block]":
        return select(Block).where(Block.wall_id == wall_id).order_by(Block.id)

    @staticmethod
    def of(wall_id: int, authors: Collection[str]) -> Select[str]:
        """Those of `authors` who are blocked on the wall."""
        return select(Block.author).where(Block.wall_id == wall_id, Block.author.in_(authors))

    @staticmethod
    def stale(at: datetime, limit: int = 500) -> Select[int]:
        """The ids of blocks that no longer have an effect."""
        has_ended = or_(
            Block.created_at <= at - BLOCK_LIFETIME,
            and_(Block.created_at <= at - NETWORK_BLOCK_LIFETIME, Block.author == Block.network),
        )
        return select(Block.id).where(has_ended).limit(limit)

    @staticmethod
    def delete_block(wall_id: int, author: str) -> Delete:
        return delete(Block).where(Block.wall_id == wall_id, Block.author == author)
