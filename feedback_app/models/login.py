"""Logins: the sessions that are open, the tries to open one, and the addresses at which an account is made."""

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, Select, String, func, select
from sqlalchemy.orm import Mapped, mapped_column

from ..clock import now
from .base import TABLE_OPTIONS, Base, Identifier, UTCDateTime
from .moderator import Moderator

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
# How exactly it is known when a session was last used.
SEEN = timedelta(minutes=5)


class Login(Base):
    """A session: only a digest of its token is kept. It ends when it was idle for `IDLE`, and after `LONGEST`."""

    __tablename__ = "logins"
    __table_args__ = (Index(None, "moderator_id"), Index(None, "seen_at"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderators.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    @staticmethod
    def open_with(token: str, at: datetime) -> "Select[Moderator, Login]":
        """Rows of (moderator, login): one, or none when there is no such session any more."""
        return (
            select(Moderator, Login)
            .join(Login, Login.moderator_id == Moderator.id)
            .where(Login.token == digest(token), Login.seen_at > at - IDLE, Login.created_at > at - LONGEST)
        )

    def is_to_be_seen(self, at: datetime) -> bool:
        """Whether it is time to write down that the session is in use."""
        return at - self.seen_at > SEEN


class Attempt(Base):
    """A try to log in, counted for the name and for the address it came from, each as a keyed digest."""

    __tablename__ = "attempts"
    __table_args__ = (Index(None, "subject", "at"), Index(None, "at"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    subject: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    @staticmethod
    def times_of(subjects: Collection[str], *, since: datetime, until: datetime) -> Select[str, int, datetime]:
        """Rows of (subject, how many tries, the earliest of them)."""
        return (
            select(Attempt.subject, func.count(), func.min(Attempt.at))
            .where(Attempt.subject.in_(subjects), Attempt.at > since, Attempt.at <= until)
            .group_by(Attempt.subject)
        )


class Setup(Base):
    """The digest of the one-time address at which the first moderator chooses a name and a password."""

    __tablename__ = "setups"
    __table_args__ = TABLE_OPTIONS

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


def digest(token: str) -> str:
    """What is stored of a token. It is as random as a key, so that a plain digest gives nothing away."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
