"""After a restore: counters start beyond everything that readers may have been given since the backup was made."""

import time
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, func, select, text, update

from ..models import Base, Wall
from ..models.base import counting_from

# How many rows of a table may have been lost with the database that the backup replaces.
MARGIN = 1_000_000


class Counters(NamedTuple):
    """The highest version of any wall, and the highest number by table."""

    version: int
    numbers: Mapping[str, int]


NOTHING = Counters(0, {})


def counters(connection: Connection) -> Counters:
    """What the database at hand has given out. Its schema is this version's, or it has these tables at least."""
    version = connection.scalar(select(func.max(Wall.version))) or 0
    desk_version = connection.scalar(select(func.max(Wall.desk_version))) or 0
    return Counters(max(version, desk_version), {kind.__tablename__: _highest(connection, kind) for kind in _kinds()})


def raise_counters(connection: Connection, replaced: Counters = NOTHING) -> None:
    """Give every wall a version, and every table a next number, that nobody can have seen.

    The version is the clock in microseconds, which no wall's changes outrun, and which JavaScript can count with
    (below 2**53). `replaced` is what the database in whose place this one stands had given out, where that is known.
    A reader with a version from before is older than the wall's oldest one, and loads the list again.
    """
    mine = counters(connection)
    version = max(time.time_ns() // 1000, mine.version + 1, replaced.version + 1)
    connection.execute(
        update(Wall).values(version=version, desk_version=version, oldest_version=version, oldest_desk_version=version)
    )
    for kind in _kinds():
        name = kind.__tablename__
        _count_from(connection, kind, max(mine.numbers[name], replaced.numbers.get(name, 0)) + MARGIN)


def _highest(connection: Connection, kind: type[Base]) -> int:
    """The highest number that a row has or had, as far as the database remembers."""
    remembered = text(_REMEMBERED[connection.dialect.name]).bindparams(name=kind.__tablename__)
    highest = connection.scalar(select(func.max(kind.metadata.tables[kind.__tablename__].c.id))) or 0
    return max(highest, connection.scalar(remembered) or 0)


def _count_from(connection: Connection, kind: type[Base], number: int) -> None:
    """Let the next row of a table have a greater number than this."""
    name = kind.__tablename__
    if connection.dialect.name == "postgresql":
        connection.execute(counting_from(kind, number))
    elif connection.dialect.name == "mysql":
        connection.execute(text(f"ALTER TABLE {name} AUTO_INCREMENT = {number + 1}"))
    else:
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": name})
        added = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)")
        connection.execute(added, {"name": name, "number": number})


def _kinds() -> list[type[Base]]:
    return [mapper.class_ for mapper in Base.registry.mappers]


_REMEMBERED = {
    "sqlite": "SELECT seq FROM sqlite_sequence WHERE name = :name",
    "postgresql": "SELECT pg_sequence_last_value(pg_get_serial_sequence(:name, 'id'))",
    "mysql": (
        "SELECT auto_increment FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = :name"
    ),
}
