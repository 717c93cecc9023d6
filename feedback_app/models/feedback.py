"""Feedback: an entry on a wall with its text, state, pin and answer, and the queries that list entries."""

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
    literal,
    select,
    update,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column
from sqlalchemy.orm.attributes import set_committed_value

from ..clock import now
from .base import LARGEST_ID, TABLE_OPTIONS, Base, EntryState, Identifier, UTCDateTime
from .pagination import PAGE_SIZE, newest_first
from .prepared import Unknown
from .search_text import UNFOLDED, Folded

NAME_LENGTH = 80
NAME_CODE_POINTS = 320
TEXT_LENGTH = 2000
TEXT_CODE_POINTS = 8000
MOST_PINNED = 3
# Half a SHA-256 is enough to distinguish visitors and networks. Rows of older versions have 64 characters.
PSEUDONYM_LENGTH = 32
MOST_READ = 1000
LONG = 700
LONG_LINES = 14
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
# Columns set on insert.
INSERT_COLUMNS = (
    *("wall_id", "version", "desk_version", "state", "reason", "created_at", "changed_at"),
    *("name", "text", "folded", "author", "network", "is_newcomer", "key"),
)
# Column values of a blanked entry (tombstone).
BLANK = {
    **dict.fromkeys(("name", "text", "folded", "author"), ""),
    **dict.fromkeys(("network", "key", "answer", "answered_by", "answered_at", "removed_at")),
}


# Columns that acts change and undo restores.
CONDITION = ("state", "reason", "pinned_at", "removed_at", "answer", "answered_by", "answered_at")


