"""Moderators: who may log in, which walls are theirs, and the sessions they have open."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, Select, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column

from ..clock import now
from .base import TABLE_OPTIONS, Base, Identifier, UTCDateTime

NAME_LENGTH = 80
OWNER = "owner"
MODERATOR = "moderator"
IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)


class Moderator(Base):
    """`login` is the name as it is compared: in one case and one form."""

    __tablename__ = "moderators"
    __table_args__ = TABLE_OPTIONS

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    login: Mapped[str] = mapped_column(String(4 * NAME_LENGTH), unique=True)
    password: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    @staticmethod
    def count() -> Select[int]:
        return select(func.count()).select_from(Moderator)


class Membership(Base):
    """What a moderator may do on a wall: an owner arranges it and says who moderates, a moderator acts."""

    __tablename__ = "memberships"
    __table_args__ = (UniqueConstraint("moderator_id", "wall_id"), Index(None, "wall_id"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderators.id", ondelete="CASCADE"))
    wall_id: Mapped[int] = mapped_column(ForeignKey("walls.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(12), default=MODERATOR)


class Login(Base):
    """A session: only a digest of its token is kept. It ends when it was idle for `IDLE`, and after `LONGEST`."""

    __tablename__ = "logins"
    __table_args__ = (Index(None, "moderator_id"), Index(None, "seen_at"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderators.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class Attempt(Base):
    """A try to log in, counted for the name and for the address it came from, each as a keyed digest."""

    __tablename__ = "attempts"
    __table_args__ = (Index(None, "subject", "at"), Index(None, "at"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    subject: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class Setup(Base):
    """The digest of the one-time address at which the first moderator chooses a name and a password."""

    __tablename__ = "setups"
    __table_args__ = TABLE_OPTIONS

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
