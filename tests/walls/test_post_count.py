"""The number of posts: a column that every change keeps right, shown by the page and by the stream."""

import asyncio
import random
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from feedback_app.models import Wall

from ..support import Served, post, run, serving, until
from ..support.moderators import ModeratorClient, moderating

pytestmark = pytest.mark.engines
VERBS = ("publish", "hide", "remove", "pin", "unpin", "answer", "undo")
SHOWN = re.compile(r'id="count">([^<]*)<')


async def counts(wall: Served) -> tuple[int | None, int | None]:
    """The number as stored, and as counted."""
    async with wall.database.reading() as session:
        found = (await session.scalars(Wall.named("main"))).one()
        return found.posts, await session.scalar(Wall.public_on(found.id))


async def shown(wall: Served, page: str = "/walls/main") -> str:
    found = SHOWN.search((await wall.client.get(page)).text)
    assert found
    return found.group(1)


@pytest.mark.parametrize("seed", range(4))
async def test_it_is_right_after_any_acts(wall: Served, seed: int) -> None:
    chosen = random.Random(seed)
    async with moderating(wall) as kim:
        for each in range(40):
            if each < 6 or chosen.random() < 0.2:
                held = chosen.random() < 0.3
                await hold(wall, "all" if held else "none")
                await post(wall.client, f"Entry {each}")
            else:
                await act(kim, chosen)
            stored, counted = await counts(wall)
            assert stored == counted
        assert await shown(wall) == f"{stored} post{'s' if stored != 1 else ''}"


async def act(kim: ModeratorClient, chosen: random.Random) -> None:
    """An act on some entries, or undoing one; some of them are refused."""
    verb = chosen.choice(VERBS)
    if verb == "undo":
        await kim.undo(chosen.randint(1, 20))
        return
    more: dict[str, Any] = {"text": "Thank you"} if verb == "answer" else {}
    await kim.act(verb, *{chosen.randint(1, 6) for _ in range(chosen.randint(1, 3))}, **more)


async def hold(wall: Served, policy: str) -> None:
    async def work(session: Any) -> None:
        (await session.scalars(Wall.locked("main"))).one().update_settings({"hold": policy})

    await wall.database.write(work)


async def test_pages_and_the_stream_show_it(wall: Served) -> None:
    assert await shown(wall) == ""
    await post(wall.client, "One")
    assert await shown(wall) == await shown(wall, "/walls/main/frame") == "1 post"
    for each in range(2, 4):
        await post(wall.client, f"Entry {each}")
    assert await shown(wall) == "3 posts"
    news = (await wall.client.get("/walls/main/changes?after=1")).text
    assert news.count('hx-target="#count"') == 1
    assert ">3 posts<" in news


async def test_what_a_former_version_wrote_is_counted_by_the_next_start(wall: Served, data: Path) -> None:
    """A former version takes the wall's next version, and knows nothing of the count."""
    await post(wall.client, "One")
    await post(wall.client, "Two")

    async def work(session: Any) -> None:
        await session.execute(update(Wall).values(version=Wall.version + 1, public_count=7))

    await wall.database.write(work)
    assert await counts(wall) == (None, 2)
    assert await shown(wall) == ""
    await post(wall.client, "Three")
    assert await counts(wall) == (None, 3)
    async with serving(data=data) as again:

        async def is_counted() -> bool:
            return await counts(again) == (3, 3)

        await until(is_counted)
        assert await shown(again) == "3 posts"


async def test_check_counts_again_and_says_where_it_is_wrong(wall: Served, data: Path) -> None:
    async def said() -> str:
        return (await asyncio.to_thread(run, data, "check")).stdout

    await post(wall.client, "One")
    assert "counted again, and right (walls: 1)" in await said()

    async def work(session: Any) -> None:
        await session.execute(update(Wall).values(public_count=7))

    await wall.database.write(work)
    assert "WRONG: main: 1 are public, while its page says 7" in await said()
