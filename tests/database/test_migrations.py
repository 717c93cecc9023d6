"""Migrations: one history for every engine, run by one process at a time, without data loss when killed."""

import asyncio
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import JSON, Boolean, Column, Connection, DateTime, Integer, LargeBinary, MetaData, Table, select
from sqlalchemy.dialects.mysql import LONGTEXT
from sqlalchemy.types import BigInteger

from feedback_app.config import Settings
from feedback_app.database import Database, schema
from feedback_app.installation import data_folder
from feedback_app.models import Base

from ..programs.fork_server import Program
from ..support import Served, environment, run, serving
from ..support.databases import url_of

# What a word of ours may not be just any word; the others are.
SPECIAL = {"slug": "wall-{0}", "state": "public", "title": "Wall {0}"}
# Migrates as a start does, but dies before the statement of a given number that changes something, or its commit; then
# again, some statements later, on what the one before has left. Ends when a start has got through. What all of them
# import is there already, since that would take most of their time.
KILLED_AGAIN_AND_AGAIN = """
import asyncio, gc, os, signal, sys
import aiosqlite, alembic.command, asyncmy, asyncpg
from sqlalchemy import event
from sqlalchemy.engine import Engine
from feedback_app.installation import data_folder
from feedback_app.config import Settings
from feedback_app.database import Database

async def start():
    settings = Settings.from_environment()
    database = Database(data_folder.database_url(settings))
    await data_folder.open_database(settings, database, allow_empty=True)
    await database.close()

def die_before(number):
    left = number
    def count(*arguments):
        nonlocal left
        statement = arguments[2] if len(arguments) > 2 else "COMMIT"
        if statement.split()[0].upper() in ("CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE", "COMMIT"):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)

gc.freeze()
number, status = 0, signal.SIGKILL
while status == signal.SIGKILL:
    number += int(sys.argv[1])
    if not (child := os.fork()):
        die_before(number)
        asyncio.run(start())
        os._exit(0)
    _, status = os.waitpid(child, 0)
print(number, status)
"""


def settings_of(folder: Path) -> Settings:
    return Settings(data=folder, database_url=url_of(folder))


async def migrate_to(folder: Path, revision: str) -> None:
    """Make the database as an earlier version of the program left it, with data in every table."""
    data_folder.prepare_folder(folder)
    database = Database(data_folder.database_url(settings_of(folder)))
    async with database.migrating() as connection:
        await connection.run_sync(schema.upgrade, revision)
        await connection.run_sync(fill)
    await database.close()


def tables_of(connection: Connection) -> list[Table]:
    tables = MetaData()
    tables.reflect(connection)
    return [table for table in tables.sorted_tables if table.name != "alembic_version"]


def fill(connection: Connection) -> None:
    """Two rows in every table, with something in every column."""
    for table in tables_of(connection):
        for number in (1, 2):
            row = {column.name: value_for(column, number) for column in table.columns if not column.primary_key}
            connection.execute(table.insert().values(row))


def value_for(column: Column[Any], number: int) -> Any:
    for key in column.foreign_keys:
        # A row cannot point at one of its own table that is not there yet.
        return None if key.column.table is column.table else number
    kind = column.type
    if isinstance(kind, DateTime):
        # Far away, so that nothing is over yet which the server itself would clean up.
        return datetime(2126, 2, 28, 23, 59, number, 123457)
    if isinstance(kind, Boolean):
        return True
    if isinstance(kind, Integer | BigInteger):
        return number
    if isinstance(kind, LargeBinary):
        return b"\0%d" % number
    if isinstance(kind, JSON):
        return {"number": number}
    if isinstance(kind, LONGTEXT):  # MariaDB's JSON.
        return f'{{"number": {number}}}'
    text = SPECIAL.get(column.name, "{0}é🦊").format(number)
    return text[: getattr(kind, "length", None) or len(text)]


async def rows_of(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Everything there is, by table."""

    def read(connection: Connection) -> dict[str, list[dict[str, Any]]]:
        return {
            table.name: [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
            for table in tables_of(connection)
        }

    database = Database(data_folder.database_url(settings_of(folder)))
    async with database.read_engine.connect() as connection:
        rows = await connection.run_sync(read)
    await database.close()
    return rows


async def differences(folder: Path) -> list[Any]:
    """Where the database is not as the models say."""

    def compare(connection: Connection) -> list[Any]:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata)

    database = Database(data_folder.database_url(settings_of(folder)))
    async with database.read_engine.connect() as connection:
        found = await connection.run_sync(compare)
    await database.close()
    return found


async def test_the_models_are_what_the_migrations_make(wall: Served) -> None:
    def compare(connection: Connection) -> list[Any]:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata)

    async with wall.database.read_engine.connect() as connection:
        assert await connection.run_sync(compare) == []


@pytest.mark.parametrize("revision", schema.revisions())
async def test_an_upgrade_from_every_earlier_version_keeps_every_word(empty: Path, revision: str) -> None:
    await migrate_to(empty, revision)
    before = await rows_of(empty)
    async with serving(data=empty) as wall:
        assert (await wall.client.get("/walls/wall-1")).status_code == 200
        assert "1é🦊" in (await wall.client.get("/walls/wall-1/feed.json")).json()["items"][0]["content_text"]
    after = await rows_of(empty)
    for table, rows in before.items():
        assert len(rows) == 2
        assert [{name: row[name] for name in rows[0] if name in row} for row in after[table]] == [
            {name: row[name] for name in rows[0] if name in after[table][0]} for row in rows
        ]
    assert await differences(empty) == []


@pytest.mark.parametrize("beginning", ["nothing", "data"])
async def test_killed_before_each_statement_of_a_migration_the_next_start_goes_on(
    empty: Path, engine: str, beginning: str
) -> None:
    """Kill -9, on every engine; every fourth statement where all of them are undone anyway."""
    if beginning == "data":
        await migrate_to(empty, schema.revisions()[0])
    outcome = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", KILLED_AGAIN_AND_AGAIN, "1" if engine == "mariadb" else "4"],
        env=environment(empty),
        capture_output=True,
        text=True,
        timeout=110,
        check=True,
    )
    survived, status = map(int, outcome.stdout.split())
    assert status == 0, outcome.stderr
    assert survived > (5 if beginning == "nothing" else len(schema.revisions()))
    assert await differences(empty) == []
    walls = (await asyncio.to_thread(run, empty, "wall", "list")).stdout
    assert walls == ("wall-1\tWall 1\nwall-2\tWall 2\n" if beginning == "data" else "main\tFeedback\n")


async def test_four_processes_that_start_at_once_on_an_old_database_all_come_up(empty: Path) -> None:
    """The migrations run once."""
    await migrate_to(empty, schema.revisions()[0])
    command = [sys.executable, "-m", "feedback_app", "wall", "list"]
    started = [Program(command, env=environment(empty), stdout=subprocess.PIPE, text=True) for _ in range(4)]
    for each in started:
        output, _ = await asyncio.to_thread(each.communicate, timeout=60)
        assert (output, each.returncode) == ("wall-1\tWall 1\nwall-2\tWall 2\n", 0)
    assert await differences(empty) == []
