"""What the page cache evicts: the least recently used pages, and at once what was hidden."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from feedback_app.models import Wall
from feedback_app.walls.page_cache import cached_page, middleware
from feedback_app.web.middleware.asgi import layer_of

from ..support import Served, post, until


async def test_addresses_without_number_do_not_take_the_place_of_the_pages_people_read(
    client: httpx.AsyncClient, wall: Served, made: Counter[str]
) -> None:
    await client.get("/walls/main")
    for each in range(40):
        await client.get(f"/walls/main?x{each}=1")
        await client.get(f"/walls/main?before={each}")
    made.clear()
    await client.get("/walls/main")
    assert made["/walls/main"] == 0


async def test_a_full_cache_evicts_the_least_recently_used_page(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, serve: Callable[..., Any], made: Counter[str]
) -> None:
    monkeypatch.setattr(middleware, "QUERIED_BYTES", 60_000)
    wall: Served = await serve(post_limit="")
    favourite = "/walls/main?before=1"
    await wall.client.get(favourite)
    for each in range(2, 30):
        await wall.client.get(f"/walls/main?before={each}")
        await wall.client.get(favourite)
    made.clear()
    await wall.client.get(favourite)
    assert made[favourite] == 0
    await wall.client.get("/walls/main?before=2")
    assert made["/walls/main?before=2"] == 1


async def test_what_was_hidden_is_dropped_before_anything_is_compressed(
    wall: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many pages wait for compression: a hidden entry must not reappear on a stale page."""
    goes_on = threading.Event()
    monkeypatch.setattr(cached_page.CachedPage, "compress_best", lambda _: goes_on.wait(20))
    monkeypatch.setattr(middleware, "SETTLED_SECONDS", 0)
    await post(wall.client, text="Regretted " + "x" * 900)
    for each in range(60):
        for _ in range(2):
            await wall.client.get(f"/walls/main?before={each + 2}", headers={"Host": f"host-{each}.test"})
    cache = layer_of(wall.app, middleware.PageCacheMiddleware)
    caches = cache._queried, cache._plain
    before = {id(each) for cached in caches for _, each in cached.latest()}
    assert len(before) >= 60
    await wall.change(Wall.hide, 1)
    await until(lambda: not before & {id(each) for cached in caches for _, each in cached.latest()}, 8)
    goes_on.set()
