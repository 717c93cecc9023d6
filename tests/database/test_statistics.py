"""Table statistics: each query uses its own index, whatever the planner's statistics say."""

from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from feedback_app.models import Act, Block

from ..support import Served, add_wall
from ..support.databases.bulk_data import fill
from ..support.databases.query_plans import gather_statistics, plan_of, reads, without_statistics
from ..support.databases.statements import INDEXES, LONG_READS, UNIQUE_ON_SQLITE, questions

KNOWN, ENTRIES = 1_000, 20_000
# MariaDB counts the 1,280 keys, 512 authors and 512 networks of a batch, and the place of each; of SQLite instructions
# are counted.
MOST_ROWS, INSTRUCTIONS = 6_000, 50


@pytest.mark.every_engine
@pytest.mark.parametrize("known", ["nothing", "little", "all"])
async def test_every_question_is_answered_by_its_own_index(wall: Served, known: str) -> None:
    """On a table that was never analysed, on one that was when a fortieth of it was there, and on a fresh one.

    All are asked some times before most of it is there: PostgreSQL keeps the plan that it made then.
    """
    database, asked = wall.database, questions(ENTRIES)
    before = KNOWN if known == "little" else 0
    await without_statistics(database)
    await add_wall(database, "other")
    await fill(database, before)
    if before:
        await gather_statistics(database, "feedback")
    async with AsyncSession(database.write_engine) as writer, AsyncSession(database.read_engine) as reader:
        # Only readers search and list what a desk shows.
        sessions = {name: reader if name.startswith("desk") else writer for name in asked}
        for name, each in asked.items():
            for _ in range(7):
                await reads(each, sessions[name])
                await sessions[name].rollback()
        await fill(database, ENTRIES, after=before)
        await fill(database, ENTRIES, slug="other")
        await database.write(_log_much)
        await database.write(_block_many)
        if known == "all":
            await gather_statistics(database, "feedback")
        faults = [await _fault(name, each, sessions[name]) for name, each in asked.items()]
    assert not any(faults), "\n\n".join(filter(None, faults))


async def _log_much(session: AsyncSession) -> None:
    """Many acts on both walls by others than Lee."""
    rows = [{"wall_id": 1 + n % 2, "verb": "hide", "moderator_name": f"Kim{n % 9}"} for n in range(8_000)]
    await session.execute(insert(Act), rows)


async def _block_many(session: AsyncSession) -> None:
    """In few networks; in a transaction of its own, since the servers end one in which nothing is asked for a while."""
    rows = [{"wall_id": 1 + n % 2, "author": f"blocked {n}", "network": f"network {n % 50}"} for n in range(4_000)]
    await session.execute(insert(Block), rows)


async def _fault(name: str, asked: Any, session: AsyncSession) -> str:
    """What is wrong with how the question is answered, if anything."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    most = (LONG_READS.get(name, 0) * ENTRIES * 1.1 + MOST_ROWS) * (INSTRUCTIONS if is_sqlite else 1)
    index = INDEXES.get(name, "")
    index = UNIQUE_ON_SQLITE.get(index, index) if is_sqlite else index
    read, plan = await reads(asked, session), await plan_of(asked, session)
    await session.rollback()  # PostgreSQL ends a transaction in which nothing is asked for two seconds.
    return "" if read <= most and index in plan else f"{name} reads {read}, not {most} by {index}:\n{plan}"
