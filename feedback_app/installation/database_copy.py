"""Database copy: moves all rows to an empty database of any supported kind and verifies them by digest."""

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Table, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from ..config import ConfigurationError
from ..database import Database, DatabaseUnfit, schema
from ..database.errors import unfit
from ..models import Base

BATCH_ROWS = 1000

Rows = Sequence[RowMapping]


async def count(source: Database) -> int:
    """The number of rows in all tables."""
    async with source.read_engine.connect() as connection:
        return sum([await connection.scalar(_how_many(table)) or 0 for table in _tables()])


async def copy(source: Database, target: Database, progress: Callable[[int], None]) -> dict[str, int]:
    """Copy all rows; returns the number of rows by table name. `progress` gets the number of rows of each batch.

    The source is read in one snapshot, so it may be in use. The target must be empty; after an error it is again.
    Raises ConfigurationError when the target is not empty. Raises DatabaseUnfit when a database cannot be used, the
    source is too new, or the copy differs from the source.
    """
    async with source.read_engine.connect() as here:
        found = await here.run_sync(schema.revision)
    if found not in schema.revisions():
        raise DatabaseUnfit(
            f"The database was made by a newer version of this program (its schema is {found}), and what only that "
            f"one knows would be left out. Copy with that version; nothing was changed."
        )
    try:
        async with target.migrating() as there:
            if await there.run_sync(schema.revision) is not None:
                raise ConfigurationError("The database to copy to has something in it. Name an empty one.")
            try:
                await there.run_sync(schema.upgrade)
                async with source.read_engine.connect() as here:
                    counts = {table.name: await _copy_table(table, here, there, progress) for table in _tables()}
            except BaseException:
                if there.dialect.name == "mysql":  # DDL is not rolled back with the transaction.
                    await there.rollback()
                    await there.run_sync(_drop)
                    await there.commit()
                raise
    except (SQLAlchemyError, OSError) as error:
        raise unfit(error, target.url) from error
    return counts


async def _copy_table(
    table: Table, here: AsyncConnection, there: AsyncConnection, progress: Callable[[int], None]
) -> int:
    sent, arrived = Digest(), Digest()
    async for rows in _slices(table, here):
        await there.execute(table.insert(), [dict(row) for row in rows])
        sent.add(rows)
        progress(len(rows))
    async for rows in _slices(table, there):
        arrived.add(rows)
    if sent != arrived:
        raise DatabaseUnfit(f"What arrived in the table {table.name} is not what was sent. The copy was taken back.")
    if there.dialect.name == "postgresql" and sent.count:
        # Inserts with explicit ids do not advance the sequence.
        highest = select(func.max(table.c.id)).scalar_subquery()
        await there.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "id"), highest)))
    return sent.count


async def _slices(table: Table, connection: AsyncConnection) -> AsyncIterator[Rows]:
    """All rows by id, in batches (keyset pagination)."""
    last = 0
    while True:
        found = await connection.execute(select(table).where(table.c.id > last).order_by(table.c.id).limit(BATCH_ROWS))
        if not (rows := found.mappings().all()):
            return
        yield rows
        last = rows[-1]["id"]


class Digest:
    """SHA-256 over rows in a portable form, to compare databases of different kinds."""

    def __init__(self) -> None:
        self.count = 0
        self._hash = hashlib.sha256()

    def add(self, rows: Rows) -> None:
        self.count += len(rows)
        for row in rows:
            values = {name: _plain(value) for name, value in row.items()}
            self._hash.update(json.dumps(values, sort_keys=True).encode())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Digest) and (self.count, self._hash.digest()) == (other.count, other._hash.digest())

    __hash__ = None  # type: ignore[assignment]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    return int(value) if isinstance(value, bool) else value


def _tables() -> list[Table]:
    """All tables, in foreign key order."""
    return Base.metadata.sorted_tables


def _how_many(table: Table) -> Any:
    return select(func.count()).select_from(table)


def _drop(connection: Any) -> None:
    Base.metadata.drop_all(connection)
    connection.execute(text(f"DROP TABLE IF EXISTS {schema.VERSION_TABLE}"))
