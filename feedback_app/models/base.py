"""What every table shares: the declarative base and the one type for points in time."""

import uuid
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Self

from sqlalchemy import BigInteger, DateTime, Delete, Integer, MetaData, Select, String, delete, func, literal, select
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

# The largest number that every database can be asked for.
LARGEST_ID = 2**63 - 1
# SQLite numbers rows by itself only when the column is called INTEGER.
Identifier = BigInteger().with_variant(Integer, "sqlite")


class UTCDateTime(TypeDecorator[datetime]):
    """A point in time with microseconds: aware and in UTC for us, naive in the database.

    MariaDB and MySQL drop fractions of a second unless told otherwise.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name in ("mysql", "mariadb"):
            # Who has another database starts sooner without it.
            from sqlalchemy.dialects.mysql import DATETIME

            return dialect.type_descriptor(DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """The tables. Names of constraints are fixed, so that migrations can name them on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# Without these MariaDB compares without regard to case and accents, and cannot hold emoji under some server defaults.
TABLE_OPTIONS: dict[str, Any] = {
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_bin",
    # SQLite would give the number of a deleted newest row to the next one.
    "sqlite_autoincrement": True,
}


def deleting(kind: type[Base], numbers: Collection[int]) -> Delete:
    """Rows of one table, by their numbers."""
    return delete(kind).where(kind.metadata.tables[kind.__tablename__].c.id.in_(numbers))


def counting_from(kind: type[Base], number: int) -> Select[int]:
    """Let the next rows of a table have greater numbers than this. For PostgreSQL, where rows that come with numbers of
    their own do not move on the counter that the others are taken from."""
    counter = func.pg_get_serial_sequence(kind.__tablename__, "id")
    is_behind = literal(number) > func.coalesce(func.pg_sequence_last_value(counter), 0)
    return select(func.setval(counter, number)).where(is_behind)


# Names the ids of this product's entries and of walls without a uid of their own, by UUID version 5 (RFC 9562).
NAMESPACE = uuid.UUID("0b9f8a4e-6c52-4b43-9a3c-5b1c5a0f7c11")
UID_LENGTH = 36


def new_uid() -> str:
    return str(uuid.uuid4())


class Identified:
    """A wall, which stays the same when it is renamed, restored, or moved to another installation."""

    id: Mapped[int]
    created_at: Mapped[datetime]
    # None where a version made the wall that had no such thing.
    uid: Mapped[str | None] = mapped_column(String(UID_LENGTH), default=new_uid, index=True, unique=True)

    @classmethod
    def with_uid(cls, uid: str) -> Select[Self]:
        return select(cls).where(cls.uid == uid)

    @property
    def identity(self) -> str:
        """The uid, or one made of what never changes of a wall here."""
        return self.uid or str(uuid.uuid5(NAMESPACE, f"{self.id}/{self.created_at.isoformat()}"))

    @property
    def feed_id(self) -> str:
        return f"urn:uuid:{self.identity}"

    def entry_id(self, number: int) -> str:
        """The id of the entry of this number in feeds."""
        return f"urn:uuid:{uuid.uuid5(NAMESPACE, f'{self.identity}/{number}')}"
