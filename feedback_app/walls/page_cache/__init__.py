"""The front door: the pages that everybody reads, answered below Quart with bytes that are ready."""

import asyncio
from collections.abc import AsyncGenerator

from quart import Quart

from ...web.middleware.asgi import layer_of
from ...web.tasks import cancel_all
from .middleware import PageCacheMiddleware


def init_app(app: Quart) -> None:
    """Keep the cache fresh while the app serves."""
    cache = layer_of(app, PageCacheMiddleware)

    @app.while_serving
    async def lifetime() -> AsyncGenerator[None, None]:
        tasks = [asyncio.create_task(cache.revalidate()), asyncio.create_task(cache.compress())]
        yield
        await cancel_all(tasks)
        await cache.close()
