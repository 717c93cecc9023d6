"""What every table shares: the declarative base and the one type for points in time."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Delete, Integer, MetaData, Select, delete, func, literal, select
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase
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
