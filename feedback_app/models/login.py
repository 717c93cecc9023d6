"""Login sessions of moderators, and login attempts for the login rate limit."""

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
# `seen_at` is updated at most this often.
SEEN = timedelta(minutes=5)
# Attempts older than this are not counted.
COUNTED = timedelta(hours=1)
# Rows per retention batch.
STALE = 500


class LoginSession(Base):
    """A login session; only a digest of its token is stored. It expires after `IDLE` without use, or `LONGEST`."""

    __tablename__ = "logins"
    __table_args__ = (Index(None, "moderator_id"), Index(None, "seen_at"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderators.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    @classmethod
    def opened(cls, moderator_id: int, token: str) -> "LoginSession":
        """A new session with this token."""
        return cls(moderator_id=moderator_id, token=digest(token))

    @staticmethod
    def update_seen(login_id: int, at: datetime) -> Update:
        """Record that the session is in use."""
        return update(LoginSession).where(LoginSession.id == login_id).values(seen_at=at)

    @staticmethod
    def open_with(token: str, at: datetime) -> "Select[Moderator, LoginSession]":
        """At most one row of (moderator, session): the unexpired session with this token."""
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
        """A moderator's open sessions, most recently used first."""
        mine = select(LoginSession).where(LoginSession.moderator_id == moderator_id)
        return mine.where(LoginSession.seen_at > at - IDLE, LoginSession.created_at > at - LONGEST).order_by(
            LoginSession.seen_at.desc()
        )

    @staticmethod
    def delete_session(token: str) -> Delete:
        """End the session with this token, if it exists."""
        return delete(LoginSession).where(LoginSession.token == digest(token))

    @staticmethod
    def delete_all(moderator_id: int) -> Delete:
        """End all sessions of a moderator."""
        return delete(LoginSession).where(LoginSession.moderator_id == moderator_id)

    @staticmethod
    def stale(at: datetime, limit: int = STALE) -> Select[int]:
        """The ids of expired sessions."""
        is_expired = or_(LoginSession.seen_at <= at - IDLE, LoginSession.created_at <= at - LONGEST)
        return select(LoginSession.id).where(is_expired).limit(limit)

    @staticmethod
    def rights(sessions: Collection[str], at: datetime) -> Select[str, int]:
        """Rows of (token digest, wall id): the walls that these sessions, given by token digest, may moderate now."""
        return (
            select(LoginSession.token, Membership.wall_id)
            .join(Membership, Membership.moderator_id == LoginSession.moderator_id)
            .where(
                LoginSession.token.in_(sessions),
                LoginSession.seen_at > at - IDLE,
                LoginSession.created_at > at - LONGEST,
            )
        )

    def needs_seen_update(self, at: datetime) -> bool:
        """Whether `seen_at` is older than `SEEN`."""
        return at - self.seen_at > SEEN


class LoginAttempt(Base):
    """A login attempt, counted per name and per network address; `subject` is a keyed digest of either."""

    __tablename__ = "attempts"
    __table_args__ = (Index(None, "subject", "at"), Index(None, "at"), TABLE_OPTIONS)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    subject: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    @staticmethod
    def times_of(subjects: Collection[str], *, since: datetime, until: datetime) -> Select[str, int, datetime]:
        """Rows of (subject, number of attempts, time of the earliest)."""
        return (
            select(LoginAttempt.subject, func.count(), func.min(LoginAttempt.at))
            .where(LoginAttempt.subject.in_(subjects), LoginAttempt.at > since, LoginAttempt.at <= until)
            .group_by(LoginAttempt.subject)
        )

    @staticmethod
    def delete_attempts(attempts: Collection[int]) -> Delete:
        return delete(LoginAttempt).where(LoginAttempt.id.in_(attempts))

    @staticmethod
    def stale(at: datetime, limit: int = STALE) -> Select[int]:
        """The ids of attempts that are no longer counted."""
        return select(LoginAttempt.id).where(LoginAttempt.at <= at - COUNTED).limit(limit)


def digest(token: str) -> str:
    """The SHA-256 of a token, in hexadecimal. Tokens are random enough to need no salt or slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
