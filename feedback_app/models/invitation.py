"""Invitations: one-time links with which a person creates a moderator account (table `setups`)."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Delete, ForeignKey, Index, Select, String, delete, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from ..clock import now
from .base import LARGEST_ID, TABLE_OPTIONS, Base, Identifier, UTCDateTime
from .login import STALE, digest
from .wall import Wall

INVITATION = timedelta(days=7)
# Processes that start within this time each print a valid link. A later start voids earlier links.
CONCURRENT_STARTS = timedelta(minutes=10)


class Invitation(Base):
    """A one-time link to choose a name and a password; only a digest of its token is stored.

    The first moderator's has no `wall_id` and gives ownership of all walls. Any other is for one wall, and ends with
    the membership of the moderator who created it.
    """

    __tablename__ = "setups"
    __table_args__ = (Index(None, "wall_id"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    wall_id: Mapped[int | None] = mapped_column(ForeignKey("walls.id", ondelete="CASCADE"))
    role: Mapped[str | None] = mapped_column(String(12))
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    @classmethod
    def first(cls, token: str) -> "Invitation":
        """The invitation for the first moderator."""
        return cls(token=digest(token))

    @classmethod
    def invitation(cls, token: str, wall: Wall, role: str, invited_by: int) -> "Invitation":
        """An invitation to a wall; `invited_by` is a moderator id."""
        return cls(token=digest(token), wall_id=wall.id, role=role, invited_by=invited_by)

    @property
    def is_first(self) -> bool:
        return self.wall_id is None

    @property
    def ends_at(self) -> datetime:
        return self.created_at + INVITATION

    @staticmethod
    def with_token(token: str, at: datetime) -> "Select[Invitation]":
        """The invitation with this token, unless it has expired at `at`."""
        return select(Invitation).where(
            Invitation.token == digest(token), or_(Invitation.wall_id.is_(None), _is_fresh(at))
        )

    @staticmethod
    def locked(token: str, at: datetime) -> "Select[Invitation]":
        """The invitation, locked until the end of the transaction, so that it is used only once."""
        return Invitation.with_token(token, at).with_for_update()

    @staticmethod
    def firsts() -> "Select[Invitation]":
        """The invitations for the first moderator, locked until the end of the transaction."""
        return select(Invitation).where(Invitation.wall_id.is_(None)).order_by(Invitation.id).with_for_update()

    @staticmethod
    def invitations(wall_id: int, at: datetime) -> "Select[Invitation]":
        return select(Invitation).where(Invitation.wall_id == wall_id, _is_fresh(at)).order_by(Invitation.id)

    @staticmethod
    def delete_invitations(wall_id: int, *, number: int | None = None, by: int | None = None) -> Delete:
        """Delete the invitation to this wall with id `number`, or all created by the moderator `by`."""
        of_wall = delete(Invitation).where(Invitation.wall_id == wall_id)
        return (
            of_wall.where(Invitation.id == min(number, LARGEST_ID))
            if number is not None
            else of_wall.where(Invitation.invited_by == by)
        )

    @staticmethod
    def stale(at: datetime, limit: int = STALE) -> Select[int]:
        """The ids of expired invitations."""
        return select(Invitation.id).where(Invitation.wall_id.is_not(None), ~_is_fresh(at)).limit(limit)


def _is_fresh(at: datetime) -> ColumnElement[bool]:
    return Invitation.created_at > at - INVITATION
