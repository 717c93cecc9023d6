"""Logins: the sessions that are open, and the tries to open one."""

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Delete, ForeignKey, Index, Select, String, Update, delete, func, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ..clock import now
from .base import TABLE_OPTIONS, Base, Identifier, UTCDateTime
from .moderator import Membership, Moderator

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
# How exactly it is known when a session was last used.
SEEN = timedelta(minutes=5)
# How long a try to log in is counted.
COUNTED = timedelta(hours=1)
# How many rows a purge takes at once.
STALE = 500


class LoginSession(Base):
    """A session: only a digest of its token is kept. It ends when it was idle for `IDLE`, and after `LONGEST`."""

    __tablename__ = "logins"
    __table_args__ = (Index(None, "moderator_id"), Index(None, "seen_at"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderators.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    @classmethod
    def opened(cls, moderator_id: int, token: str) -> "LoginSession":
        return cls(moderator_id=moderator_id, token=digest(token))

    @staticmethod
    def update_seen(login_id: int, at: datetime) -> Update:
        """Write down that the session is in use."""
        return update(LoginSession).where(LoginSession.id == login_id).values(seen_at=at)

    @staticmethod
    def open_with(token: str, at: datetime) -> "Select[Moderator, LoginSession]":
        """Rows of (moderator, login): one, or none when there is no such session any more."""
        return (
            select(Moderator, LoginSession)
            .join(LoginSession, LoginSession.moderator_id == Moderator.id)
            .where(
                LoginSession.token == digest(token),
                LoginSession.seen_at > at - IDLE,
                LoginSession.created_at > at - LONGEST,
            )
        )

    @staticmethod
    def of(moderator_id: int, at: datetime) -> "Select[LoginSession]":
        """The sessions that somebody has open, the latest first."""
        mine = select(LoginSession).where(LoginSession.moderator_id == moderator_id)
        return mine.where(LoginSession.seen_at > at - IDLE, LoginSession.created_at > at - LONGEST).order_by(
            LoginSession.seen_at.desc()
        )

    @staticmethod
    def ending(token: str) -> Delete:
        """End the session with this token, if there is one."""
        return delete(LoginSession).where(LoginSession.token == digest(token))

    @staticmethod
    def ending_all(moderator_id: int) -> Delete:
        return delete(LoginSession).where(LoginSession.moderator_id == moderator_id)

    @staticmethod
    def stale(at: datetime, limit: int = STALE) -> Select[int]:
        """The numbers of sessions that have ended by themselves."""
        over = or_(LoginSession.seen_at <= at - IDLE, LoginSession.created_at <= at - LONGEST)
        return select(LoginSession.id).where(over).limit(limit)

    @staticmethod
    def rights(sessions: Collection[str], at: datetime) -> Select[str, int]:
        """Rows of (session, number of a wall that it opens): which of these, by their digests, open what just now."""
        return (
            select(LoginSession.token, Membership.wall_id)
            .join(Membership, Membership.moderator_id == LoginSession.moderator_id)
            .where(
                LoginSession.token.in_(sessions),
                LoginSession.seen_at > at - IDLE,
                LoginSession.created_at > at - LONGEST,
            )
        )

    def is_to_be_seen(self, at: datetime) -> bool:
        """Whether it is time to write down that the session is in use."""
        return at - self.seen_at > SEEN


class LoginAttempt(Base):
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
            select(LoginAttempt.subject, func.count(), func.min(LoginAttempt.at))
            .where(LoginAttempt.subject.in_(subjects), LoginAttempt.at > since, LoginAttempt.at <= until)
            .group_by(LoginAttempt.subject)
        )

    @staticmethod
    def forgetting(attempts: Collection[int]) -> Delete:
        return delete(LoginAttempt).where(LoginAttempt.id.in_(attempts))

    @staticmethod
    def stale(at: datetime, limit: int = STALE) -> Select[int]:
        """The numbers of tries that do not count any more."""
        return select(LoginAttempt.id).where(LoginAttempt.at <= at - COUNTED).limit(limit)


def digest(token: str) -> str:
    """What is stored of a token. It is as random as a key, so that a plain digest gives nothing away."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
