"""A wall: a place with an address where feedback stands, and the counter of everything that changed on it."""

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
from .base import LARGEST_ID, TABLE_OPTIONS, Base, Identified, Identifier, UTCDateTime
from .feedback import Feedback
from .former_address import SLUG_LENGTH, FormerAddress, comparable
from .prepared import Prepared, one_of

TITLE_LENGTH = 120
WELCOME_LENGTH = 1000


class Wall(Identified, Base):
    """`version` is the number of changes so far: each change of anything that is public takes the next one.

    Whoever changes a wall loads it by `locked()` and keeps the transaction open to its end, so that versions come in
    the order of commits, without a gap, on every database and from any number of processes.
    """

    __tablename__ = "walls"
    __table_args__ = TABLE_OPTIONS

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    slug: Mapped[str] = mapped_column(String(SLUG_LENGTH), unique=True)
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    version: Mapped[int] = mapped_column(BigInteger, default=0)
    # What changed after this version can still be told; a reader who knows less loads the list anew.
    oldest_version: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    # Every change counts here, also of what is not public: what moderators listen to.
    desk_version: Mapped[int] = mapped_column(BigInteger, default=0)
    # As `oldest_version`, for a moderator's desk_version.
    oldest_desk_version: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    # The version after the latest change of the wall's own title, texts, looks or policy; 0 when there was none.
    arranged: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    archived_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    welcome: Mapped[str] = mapped_column(Text, default="")
    # none, all, first or links: what is held until a moderator publishes it.
    hold: Mapped[str] = mapped_column(String(12), default="none")
    is_closed: Mapped[bool] = mapped_column(Boolean, default=False)
    slow_seconds: Mapped[int] = mapped_column(Integer, default=0)
    # required, optional or never: whether the form asks for a name.
    names: Mapped[str] = mapped_column(String(12), default="required")
    # Who may embed the wall, as in `frame-ancestors`: origins with spaces between, * for anybody, nothing for nobody.
    embedders: Mapped[str] = mapped_column(Text, default="*")
    theme: Mapped[str] = mapped_column(String(8), default="auto")
    # Six hexadecimal digits, or nothing for the product's own.
    accent: Mapped[str] = mapped_column(String(6), default="")
    language: Mapped[str] = mapped_column(String(12), default="en")

    @staticmethod
    def named(slug: str) -> "Select[Wall]":
        return select(Wall).where(Wall.slug == comparable(slug))

    @staticmethod
    def locked(slug: str) -> "Select[Wall]":
        """The wall as it is now, its row locked to the end of the transaction (on SQLite the whole database is)."""
        return Wall.named(slug).with_for_update().execution_options(populate_existing=True)

    @staticmethod
    def all_locked(wall_ids: Iterable[int], *, and_first: bool = False) -> Prepared:
        """These walls, locked in the one order that everybody keeps, so that two who lock several never wait for
        each other; with `and_first` the oldest of all walls too, so that those who ask for it take turns."""
        return Prepared(_ALL_AND_FIRST_LOCKED if and_first else _ALL_LOCKED, {"walls": sorted(wall_ids)})

    @staticmethod
    def locked_numbered(wall_id: int) -> "Select[Wall]":
        return select(Wall).where(Wall.id == wall_id).with_for_update().execution_options(populate_existing=True)

    @staticmethod
    def locked_with(feedback_id: int) -> "Select[Wall]":
        """The wall on which the feedback of that number stands, locked."""
        its_wall = select(Feedback.wall_id).where(Feedback.id == min(feedback_id, LARGEST_ID)).scalar_subquery()
        return select(Wall).where(Wall.id == its_wall).with_for_update().execution_options(populate_existing=True)

    @staticmethod
    def formerly(slug: str) -> "Select[Wall]":
        """The wall that had this address before it was renamed."""
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
        """The walls that strangers are led to."""
        return Wall.all().where(Wall.archived_at.is_(None))

    @staticmethod
    def slugs_from(stem: str) -> Select[str]:
        """The addresses that begin like this."""
        return select(Wall.slug).where(Wall.slug.startswith(stem, autoescape=True))

    @staticmethod
    def deleting(wall_id: int) -> "list[Delete]":
        """What takes the wall away; the database takes away with it whatever else refers to it."""
        return [delete(Feedback).where(Feedback.wall_id == wall_id), delete(Wall).where(Wall.id == wall_id)]

    @staticmethod
    def how_many_on(wall_id: int) -> Select[int]:
        return select(func.count()).where(Feedback.wall_id == wall_id)

    @staticmethod
    def versions(wall_ids: Iterable[int]) -> Select[int, int, int]:
        """Rows of (id, version, desk version)."""
        return select(Wall.id, Wall.version, Wall.desk_version).where(Wall.id.in_(wall_ids))

    @staticmethod
    def states(slugs: Iterable[str]) -> Select[str, int, int]:
        """Rows of (slug, id, version)."""
        return select(Wall.slug, Wall.id, Wall.version).where(Wall.slug.in_(slugs))

    @staticmethod
    def touching_none() -> Update:
        """Changes nothing, and fails where nothing could be changed."""
        return update(Wall).where(false()).values(version=Wall.version)

    def receive(
        self, *, name: str, text: str, author: str, key: str | None = None, reason: str | None = None, **origin: Any
    ) -> Feedback:
        """A new piece of feedback, public at once or held for that reason; `origin` is what Post.origin gives."""
        at = now()
        return Feedback.new(
            wall_id=self.id,
            version=None if reason else self.change(),
            desk_version=self.change_on_the_desk(),
            state="held" if reason else "public",
            reason=reason,
            name=name,
            text=text,
            author=author,
            key=key,
            created_at=at,
            changed_at=at,
            **origin,
        )

    def edit(self, feedback: Feedback, *, name: str, text: str) -> None:
        feedback.name, feedback.text = name, text
        feedback.fold()
        feedback.edited_at = now()
        self._take_versions(feedback, was_public=feedback.is_public)

    def publish(self, feedback: Feedback) -> None:
        with self._changing(feedback):
            feedback.state, feedback.reason = "public", None

    def hide(self, feedback: Feedback) -> None:
        """Take feedback off every screen; moderators still see it."""
        with self._changing(feedback):
            feedback.state, feedback.reason, feedback.pinned_at = "hidden", None, None

    def remove(self, feedback: Feedback) -> None:
        """Take feedback off every screen, also those of moderators; its words are blanked when undo is over."""
        with self._changing(feedback):
            feedback.state, feedback.reason, feedback.pinned_at = "removed", None, None
            feedback.removed_at = feedback.removed_at or now()

    def pin(self, feedback: Feedback) -> None:
        with self._changing(feedback):
            feedback.pinned_at = feedback.pinned_at or now()

    def unpin(self, feedback: Feedback) -> None:
        with self._changing(feedback):
            feedback.pinned_at = None

    def answer(self, feedback: Feedback, *, text: str, by: str) -> None:
        """Put an answer under feedback, or a better one in its place; without a text, take it back."""
        with self._changing(feedback):
            if text != (feedback.answer or ""):
                feedback.answer = text or None
                feedback.answered_by, feedback.answered_at = (by, now()) if text else (None, None)
                feedback.fold()

    def restore(self, feedback: Feedback, condition: Mapping[str, Any]) -> None:
        """Bring back what was before an act."""
        with self._changing(feedback):
            feedback.restore(condition)

    def note(self, feedback: Feedback) -> None:
        """Something about feedback is different for moderators only."""
        feedback.desk_version = self.change_on_the_desk()

    def forget(self, feedback: Feedback) -> None:
        """Before the row of something removed is deleted: who has not heard of its end yet must load the list anew."""
        self.oldest_version = max(self.oldest_version, feedback.version or 0)
        self.oldest_desk_version = max(self.oldest_desk_version, feedback.desk_version)

    @property
    def is_open(self) -> bool:
        """Whether anybody may write on it."""
        return not self.is_closed and self.archived_at is None

    @property
    def frame_ancestors(self) -> str:
        """Who may show the wall in a frame, as the directive of that name in a content security policy has it.

        Our own pages show it too, to those who choose what it looks like.
        """
        if not self.embedders:
            return "'none'"
        return self.embedders if self.embedders == "*" else f"'self' {self.embedders}"

    def arrange(self, arrangement: Mapping[str, Any]) -> dict[str, Any]:
        """Take on what is different in the arrangement; gives what that was before, nothing where nothing is."""
        before = {name: getattr(self, name) for name in arrangement if getattr(self, name) != arrangement[name]}
        for name in before:
            setattr(self, name, arrangement[name])
        return before and self._note_arranging(before)

    def rename(self, slug: str) -> dict[str, Any]:
        before = {"slug": self.slug}
        self.slug = slug
        return self._note_arranging(before)

    def archive(self) -> dict[str, Any]:
        """Keep it for reading; strangers are not led to it any more."""
        self.archived_at = now()
        return self._note_arranging({"is_archived": False})

    def unarchive(self) -> dict[str, Any]:
        self.archived_at = None
        return self._note_arranging({"is_archived": True})

    def _note_arranging(self, before: dict[str, Any]) -> dict[str, Any]:
        """Tell every open page; `arranged` says in the log which arrangement this one came after."""
        noted = {**before, "arranged": self.arranged}
        self.arranged = self.change()
        self.change_on_the_desk()
        return noted

    def change(self) -> int:
        """Take the next version."""
        self.version += 1
        return self.version

    def change_on_the_desk(self) -> int:
        """Take the next version of what moderators see."""
        self.desk_version += 1
        return self.desk_version

    @contextmanager
    def _changing(self, feedback: Feedback) -> Iterator[None]:
        """What is different afterwards takes its versions; where nothing is, none is taken."""
        before, was_public = feedback.condition, feedback.is_public
        yield
        if feedback.condition != before:
            self._take_versions(feedback, was_public=was_public)

    def _take_versions(self, feedback: Feedback, *, was_public: bool) -> None:
        """What is not public and was not is news for the desk alone."""
        feedback.desk_version = self.change_on_the_desk()
        if was_public or feedback.is_public:
            feedback.version = self.change()


_LOCKED = select(Wall).order_by(Wall.id).with_for_update().execution_options(populate_existing=True)
_FIRST = select(func.min(Wall.id)).scalar_subquery()
_ALL_LOCKED = _LOCKED.where(one_of(Wall.id, "walls", Identifier))
_ALL_AND_FIRST_LOCKED = _LOCKED.where(one_of(Wall.id, "walls", Identifier, or_else=_FIRST))
