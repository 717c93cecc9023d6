"""Shared by all tables: the declarative base, the UTC datetime type, table options and stable ids (UUID)."""

import uuid
from collections.abc import Collection
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self

from sqlalchemy import BigInteger, DateTime, Delete, Integer, MetaData, Select, String, delete, func, literal, select
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

# The largest id that every database accepts as a parameter.
LARGEST_ID = 2**63 - 1
# SQLite assigns row ids only to columns of type INTEGER.
Identifier = BigInteger().with_variant(Integer, "sqlite")


class UTCDateTime(TypeDecorator[datetime]):
    """A datetime with microseconds: aware and in UTC in Python, naive in the database.

    MariaDB and MySQL drop fractions of a second without `fsp=6`.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name in ("mysql", "mariadb"):
            # Imported late: other databases start faster without it.
            from sqlalchemy.dialects.mysql import DATETIME

            return dialect.type_descriptor(DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class EntryState(StrEnum):
    """Where an entry is: on the wall, waiting for a moderator, hidden by one, or removed (its text will be blanked)."""

    PUBLIC = "public"
    HELD = "held"
    HIDDEN = "hidden"
    REMOVED = "removed"


class Hold(StrEnum):
    """Which posts a wall holds for a moderator: none, those with links, an author's first ones, or all."""

    NONE = "none"
    LINKS = "links"
    FIRST = "first"
    ALL = "all"


class NameRule(StrEnum):
    """Whether the form asks for a name."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    NEVER = "never"


class Base(DeclarativeBase):
    """The declarative base. Constraint names are fixed, so that migrations can refer to them on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# By default MariaDB ignores case and accents in comparisons, and on some servers cannot store emoji.
TABLE_OPTIONS: dict[str, Any] = {
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_bin",
    # Without it, SQLite reuses the id of a deleted newest row.
    "sqlite_autoincrement": True,
}


def delete_rows(kind: type[Base], numbers: Collection[int]) -> Delete:
    """Delete rows of one table by id."""
    return delete(kind).where(kind.metadata.tables[kind.__tablename__].c.id.in_(numbers))


def counting_from(kind: type[Base], number: int) -> Select[int]:
    """Raise the id sequence of a table above `number` (PostgreSQL only).

    PostgreSQL does not advance the sequence when rows are inserted with explicit ids.
    """
    counter = func.pg_get_serial_sequence(kind.__tablename__, "id")
    is_behind = literal(number) > func.coalesce(func.pg_sequence_last_value(counter), 0)
    return select(func.setval(counter, number)).where(is_behind)


# UUIDv5 namespace (RFC 9562) for the ids of entries, and of walls without a stored uid.
NAMESPACE = uuid.UUID("0b9f8a4e-6c52-4b43-9a3c-5b1c5a0f7c11")
UID_LENGTH = 36


def new_uid() -> str:
    """A random UUID."""
    return str(uuid.uuid4())


class Identified:
    """Mixin: a stable identity that survives renaming, restoring and moving to another installation."""

    id: Mapped[int]
    created_at: Mapped[datetime]
    # None for walls created by versions before uids existed.
    uid: Mapped[str | None] = mapped_column(String(UID_LENGTH), default=new_uid, index=True, unique=True)

    @classmethod
    def with_uid(cls, uid: str) -> Select[Self]:
        return select(cls).where(cls.uid == uid)

    @property
    def identity(self) -> str:
        """The uid, or a UUID derived from the wall's id and creation time."""
        return self.uid or str(uuid.uuid5(NAMESPACE, f"{self.id}/{self.created_at.isoformat()}"))

    @property
    def feed_id(self) -> str:
        """The id of the wall in feeds, as a `urn:uuid:` URI."""
        return f"urn:uuid:{self.identity}"

    def entry_id(self, number: int) -> str:
        """The id of an entry in feeds, as a `urn:uuid:` URI."""
        return f"urn:uuid:{uuid.uuid5(NAMESPACE, f'{self.identity}/{number}')}"
