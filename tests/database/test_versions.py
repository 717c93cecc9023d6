"""Versions: 1, 2, 3 … in commit order, without gaps or duplicates, from any number of processes."""

import asyncio
import random
import subprocess
import sys
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from feedback_app.config import Settings
from feedback_app.database import Database
from feedback_app.installation import data_folder
from feedback_app.models import Feedback, Wall
from feedback_app.walls.posting.store import store_posts

from .. import ROOT
from ..support import Served, a_post, environment, until
from ..support.databases import url_of

PROCESSES, POSTS = 4, 60
# What a process does that posts alone, many at a time.
WRITE = f"""
import asyncio, sys
from feedback_app.installation import data_folder
from feedback_app.config import Settings
from feedback_app.database import Database
from feedback_app.walls.posting.store import store_posts
from tests.support import a_post

async def main():
    database = Database(data_folder.database_url(Settings.from_environment()))
    await asyncio.gather(*(
        database.write_together(store_posts, a_post(f"{{sys.argv[1]}} {{each}}", author=f"{{each}}"))
        for each in range({POSTS})
    ))
    await database.close()

asyncio.run(main())
"""


class Undone(Exception):
    """Raised in the middle of a transaction, which is then rolled back."""


async def changes(database: Database, after: int = 0) -> list[Feedback]:
    async with database.reading() as session:
        return list((await session.scalars(Feedback.changed_on(1, after=after, limit=99_999))).all())


async def test_processes_that_write_to_one_wall_at_once_leave_no_gap(wall: Served, data: Path) -> None:
    root = ROOT
    writing = [
        subprocess.Popen(  # noqa: ASYNC220 - starting one takes a moment only.
            [sys.executable, "-c", WRITE, f"Process {each}"], env=environment(data), cwd=root
        )
        for each in range(PROCESSES)
    ]
    codes = await asyncio.gather(*(asyncio.to_thread(each.wait, 60) for each in writing))
    assert codes == [0] * PROCESSES
    rows = await changes(wall.database)
    assert [row.version for row in rows] == list(range(1, PROCESSES * POSTS + 1))
    assert [row.id for row in rows] == sorted(row.id for row in rows)
    assert len({row.text for row in rows}) == PROCESSES * POSTS


async def test_a_follower_sees_every_committed_change_once_although_some_are_undone(data: Path) -> None:
    """Sixteen writers of their own, one in twenty is undone in the middle, others are slow to commit."""
    settings = Settings(data=data, database_url=url_of(data))
    databases = [Database(data_folder.database_url(settings)) for _ in range(16)]
    follower = Database(data_folder.database_url(settings))
    committed: set[str] = set()
    seen: list[tuple[int, str]] = []
    chance = random.Random(4)
    done = asyncio.Event()

    async def change(session: AsyncSession, text: str, fate: float) -> None:
        main = (await session.scalars(Wall.locked("main"))).one()
        session.add(main.receive(name="Ann", text=text, author="a", key=None))
        await session.flush()
        if fate < 0.2:
            await asyncio.sleep(fate / 20)
        if fate < 0.05:
            raise Undone

    async def write(writer: int) -> None:
        for each in range(15):
            text, fate = f"{writer} {each}", chance.random()
            try:
                if each % 3:
                    await databases[writer].write(lambda session: change(session, text, fate))  # noqa: B023
                else:
                    await databases[writer].write_together(store_posts, a_post(text, author=text))
            except Undone:
                continue
            committed.add(text)

    async def follow() -> None:
        while not (done.is_set() and {text for _, text in seen} >= committed):
            seen.extend((row.version or 0, row.text) for row in await changes(follower, seen[-1][0] if seen else 0))
            await asyncio.sleep(0)

    following = asyncio.create_task(follow())
    await asyncio.gather(*(write(each) for each in range(16)))
    done.set()
    await until(following.done)
    for each in (*databases, follower):
        await each.close()
    assert [version for version, _ in seen] == list(range(1, len(committed) + 1))
    assert {text for _, text in seen} == committed
