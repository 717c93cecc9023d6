"""A database server is restarted under load: no post is lost, and the server recovers without help."""

import asyncio
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ...support import HTMX, Reader, Served, items, serving, until
from ...support.databases.own_servers import DatabaseServer, MariaDB, PostgreSQL

POSTERS = 6


@pytest.fixture(params=[PostgreSQL, MariaDB], ids=["postgresql", "mariadb"])
def server(request: pytest.FixtureRequest) -> Iterator[DatabaseServer]:
    made: DatabaseServer = request.param()
    try:
        made.start()
        made.make_database("wall")
        yield made
    finally:
        made.remove()


@pytest.mark.slow
async def test_restarted_three_times_under_load_no_acknowledged_post_is_lost(
    server: DatabaseServer, tmp_path: Path
) -> None:
    """Callers see at most 503 with Retry-After, and live delivery works again within 5 s."""
    acknowledged: list[str] = []
    refused: list[int] = []
    stop = asyncio.Event()

    async def write(wall: Served, poster: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            text = f"Poster {poster} post {number}"
            fields = {"name": "Ann", "text": text, "key": f"key-of-{poster}-{number}"}
            while True:
                answer = await wall.client.post("/walls/main/feedback", data=fields, headers=HTMX)
                if answer.status_code == 201:
                    acknowledged.append(text)
                    break
                assert answer.status_code == 503, answer.text
                assert int(answer.headers["retry-after"]) > 0
                refused.append(poster)
                await asyncio.sleep(0.05)

    settings = {"data": tmp_path / "data", "database_url": server.url("wall"), "defences": False}
    async with serving(**settings) as wall, serving(**settings) as other, Reader(other.port, "0") as reader:
        writing = [asyncio.create_task(write(wall, each)) for each in range(POSTERS)]
        for how in (server.gently, server.hard, server.gently):
            target = len(acknowledged) + 60
            await until(lambda target=target: len(acknowledged) >= target, 40)
            await asyncio.to_thread(server.stop, how)
            await asyncio.sleep(0.3)
            await asyncio.to_thread(server.start)
            before, back = len(reader.news), time.monotonic()
            await until(lambda before=before: len(reader.news) > before, 30)
            # A server that was killed has to repair itself first, and this machine has other things to do as well.
            assert time.monotonic() - back < 5 * (1 + os.getloadavg()[0] / 4)
        stop.set()
        await asyncio.gather(*writing)
        page = (await wall.client.get("/walls/main")).text
        last = int(re.search(r'data-version="(\d+)"', page).group(1))  # type: ignore[union-attr]
        await until(lambda: reader.versions and reader.versions[-1] >= last)
        stored = await everything(wall.client)
        assert not reader.ended
    assert reader.versions == list(range(1, last + 1))
    assert len(stored) == len(set(stored)) == last
    assert set(acknowledged) <= set(stored)
    print(f"{len(acknowledged)} acknowledged, {len(refused)} refused meanwhile, none lost")


async def everything(client: httpx.AsyncClient) -> list[str]:
    found = await items(client)
    texts = [item["content_text"] for item in found]
    address = (await client.get("/walls/main/feed.json")).json().get("next_url")
    while address:
        feed = (await client.get(address)).json()
        texts += [item["content_text"] for item in feed["items"]]
        address = feed.get("next_url")
    return texts
