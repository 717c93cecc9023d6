"""The front door: the pages that everybody reads, answered below Quart with bytes that are ready."""

import asyncio
from collections.abc import AsyncGenerator
from urllib.parse import urlsplit

from quart import Quart

from ...config import Settings
from ...web.middleware.asgi import App, wrap
from ...web.tasks import cancel_all
from .middleware import PageCacheMiddleware


def init_app(app: Quart, settings: Settings) -> None:
    public = urlsplit(settings.base_url)
    origin = (public.scheme, public.netloc.encode()) if settings.base_url else None

    def hang(inner: App) -> PageCacheMiddleware:
        door = app.extensions["page_cache"] = PageCacheMiddleware(
            inner, app.extensions["wall_versions"], app.extensions["form_tokens"], origin
        )
        return door

    wrap(app, hang)

    @app.while_serving
    async def lifetime() -> AsyncGenerator[None, None]:
        door: PageCacheMiddleware = app.extensions["page_cache"]
        tasks = [asyncio.create_task(door.revalidate()), asyncio.create_task(door.compress())]
        yield
        await cancel_all(tasks)
        await door.close()
