"""Wall: a page of feedback with a slug and settings, its change counter (`version`), and the verbs that change it."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Delete,
    Integer,
    Select,
    String,
    Text,
    Update,
    delete,
    false,
    func,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from ..clock import now
from .base import LARGEST_ID, TABLE_OPTIONS, Base, EntryState, Hold, Identified, Identifier, NameRule, UTCDateTime
from .feedback import Feedback
from .former_address import SLUG_LENGTH, FormerAddress, comparable
from .prepared import Prepared, one_of
from .search_text import folded

TITLE_LENGTH = 120
WELCOME_LENGTH = 1000


class Wall(Identified, Base):
    """A wall. `version` counts changes: each change of anything public takes the next version.

    Code that changes a wall loads it with `locked()` and holds the row lock until the commit. Versions therefore come
    in commit order, without gaps, on every database and from any number of processes.
    """

    __tablename__ = "walls"
    __table_args__ = TABLE_OPTIONS

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    slug: Mapped[str] = mapped_column(String(SLUG_LENGTH), unique=True)
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    version: Mapped[int] = mapped_column(BigInteger, default=0)
    # Changes after this version can still be caught up on; a reader with an older version reloads the list.
    oldest_version: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    # Counts every change, including changes that only moderators see.
    desk_version: Mapped[int] = mapped_column(BigInteger, default=0)
    # As `oldest_version`, for desk_version.
    oldest_desk_version: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    # The version after the latest change of the wall's settings; 0 if there was none.
    arranged: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    archived_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    welcome: Mapped[str] = mapped_column(Text, default="")
    hold: Mapped[str] = mapped_column(String(12), default=Hold.NONE)
    is_closed: Mapped[bool] = mapped_column(Boolean, default=False)
    slow_seconds: Mapped[int] = mapped_column(Integer, default=0)
    names: Mapped[str] = mapped_column(String(12), default=NameRule.REQUIRED)
    # Origins that may embed the wall, space-separated as in `frame-ancestors`; * for any, empty for none.
    embedders: Mapped[str] = mapped_column(Text, default="*")
    theme: Mapped[str] = mapped_column(String(8), default="auto")
    # Six hexadecimal digits, or empty for the default colour.
    accent: Mapped[str] = mapped_column(String(6), default="")
    language: Mapped[str] = mapped_column(String(12), default="en")

    @staticmethod
    def named(slug: str) -> "Select[Wall]":
        return select(Wall).where(Wall.slug == comparable(slug))

    @staticmethod
    def locked(slug: str) -> "Select[Wall]":
        """The wall, reloaded, its row locked until the end of the transaction (SQLite locks the whole database)."""
        return Wall.named(slug).with_for_update().execution_options(populate_existing=True)

    @staticmethod
    def all_locked(wall_ids: Iterable[int], *, and_first: bool = False) -> Prepared:
        """These walls, locked in order of id to prevent deadlocks.

        With `and_first` the oldest wall is locked too, so that all transactions that use it run one after the other.
        """
        return Prepared(_ALL_AND_FIRST_LOCKED if and_first else _ALL_LOCKED, {"walls": sorted(wall_ids)})

    @staticmethod
    def locked_numbered(wall_id: int) -> "Select[Wall]":
        return select(Wall).where(Wall.id == wall_id).with_for_update().execution_options(populate_existing=True)

    @staticmethod
    def locked_with(feedback_id: int) -> "Select[Wall]":
        """The wall of this feedback, locked."""
        wall_id = select(Feedback.wall_id).where(Feedback.id == min(feedback_id, LARGEST_ID)).scalar_subquery()
        return select(Wall).where(Wall.id == wall_id).with_for_update().execution_options(populate_existing=True)

    @staticmethod
    def formerly(slug: str) -> "Select[Wall]":
        """The wall that had this slug before it was renamed."""
        return (
            select(Wall)
            .join(FormerAddress, FormerAddress.wall_id == Wall.id)
            .where(FormerAddress.slug == comparable(slug))
        )

    @staticmethod
    def all() -> "Select[Wall]":
        return select(Wall).order_by(Wall.slug)

    @staticmethod
    def among(wall_ids: Iterable[int]) -> "Select[Wall]":
        return Wall.all().where(Wall.id.in_(wall_ids))

    @staticmethod
    def listed() -> "Select[Wall]":
        """The walls that are publicly listed."""
        return Wall.all().where(Wall.archived_at.is_(None))

    @staticmethod
    def slugs_from(stem: str) -> Select[str]:
        """The slugs that start with `stem`."""
        return select(Wall.slug).where(Wall.slug.startswith(stem, autoescape=True))

    @staticmethod
    def delete_wall(wall_id: int) -> "list[Delete]":
        """Statements that delete the wall and its feedback; foreign keys delete the rest by cascade."""
        return [delete(Feedback).where(Feedback.wall_id == wall_id), delete(Wall).where(Wall.id == wall_id)]

    @staticmethod
    def count_on(wall_id: int) -> Select[int]:
        """The number of entries on a wall, in any state."""
        return select(func.count()).where(Feedback.wall_id == wall_id)

    @staticmethod
    def versions(wall_ids: Iterable[int]) -> Select[int, int, int]:
        """Rows of (id, version, desk_version)."""
        return select(Wall.id, Wall.version, Wall.desk_version).where(Wall.id.in_(wall_ids))

    @staticmethod
    def states(slugs: Iterable[str]) -> Select[str, int, int]:
        """Rows of (slug, id, version)."""
        return select(Wall.slug, Wall.id, Wall.version).where(Wall.slug.in_(slugs))

    @staticmethod
    def no_op_update() -> Update:
        """An update of no rows, which fails where the database is read-only."""
        return update(Wall).where(false()).values(version=Wall.version)

    def receive(
        self, *, name: str, text: str, author: str, key: str | None = None, reason: str | None = None, **origin: Any
    ) -> Feedback:
        """A new entry, public or, with a `reason`, held; `origin` comes from `Submission.origin`."""
        at = now()
        return Feedback(
            wall_id=self.id,
            version=None if reason else self.change(),
            desk_version=self.change_for_moderators(),
            state=EntryState.HELD if reason else EntryState.PUBLIC,
            reason=reason,
            name=name,
            text=text,
            folded=folded(name, text),
            author=author,
            key=key,
            created_at=at,
            changed_at=at,
            **origin,
        )

    def edit(self, feedback: Feedback, *, name: str, text: str) -> None:
        """Replace the name and the text of an entry."""
        feedback.name, feedback.text = name, text
        feedback.fold()
        feedback.edited_at = now()
        self._take_versions(feedback, was_public=feedback.is_public)

    def publish(self, feedback: Feedback) -> None:
        with self._changing(feedback):
            feedback.state, feedback.reason = EntryState.PUBLIC, None

    def hide(self, feedback: Feedback) -> None:
        """Hide an entry from the public; moderators still see it."""
        with self._changing(feedback):
            feedback.state, feedback.reason, feedback.pinned_at = EntryState.HIDDEN, None, None

    def remove(self, feedback: Feedback) -> None:
        """Remove an entry for moderators too. Its text is blanked when it can no longer be undone."""
        with self._changing(feedback):
            feedback.state, feedback.reason, feedback.pinned_at = EntryState.REMOVED, None, None
            feedback.removed_at = feedback.removed_at or now()

    def pin(self, feedback: Feedback) -> None:
        with self._changing(feedback):
            feedback.pinned_at = feedback.pinned_at or now()

    def unpin(self, feedback: Feedback) -> None:
        with self._changing(feedback):
            feedback.pinned_at = None

    def answer(self, feedback: Feedback, *, text: str, by: str) -> None:
        """Set or replace the answer to an entry; an empty text deletes it."""
        with self._changing(feedback):
            if text != (feedback.answer or ""):
                feedback.answer = text or None
                feedback.answered_by, feedback.answered_at = (by, now()) if text else (None, None)
                feedback.fold()

    def restore(self, feedback: Feedback, condition: Mapping[str, Any]) -> None:
        """Restore the state before an act (see `Feedback.condition`)."""
        with self._changing(feedback):
            feedback.restore(condition)

    def note(self, feedback: Feedback) -> None:
        """Mark an entry as changed for moderators only."""
        feedback.desk_version = self.change_for_moderators()

    def forget(self, feedback: Feedback) -> None:
        """Call before a tombstone is deleted: a reader who has not caught up on it must reload the list."""
        self.oldest_version = max(self.oldest_version, feedback.version or 0)
        self.oldest_desk_version = max(self.oldest_desk_version, feedback.desk_version)

    @property
    def is_open(self) -> bool:
        """Whether the wall accepts posts."""
        return not self.is_closed and self.archived_at is None

    @property
    def frame_ancestors(self) -> str:
        """The value of the CSP directive `frame-ancestors`.

        It includes `'self'`, since the settings page shows a preview.
        """
        if not self.embedders:
            return "'none'"
        return self.embedders if self.embedders == "*" else f"'self' {self.embedders}"

    def update_settings(self, arrangement: Mapping[str, Any]) -> dict[str, Any]:
        """Set what differs in `arrangement` (column -> value).

        Returns the former values and the former settings version (`arranged`), or an empty dict if nothing differs.
        """
        before = {name: getattr(self, name) for name in arrangement if getattr(self, name) != arrangement[name]}
        for name in before:
            setattr(self, name, arrangement[name])
        return before and self._record_settings_change(before)

    def rename(self, slug: str) -> dict[str, Any]:
        """Change the slug. Returns the former values, as `update_settings` does."""
        before = {"slug": self.slug}
        self.slug = slug
        return self._record_settings_change(before)

    def archive(self) -> dict[str, Any]:
        """Make the wall read-only and unlisted. Returns the former values, as `update_settings` does."""
        self.archived_at = now()
        return self._record_settings_change({"is_archived": False})

    def unarchive(self) -> dict[str, Any]:
        """Undo `archive`. Returns the former values, as `update_settings` does."""
        self.archived_at = None
        return self._record_settings_change({"is_archived": True})

    def _record_settings_change(self, before: dict[str, Any]) -> dict[str, Any]:
        """Take the next version, so that open pages refresh. `arranged` records the former settings version."""
        former = {**before, "arranged": self.arranged}
        self.arranged = self.change()
        self.change_for_moderators()
        return former

    def change(self) -> int:
        """Take the next version of the public page."""
        self.version += 1
        return self.version

    def change_for_moderators(self) -> int:
        """Take the next version of the moderation queue."""
        self.desk_version += 1
        return self.desk_version

    @contextmanager
    def _changing(self, feedback: Feedback) -> Iterator[None]:
        """Take the next versions if the entry differs afterwards."""
        before, was_public = feedback.condition, feedback.is_public
        yield
        if feedback.condition != before:
            self._take_versions(feedback, was_public=was_public)

    def _take_versions(self, feedback: Feedback, *, was_public: bool) -> None:
        """Only moderators get a new version when the entry is not public and was not."""
        feedback.desk_version = self.change_for_moderators()
        if was_public or feedback.is_public:
            feedback.version = self.change()


_LOCKED = select(Wall).order_by(Wall.id).with_for_update().execution_options(populate_existing=True)
_FIRST = select(func.min(Wall.id)).scalar_subquery()
_ALL_LOCKED = _LOCKED.where(one_of(Wall.id, "walls", Identifier))
_ALL_AND_FIRST_LOCKED = _LOCKED.where(one_of(Wall.id, "walls", Identifier, or_else=_FIRST))
