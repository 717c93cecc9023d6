"""The page cache: public pages, feeds and fragments as bytes, served below Quart while the wall is unchanged.

Start with `middleware.py`; `cached_page.py` has a page and the LRU cache, `renderer.py` asks Quart for a page.
May import what `walls` may.
Tests: tests/walls/test_page_cache.py, tests/walls/test_etag.py.
"""

import asyncio
from collections.abc import AsyncGenerator

from quart import Quart

from ...web.middleware.asgi import layer_of
from ...web.tasks import cancel_all
from .middleware import PageCacheMiddleware


def init_app(app: Quart) -> None:
    """Revalidate and compress cached pages in the background while the app serves."""
    cache = layer_of(app, PageCacheMiddleware)

    @app.while_serving
    async def lifetime() -> AsyncGenerator[None, None]:
        tasks = [asyncio.create_task(cache.revalidate()), asyncio.create_task(cache.compress())]
        yield
        await cancel_all(tasks)
        await cache.close()
