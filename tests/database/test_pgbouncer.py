"""Behind a real PgBouncer in transaction mode, which resets session settings."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from ..support import Process
from ..support.crash_load import CrashLoad
from ..support.databases import url_of
from ..support.databases.own_servers import PgBouncer

pytestmark = [pytest.mark.postgresql, pytest.mark.slow]


@pytest.fixture
def pool(data: Path) -> Iterator[PgBouncer]:
    made = PgBouncer(make_url(url_of(data)))
    try:
        made.start()
        yield made
    finally:
        made.remove()


async def test_a_pool_that_is_killed_under_load_costs_no_word(
    data: Path, pool: PgBouncer, process: Callable[..., Process]
) -> None:
    """Two processes with more posters and readers than the pool has connections; every reader hears everything once."""
    database = make_url(url_of(data)).database
    server = process(workers=2, FEEDBACK_DEFENCES="off", FEEDBACK_DATABASE_URL=pool.url(str(database)))
    async with CrashLoad([server], posters=12, followers=20).running() as storm:
        await storm.more(60)
        await asyncio.to_thread(pool.stop, pool.hard)
        await asyncio.sleep(0.3)
        await asyncio.to_thread(pool.start)
        await storm.more(60)
    print(storm.outcome)
