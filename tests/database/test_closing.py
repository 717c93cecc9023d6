"""Closing a database closes every connection, also those of reads that were cancelled."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from feedback_app.database import Database
from feedback_app.models import Wall

from ..support import until
from ..support.databases import url_of

CONNECTIONS = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()",
    "mariadb": "SELECT count(*) FROM information_schema.processlist WHERE db = database()",
}


async def read(database: Database) -> None:
    async with database.reading() as session:
        await session.scalars(Wall.all())


@pytest.mark.postgresql
@pytest.mark.mariadb
async def test_reads_that_are_cancelled_leave_no_connection_open(data: Path, engine: str) -> None:
    """At any moment: while they connect, ask, and give the connection back."""
    watcher = Database(url_of(data))

    async def connections() -> int:
        async with watcher.reading() as session:
            return int(await session.scalar(text(CONNECTIONS[engine])) or 0)

    before = await connections()
    for turn in range(50):
        database = Database(url_of(data))
        reads = [asyncio.create_task(read(database)) for _ in range(4)]
        await asyncio.sleep(turn * 0.001)
        for each in reads:
            each.cancel()
        await database.close()

    async def is_alone() -> bool:
        return await connections() == before

    await until(is_alone)
    await watcher.close()