class Feedback(Folded, Base):
    """An entry on a wall. `version` is the wall's version after the latest change of this row.

    The table is thus its own change log: "what is new since 41?" is every row with a greater version. A row that is
    no longer public stays as a tombstone, so that readers remove it. A row that never was public has no version.
    `author` is the visitor's pseudonym or, without a visitor token, that of the network address for the day. `network`
    is always the address's pseudonym, None if unknown. `key` is the idempotency key, stored as a digest.
    """

    # True if this row was stored by an earlier submission with the same idempotency key.
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
    # The wall's desk_version after the latest change of this row, including changes that only moderators see.
    desk_version: Mapped[int] = mapped_column(BigInteger, default=0)
    state: Mapped[str] = mapped_column(String(12), default=EntryState.PUBLIC)
    # Why it was held: the wall's `hold` at that time, or `address` or `blocked` (antispam/rules.py).
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
    # Sent without a visitor token, so it counts towards the rate limit of its network.
    is_newcomer: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    key: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    edited_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=now, onupdate=now)

    @property
    def is_public(self) -> bool:
        return self.state == EntryState.PUBLIC

    @property
    def is_waiting(self) -> bool:
        return self.state == EntryState.HELD

    @property
    def pin(self) -> int:
        """Sort key of pins: microseconds since the epoch, greater is higher; 0 if not pinned."""
        return int(self.pinned_at.timestamp() * 1_000_000) if self.pinned_at else 0

    @property
    def updated_at(self) -> datetime:
        """When its text or its answer was last written or edited."""
        return max(at for at in (self.created_at, self.edited_at, self.answered_at) if at)

    @property
    def is_removed(self) -> bool:
        return self.state == EntryState.REMOVED

    @property
    def is_blanked(self) -> bool:
        """Whether its text has been erased."""
        return self.is_removed and self.removed_at is None

    @property
    def condition(self) -> dict[str, Any]:
        """The columns that acts change (CONDITION), as JSON values for the audit log."""
        values = ((name, getattr(self, name)) for name in CONDITION)
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values}

    def restore(self, condition: Mapping[str, Any]) -> None:
        """Set the columns to values from `condition` in the audit log."""
        for name, value in condition.items():
            setattr(self, name, datetime.fromisoformat(value) if value and name.endswith("_at") else value)
        self.fold()

    @property
    def is_long(self) -> bool:
        """Whether a list shows only the beginning, with a "read more" control."""
        return len(self.text) > LONG or self.text.count("\n") > LONG_LINES

    @property
    def text_with_answer(self) -> str:
        """The text followed by the answer, for plain-text formats."""
        return f"{self.text}\n\n{self.answered_by}: {self.answer}" if self.answer else self.text

    @staticmethod
    def state_alone() -> ColumnElement[str]:
        """The state in a form that no index matches.

        Nearly everything is public, but the planner does not know that for a new wall and would choose the index.
        """
        return func.coalesce(Feedback.state, "")

    @staticmethod
    def on(wall_id: int) -> "Select[Feedback]":
        return select(Feedback).where(Feedback.wall_id == Unknown(literal(wall_id)))

    @staticmethod
    def numbered(wall_id: int, feedback_id: int) -> "Select[Feedback]":
        """The row with this id, if it is on this wall. `+ 0` makes the planner use the primary key."""
        return select(Feedback).where(Feedback.id == min(feedback_id, LARGEST_ID), Feedback.wall_id + 0 == wall_id)

    @staticmethod
    def places(numbers: Collection[int]) -> Select[int, int]:
        """Rows of (feedback id, wall id)."""
        return select(Feedback.id, Feedback.wall_id).where(Feedback.id.in_({min(each, LARGEST_ID) for each in numbers}))

    @staticmethod
    def among(wall_id: int, numbers: Collection[int]) -> "Select[Feedback]":
        """The entries with these ids that are on this wall, in any state, newest first."""
        found = select(Feedback).where(Feedback.id.in_(numbers), Feedback.wall_id + 0 == wall_id)
        return found.order_by(Feedback.id.desc())

    @staticmethod
    def with_numbers(numbers: Collection[int]) -> "Select[Feedback]":
        """The entries with these ids, reloaded from the database."""
        return (
            select(Feedback)
            .where(Feedback.id.in_(numbers))
            .order_by(Feedback.id)
            .execution_options(populate_existing=True)
        )

    @staticmethod
    def published_on(wall_id: int, *, before: int | None = None, size: int = PAGE_SIZE) -> "Select[Feedback]":
        """Public entries, newest first, with ids below `before`; up to `size` + 1 for pagination (see Page)."""
        public: Select[Feedback] = newest_first(select(Feedback), Feedback, wall_id, EntryState.PUBLIC, before=before)
        return public.limit(size + 1)

    @staticmethod
    def pinned_on(wall_id: int) -> "Select[Feedback]":
        """Pinned entries, latest pin first."""
        found = Feedback.on(wall_id).where(Feedback.pinned_at > EARLIEST, Feedback.state_alone() == EntryState.PUBLIC)
        pinned = aliased(Feedback, found.order_by(Feedback.pinned_at.desc()).limit(MOST_READ).subquery())
        return select(pinned).order_by(pinned.pinned_at.desc(), pinned.id.desc())

    @staticmethod
    def after_on(wall_id: int, number: int, limit: int) -> "Select[Feedback]":
        """The entries with ids above `number`, by id, in any state."""
        return Feedback.on(wall_id).where(Feedback.id > number).order_by(Feedback.id).limit(limit)

    @staticmethod
    def changed_on(wall_id: int, *, after: int, limit: int) -> "Select[Feedback]":
        """Entries changed after the wall's version `after`, in the order of the changes, in their current state."""
        return Feedback.on(wall_id).where(Feedback.version > after).order_by(Feedback.version).limit(limit)

    @staticmethod
    def forgettable(before: datetime, limit: int) -> "Select[Feedback]":
        """Tombstones: blanked entries that have not changed since `before`.

        The empty author finds them by index. An index search for a NULL `removed_at` would read nearly every entry.
        """
        has_no_time = case((Feedback.removed_at.is_(None), 1), else_=0)
        blanked = select(Feedback).where(
            Feedback.author == "", Feedback.state_alone() == EntryState.REMOVED, has_no_time == 1
        )
        return blanked.where(Feedback.changed_at < before).order_by(Feedback.wall_id, Feedback.id).limit(limit)

    @staticmethod
    def to_blank(before: datetime, limit: int, *, among: Collection[int] | None = None) -> Select[int, int]:
        """Rows of (feedback id, wall id): entries removed up to `before` that still have their text."""
        found = select(Feedback.id, Feedback.wall_id).where(Feedback.removed_at <= before)
        found = found.where(Feedback.state_alone() == EntryState.REMOVED)
        return found.limit(limit) if among is None else found.where(Feedback.id.in_(among))

    @staticmethod
    def blank(numbers: Collection[int]) -> Update:
        """Erase the text of these entries. The rows stay as tombstones, so that open pages remove them."""
        return (
            update(Feedback).where(Feedback.id.in_(numbers)).values(BLANK).execution_options(synchronize_session=False)
        )

    @staticmethod
    def insertion() -> Insert:
        """An insert into the table itself for many rows: the ORM would build objects again."""
        return insert(cast("Table", Feedback.__table__))

    def row(self, names: Collection[str] = ()) -> dict[str, Any]:
        """The values of these columns, or of all except `id`, with column defaults, for a bulk insert."""
        defaults, values = _defaults(), self.__dict__
        return {name: values.get(name, defaults[name]) for name in names or defaults}

    def take_number(self, number: int) -> None:
        """Set the id that the database assigned."""
        set_committed_value(self, "id", number)


@cache
def _defaults() -> dict[str, Any]:
    columns = cast("Table", Feedback.__table__).columns
    return {column.key: getattr(column.default, "arg", None) for column in columns if not column.primary_key}
