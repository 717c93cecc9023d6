"""Acts: what moderators did to which feedback, and what that was like before: the log, and what undo needs."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..clock import now
from .base import TABLE_OPTIONS, Base, Identifier, UTCDateTime
from .moderator import NAME_LENGTH


class Act(Base):
    """One act on one wall, of one or many entries, or of the wall itself (`arrange`, with `before` its old settings).

    The moderator's name is kept beside the reference, since the log outlives the moderator. `undoes` names the act
    that this one took back.
    """

    __tablename__ = "acts"
    __table_args__ = (Index(None, "wall_id", "id"), UniqueConstraint("undoes"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    wall_id: Mapped[int] = mapped_column(ForeignKey("walls.id", ondelete="CASCADE"))
    verb: Mapped[str] = mapped_column(String(20))
    moderator_id: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="SET NULL"))
    moderator_name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    undoes: Mapped[int | None] = mapped_column(ForeignKey("acts.id", ondelete="CASCADE"))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class ActEntry(Base):
    """One entry of an act: what it was before, and its desk version after, by which undo sees later acts of others."""

    __tablename__ = "act_entries"
    __table_args__ = (UniqueConstraint("act_id", "feedback_id"), Index(None, "feedback_id"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    act_id: Mapped[int] = mapped_column(ForeignKey("acts.id", ondelete="CASCADE"))
    feedback_id: Mapped[int] = mapped_column(ForeignKey("feedback.id", ondelete="CASCADE"))
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    desk_version: Mapped[int] = mapped_column(BigInteger)


class Block(Base):
    """An author who may not write on a wall. It lasts as long as the name of the author does, a day or two."""

    __tablename__ = "blocks"
    __table_args__ = (UniqueConstraint("wall_id", "author"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    wall_id: Mapped[int] = mapped_column(ForeignKey("walls.id", ondelete="CASCADE"))
    author: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
