"""Moderator accounts, and memberships: the role (owner or moderator) of each account on each wall."""

import unicodedata
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ForeignKey, Index, Select, String, UniqueConstraint, exists, func, select
from sqlalchemy.orm import Mapped, mapped_column

from ..clock import now
from .base import LARGEST_ID, TABLE_OPTIONS, Base, Identifier, UTCDateTime
from .wall import Wall

NAME_LENGTH = 80
LOGIN_LENGTH = 4 * NAME_LENGTH
OWNER = "owner"
MODERATOR = "moderator"
ROLES = (OWNER, MODERATOR)


class Moderator(Base):
    """An account. `login` is the name normalised for comparison (case-folded NFKC)."""

    __tablename__ = "moderators"
    __table_args__ = TABLE_OPTIONS

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    login: Mapped[str] = mapped_column(String(LOGIN_LENGTH), unique=True)
    password: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    @classmethod
    def new(cls, name: str, password: str) -> "Moderator":
        """A new account; `password` is the password hash."""
        return cls(name=name, login=login_of(name), password=password)

    @staticmethod
    def all() -> "Select[Moderator]":
        return select(Moderator).order_by(Moderator.login)

    @staticmethod
    def count() -> Select[int]:
        return select(func.count()).select_from(Moderator)

    @staticmethod
    def called(name: str) -> "Select[Moderator]":
        """The moderator with this name, case-insensitive."""
        return Moderator.with_login(login_of(name))

    @staticmethod
    def with_login(login: str) -> "Select[Moderator]":
        return select(Moderator).where(Moderator.login == login)

    @staticmethod
    def locked(moderator_id: int) -> "Select[Moderator]":
        """The moderator, reloaded and locked until the end of the transaction."""
        found = select(Moderator).where(Moderator.id == moderator_id)
        return found.with_for_update().execution_options(populate_existing=True)


class Membership(Base):
    """A role on a wall: moderators moderate; owners also change the settings and manage moderators."""

    __tablename__ = "memberships"
    __table_args__ = (UniqueConstraint("moderator_id", "wall_id"), Index(None, "wall_id"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderators.id", ondelete="CASCADE"))
    wall_id: Mapped[int] = mapped_column(ForeignKey("walls.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(12), default=MODERATOR)

    @property
    def is_owner(self) -> bool:
        return self.role == OWNER

    @staticmethod
    def wall(wanted: "Select[Wall]", moderator_id: int, role: str = MODERATOR) -> "Select[Wall]":
        """`wanted`, limited to walls on which the moderator has at least this role (owner includes moderator)."""
        found = wanted.join(Membership, Membership.wall_id == Wall.id)
        found = found.where(Membership.moderator_id == moderator_id)
        return found.where(Membership.role == OWNER) if role == OWNER else found

    @staticmethod
    def walls(moderator_id: int, role: str = MODERATOR) -> "Select[Wall]":
        """All walls on which the moderator has at least this role."""
        found = Wall.all().join(Membership, Membership.wall_id == Wall.id)
        found = found.where(Membership.moderator_id == moderator_id)
        return found.where(Membership.role == OWNER) if role == OWNER else found

    @staticmethod
    def of(moderator_id: int, wall_id: int) -> "Select[Membership]":
        return select(Membership).where(Membership.moderator_id == moderator_id, Membership.wall_id == wall_id)

    @staticmethod
    def member(moderator_id: int, wall_id: int) -> "Select[Moderator]":
        """The moderator with this id, if they are a member of the wall."""
        found = select(Moderator).join(Membership, Membership.moderator_id == Moderator.id)
        return found.where(Moderator.id == min(moderator_id, LARGEST_ID), Membership.wall_id == wall_id)

    @staticmethod
    def on(wall_id: int) -> "Select[Moderator, Membership]":
        """Rows of (moderator, membership) for a wall, owners first."""
        return (
            select(Moderator, Membership)
            .join(Membership, Membership.moderator_id == Moderator.id)
            .where(Membership.wall_id == wall_id)
            .order_by(Membership.role == MODERATOR, Moderator.login)
        )

    @staticmethod
    def roles_of(moderator_id: int) -> "Select[Wall, str]":
        """Rows of (wall, role)."""
        found = select(Wall, Membership.role).join(Membership, Membership.wall_id == Wall.id)
        return found.where(Membership.moderator_id == moderator_id).order_by(Wall.slug)

    @staticmethod
    def among(moderator_id: int, wall_ids: Collection[int]) -> Select[int]:
        """The ids of those walls on which the moderator has any role."""
        return select(Membership.wall_id).where(
            Membership.moderator_id == moderator_id, Membership.wall_id.in_(wall_ids)
        )

    @staticmethod
    def all_roles() -> Select[int, str, str]:
        """Rows of (moderator id, slug, role)."""
        found = select(Membership.moderator_id, Wall.slug, Membership.role)
        return found.join(Wall, Wall.id == Membership.wall_id).order_by(Wall.slug)

    @staticmethod
    def owners(wall_id: int) -> Select[int]:
        """The number of owners of a wall."""
        found = select(func.count()).select_from(Membership)
        return found.where(Membership.wall_id == wall_id, Membership.role == OWNER)

    @staticmethod
    def owners_of(wall_id: int) -> "Select[str]":
        """The names of the owners of a wall."""
        found = select(Moderator.name).join(Membership, Membership.moderator_id == Moderator.id)
        return found.where(Membership.wall_id == wall_id, Membership.role == OWNER).order_by(Moderator.login)

    @staticmethod
    def unowned_walls() -> "Select[Wall]":
        owned = exists().where(Membership.wall_id == Wall.id, Membership.role == OWNER)
        return Wall.all().where(~owned)


def login_of(name: str) -> str:
    """The name normalised for comparison: `Ann` equals `ann`, and full-width letters equal plain ones."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
