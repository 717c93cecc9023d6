"""The command `demo`: an invented day on an empty wall."""

import asyncio
from pathlib import Path
from subprocess import CompletedProcess

import httpx

from ..support import Served, items, run
from ..support.moderators import arrange

COMMAND = ("demo", "--every", "0.05", "--count", "1")


async def demo(data: Path) -> CompletedProcess[str]:
    return await asyncio.to_thread(run, data, *COMMAND)


async def test_it_fills_an_empty_wall_with_a_day_and_does_so_once(wall: Served, data: Path) -> None:
    first = (await demo(data)).stdout.splitlines()
    again = (await demo(data)).stdout.splitlines()
    assert (first[0].startswith("Wrote an invented day"), len(first), len(again)) == (True, 2, 1)
    newest = await items(wall.client)
    times = [each["date_published"] for each in newest]
    assert times == sorted(times, reverse=True)
    assert len({each[:13] for each in times}) > 8, "They are spread over the day."
    page = (await wall.client.get("/walls/main")).text
    assert page.count("data-pinned=") == 3
    assert "Ruth Adeyemi" in page
    assert "Cheap Offers" not in page


async def test_a_wall_that_reviews_has_something_to_review_and_the_rest_is_public(
    wall: Served, data: Path, owner: httpx.AsyncClient
) -> None:
    await arrange(wall, hold="all")
    await demo(data)
    queue = (await owner.get("/walls/main/moderation")).text
    assert "Cheap Offers" in queue
    public = (await wall.client.get("/walls/main")).text
    assert "Lab visitor 212" not in public
    assert "Best afternoon in months" in public


async def test_a_closed_wall_is_one_clear_sentence(wall: Served, data: Path) -> None:
    await arrange(wall, is_closed=True)
    outcome = await demo(data)
    assert outcome.returncode == 1
    assert "closed to new posts" in outcome.stderr
