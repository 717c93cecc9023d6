"""A piece of feedback: a name and a few words on a wall."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    ForeignKey,
    Index,
    Insert,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    Update,
    case,
    false,
    func,
    insert,
    inspect,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column
from sqlalchemy.orm.attributes import set_committed_value

from ..clock import now
from .base import LARGEST_ID, TABLE_OPTIONS, Base, Identifier, UTCDateTime
from .pagination import SLICE, newest_first
from .prepared import Unknown
from .search_text import UNFOLDED, Folded, folded

NAME_LENGTH = 80
NAME_CODE_POINTS = 320
TEXT_LENGTH = 2000
TEXT_CODE_POINTS = 8000
MOST_PINNED = 3
# Of visitors and of networks: half a SHA-256 is enough to tell them apart. Networks had 64 once.
PSEUDONYM_LENGTH = 32
MOST_READ = 1000
LONG = 700
LONG_LINES = 14
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
# What it has when it is new.
NEW = (
    *("wall_id", "version", "desk_version", "state", "reason", "created_at", "changed_at"),
    *("name", "text", "folded", "author", "network", "is_newcomer", "key"),
)
# What is left of words that are gone for good.
BLANK = {
    **dict.fromkeys(("name", "text", "folded", "author"), ""),
    **dict.fromkeys(("network", "key", "answer", "answered_by", "answered_at", "removed_at")),
}
# What acts of moderators change, and undo brings back.
CONDITION = ("state", "reason", "pinned_at", "removed_at", "answer", "answered_by", "answered_at")


class Feedback(Folded, Base):
    """`version` is the wall's version after the latest change of this row, so that the table is its own log.

    "What is new since 41?" is every row with a greater version; a row that is not public any more stays as the news
    that it is to be taken away. Rows that never were public have no version and are heard of by nobody.
    `author` is the pseudonym of a visitor or, without a visitor token, that of their network address for the day;
    `network` is that of the address in any case, None where it is not known. `key` makes a repeated form one entry.
    """

    # Set where it was stored before the post that asks for it.
    is_repeated = False

    __tablename__ = "feedback"
    __table_args__ = (
        UniqueConstraint("wall_id", "version"),
        UniqueConstraint("wall_id", "key"),
        Index(None, "wall_id", "state", "id"),
        Index(None, "wall_id", "desk_version"),
        Index(None, "wall_id", "pinned_at"),
        Index(None, "removed_at"),
        Index(None, "author", "created_at"),
        Index(None, "network", "is_newcomer", "created_at"),
        UNFOLDED,
        TABLE_OPTIONS,
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    wall_id: Mapped[int] = mapped_column(ForeignKey("walls.id"))
    version: Mapped[int | None] = mapped_column(BigInteger)
    # As `version`, but of every change, also of what is not public; of the wall's desk_version.
    desk_version: Mapped[int] = mapped_column(BigInteger, default=0)
    # public, held (not yet looked at), hidden (a moderator took it off) or removed (its words will be blanked).
    state: Mapped[str] = mapped_column(String(12), default="public")
    # Why it was held: the wall's `hold` at that time, or `address` or `blocked` (policies.py).
    reason: Mapped[str | None] = mapped_column(String(12))
    pinned_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[str | None] = mapped_column(String(NAME_LENGTH))
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    name: Mapped[str] = mapped_column(String(NAME_CODE_POINTS))
    text: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(String(64))
    network: Mapped[str | None] = mapped_column(String(PSEUDONYM_LENGTH))
    # Whether it came without a visitor token, so that it counts for the allowance of its network.
    is_newcomer: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    key: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    edited_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=now, onupdate=now)

    @classmethod
    def new(cls, **values: Any) -> "Feedback":
        """One with these values. To set them one by one would note each as a change, which takes longer than to store
        them."""
        made: Feedback = inspect(cls).class_manager.new_instance()
        made.__dict__.update(_unset(), **values, folded=folded(**values))
        return made

    @property
    def is_public(self) -> bool:
        return self.state == "public"

    @property
    def is_waiting(self) -> bool:
        return self.state == "held"

    @property
    def pin(self) -> int:
        """Which pinned entry stands above which: a whole number that a page can compare; 0 for what is not pinned."""
        return int(self.pinned_at.timestamp() * 1_000_000) if self.pinned_at else 0

    @property
    def updated_at(self) -> datetime:
        """When its words, or those of the answer to it, were written or changed last."""
        return max(at for at in (self.created_at, self.edited_at, self.answered_at) if at)

    @property
    def is_removed(self) -> bool:
        return self.state == "removed"

    @property
    def is_blanked(self) -> bool:
        """Whether its words are gone for good."""
        return self.is_removed and self.removed_at is None

    @property
    def condition(self) -> dict[str, Any]:
        """What acts change, as plain values for the log."""
        values = ((name, getattr(self, name)) for name in CONDITION)
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values}

    def restore(self, condition: Mapping[str, Any]) -> None:
        """Be again as the log says that it was."""
        for name, value in condition.items():
            setattr(self, name, datetime.fromisoformat(value) if value and name.endswith("_at") else value)
        self.fold()

    @property
    def is_long(self) -> bool:
        """Whether a list shows only its beginning until somebody wants to read on."""
        return len(self.text) > LONG or self.text.count("\n") > LONG_LINES

    @property
    def text_with_answer(self) -> str:
        """For readers to whom an entry is nothing but its text."""
        return f"{self.text}\n\n{self.answered_by}: {self.answer}" if self.answer else self.text

    @staticmethod
    def state_alone() -> ColumnElement[str]:
        """The state, for a condition by which nothing is to be found: nearly everything is public, which no planner
        knows of a new wall."""
        return func.coalesce(Feedback.state, "")

    @staticmethod
    def on(wall_id: int) -> "Select[Feedback]":
        return select(Feedback).where(Feedback.wall_id == Unknown(literal(wall_id)))

    @staticmethod
    def numbered(wall_id: int, feedback_id: int) -> "Select[Feedback]":
        """One row of this wall and of no other, found by its number whatever a planner knows of the wall."""
        return select(Feedback).where(Feedback.id == min(feedback_id, LARGEST_ID), Feedback.wall_id + 0 == wall_id)

    @staticmethod
    def places(numbers: Collection[int]) -> Select[int, int]:
        """Rows of (number, its wall's number)."""
        return select(Feedback.id, Feedback.wall_id).where(Feedback.id.in_({min(each, LARGEST_ID) for each in numbers}))

    @staticmethod
    def among(wall_id: int, numbers: Collection[int]) -> "Select[Feedback]":
        """Those of these that are on this wall, whatever their state, the newest first."""
        found = select(Feedback).where(Feedback.id.in_(numbers), Feedback.wall_id + 0 == wall_id)
        return found.order_by(Feedback.id.desc())

    @staticmethod
    def with_numbers(numbers: Collection[int]) -> "Select[Feedback]":
        """As they are now, whatever the session has seen of them before."""
        return (
            select(Feedback)
            .where(Feedback.id.in_(numbers))
            .order_by(Feedback.id)
            .execution_options(populate_existing=True)
        )

    @staticmethod
    def published_on(wall_id: int, *, before: int | None = None, size: int = SLICE) -> "Select[Feedback]":
        """What is public, newest first, with `before` only what is older than the feedback of that number.

        One more than `size`, so that a Slice of them knows whether there is an older one.
        """
        public: Select[Feedback] = newest_first(select(Feedback), Feedback, wall_id, "public", before=before)
        return public.limit(size + 1)

    @staticmethod
    def pinned_on(wall_id: int) -> "Select[Feedback]":
        """What is pinned, the latest pin first."""
        found = Feedback.on(wall_id).where(Feedback.pinned_at > EARLIEST, Feedback.state_alone() == "public")
        pinned = aliased(Feedback, found.order_by(Feedback.pinned_at.desc()).limit(MOST_READ).subquery())
        return select(pinned).order_by(pinned.pinned_at.desc(), pinned.id.desc())

    @staticmethod
    def after_on(wall_id: int, number: int, limit: int) -> "Select[Feedback]":
        """All there is after that number, in the order of the numbers."""
        return Feedback.on(wall_id).where(Feedback.id > number).order_by(Feedback.id).limit(limit)

    @staticmethod
    def changed_on(wall_id: int, *, after: int, limit: int) -> "Select[Feedback]":
        """What changed since the wall had version `after`, in the order of the changes, as it is now."""
        return Feedback.on(wall_id).where(Feedback.version > after).order_by(Feedback.version).limit(limit)

    @staticmethod
    def forgettable(before: datetime, limit: int) -> "Select[Feedback]":
        """Without words, and unchanged since then.

        They are found by their having no author. Nearly every entry has no `removed_at` either, and a database that
        was asked for that would read through all of them.
        """
        has_no_time = case((Feedback.removed_at.is_(None), 1), else_=0)
        blanked = select(Feedback).where(Feedback.author == "", Feedback.state_alone() == "removed", has_no_time == 1)
        return blanked.where(Feedback.changed_at < before).order_by(Feedback.wall_id, Feedback.id).limit(limit)

    @staticmethod
    def to_blank(before: datetime, limit: int, *, among: Collection[int] | None = None) -> Select[int, int]:
        """Rows of (number, its wall's number): what was removed before then and still has its words."""
        found = select(Feedback.id, Feedback.wall_id).where(Feedback.removed_at <= before)
        found = found.where(Feedback.state_alone() == "removed")
        return found.limit(limit) if among is None else found.where(Feedback.id.in_(among))

    @staticmethod
    def blanking(numbers: Collection[int]) -> Update:
        """Only that there was something stays: for those who have to take it from their screens."""
        return (
            update(Feedback).where(Feedback.id.in_(numbers)).values(BLANK).execution_options(synchronize_session=False)
        )

    @staticmethod
    def insertion() -> Insert:
        """For many rows by one statement, past the mapper, which would make objects of them once more."""
        return insert(cast("Table", Feedback.__table__))

    def row(self, names: Collection[str] = ()) -> dict[str, Any]:
        """These columns, or all but its number, with defaults where nothing is set, so that many can be inserted
        together."""
        defaults, held = _defaults(), self.__dict__
        return {name: held.get(name, defaults[name]) for name in names or defaults}

    def take_number(self, number: int) -> None:
        """Be the row that was stored under this number."""
        set_committed_value(self, "id", number)


@cache
def _unset() -> dict[str, None]:
    return dict.fromkeys(cast("Table", Feedback.__table__).columns.keys())


@cache
def _defaults() -> dict[str, Any]:
    columns = cast("Table", Feedback.__table__).columns
    return {column.key: getattr(column.default, "arg", None) for column in columns if not column.primary_key}
