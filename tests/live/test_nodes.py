"""Several machines and one PostgreSQL: what happens to one of them is nothing to the readers of the others."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ..support import OURS, Process, until
from ..support.crash_load import CrashLoad, Follower
from ..support.databases.own_postgresql import Line, PostgreSQL, create_database

HOSTS = ("127.0.0.11", "127.0.0.12", "127.0.0.13")


class Node(Process):
    """A machine that serves: with its own address, data folder and line to the database."""

    def __init__(self, host: str, folder: Path, line: Line) -> None:
        self.line = line
        super().__init__(
            folder / host,
            host=host,
            FEEDBACK_DATABASE_URL=f"postgresql://postgres@127.0.0.1:{line.port}/wall",
            FEEDBACK_SECRET_KEY="the same on all nodes",
            FEEDBACK_DEFENCES="off",
        )


@pytest.fixture
async def nodes(postgresql: PostgreSQL, tmp_path: Path) -> AsyncIterator[list[Node]]:
    """Three, which start at the same moment on an empty database."""
    await create_database(postgresql.port, "wall")
    lines = [Line(postgresql.port) for _ in HOSTS]
    for line in lines:
        await line.mend()
    started = await asyncio.gather(
        *(asyncio.to_thread(Node, host, tmp_path, line) for host, line in zip(HOSTS, lines, strict=True))
    )
    yield started
    await asyncio.gather(*(asyncio.to_thread(node.stop) for node in started))
    for line in lines:
        await line.cut()


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    with PostgreSQL.running() as server:
        yield server


async def readiness(node: Node) -> list[str]:
    """`ready`, or what fails."""
    async with node.client() as client:
        return (await client.get("/readyz")).text.split()


async def is_ready(node: Node) -> bool:
    return await readiness(node) == ["ready"]


async def is_refused_with_its_words_kept(node: Node) -> bool:
    """Whether a post is refused for now and its words are given back."""
    form = {"name": "Ann", "text": "Not now", "key": os.urandom(8).hex()}
    async with node.client() as client:
        answer = await client.post("/walls/main/feedback", data=form, headers=OURS)
    return answer.status_code == 503 and "Not now</textarea>" in answer.text


@asynccontextmanager
async def hearing(followers: Sequence[Follower], most_seconds: float) -> AsyncIterator[None]:
    """Every reader receives changes at least this often, on its open stream."""
    ends = [each.ends for each in followers]
    pauses = [asyncio.create_task(_longest_pause(each)) for each in followers]
    yield
    for each in pauses:
        each.cancel()
    longest = max(await asyncio.gather(*pauses))
    assert longest < most_seconds
    assert [each.ends for each in followers] == ends


async def _longest_pause(follower: Follower) -> float:
    longest, since, heard = 0.0, time.monotonic(), len(follower.versions)
    try:
        while True:
            await asyncio.sleep(0.05)
            longest = max(longest, time.monotonic() - since)
            if len(follower.versions) > heard:
                since, heard = time.monotonic(), len(follower.versions)
    except asyncio.CancelledError:
        return longest


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_one_is_cut_off_one_is_killed_and_the_database_restarts(
    nodes: list[Node], postgresql: PostgreSQL
) -> None:
    cut_off, killed, unharmed = nodes
    # Slow enough that a reader that is cut off for ten seconds misses fewer changes than MOST_CHANGES.
    async with CrashLoad(nodes, posters=6, followers=12, pause=0.25).running() as storm:
        readers = {node: [each for each in storm.followers if each.server is node] for node in nodes}
        await storm.more(60)

        async with hearing(readers[killed] + readers[unharmed], 5):
            cut_off.line.hold()
            assert await is_refused_with_its_words_kept(cut_off)
            assert {"database", "writing"} <= {*await readiness(cut_off)}
            # Had it been in the middle of a post, the others could write again after two seconds, which are over. But
            # the lines of all three run through this process, which has the most to do and may be late for a moment.
            await until(lambda: is_ready(unharmed), 5)
            await cut_off.line.mend()
            await storm.more(60)

        async with hearing(readers[cut_off] + readers[unharmed], 5):
            await asyncio.to_thread(killed.stop, signal.SIGKILL)
            await storm.more(60)
            await asyncio.to_thread(killed.start)
            await storm.more(60)

        async with hearing(storm.followers, 15):
            await asyncio.to_thread(postgresql.stop)
            await asyncio.to_thread(postgresql.start)
            await storm.more(60)
