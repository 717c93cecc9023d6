"""Restoring a backup: raise versions and id sequences above every value that readers may already have seen."""

import time
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, func, select, text, update

from ..models import Base, Wall
from ..models.base import counting_from

# Rows per table that may have been lost with the replaced database.
MARGIN = 1_000_000


class Counters(NamedTuple):
    """The highest version of any wall, and the highest id by table name."""

    version: int
    numbers: Mapping[str, int]


NOTHING = Counters(0, {})


def counters(connection: Connection) -> Counters:
    """The counters of this database, whose schema must have the tables of this version."""
    version = connection.scalar(select(func.max(Wall.version))) or 0
    desk_version = connection.scalar(select(func.max(Wall.desk_version))) or 0
    return Counters(max(version, desk_version), {kind.__tablename__: _highest(connection, kind) for kind in _kinds()})


def raise_counters(connection: Connection, replaced: Counters = NOTHING) -> None:
    """Give every wall a version, and every table a next id, that no reader has seen.

    The version is the time in microseconds: above any count of changes, and below 2**53 for JavaScript. `replaced` has
    the counters of the replaced database, if known. A reader with an earlier version is older than `oldest_version`,
    so it reloads the list.
    """
    own = counters(connection)
    version = max(time.time_ns() // 1000, own.version + 1, replaced.version + 1)
    connection.execute(
        update(Wall).values(version=version, desk_version=version, oldest_version=version, oldest_desk_version=version)
    )
    for kind in _kinds():
        name = kind.__tablename__
        _count_from(connection, kind, max(own.numbers[name], replaced.numbers.get(name, 0)) + MARGIN)


def _highest(connection: Connection, kind: type[Base]) -> int:
    """The highest id in use, or the table's sequence if that is higher."""
    remembered = text(_REMEMBERED[connection.dialect.name]).bindparams(name=kind.__tablename__)
    highest = connection.scalar(select(func.max(kind.metadata.tables[kind.__tablename__].c.id))) or 0
    return max(highest, connection.scalar(remembered) or 0)


def _count_from(connection: Connection, kind: type[Base], number: int) -> None:
    """Raise the id sequence of a table to `number`."""
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
