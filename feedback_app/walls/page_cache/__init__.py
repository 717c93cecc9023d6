"""The front door: the pages that everybody reads, answered below Quart with bytes that are ready."""

import asyncio
from collections.abc import AsyncGenerator
from urllib.parse import urlsplit

from quart import Quart

from ...config import Settings
from ...web.middleware.asgi import App, wrap
from ...web.tasks import end
from .middleware import Door


def init_app(app: Quart, settings: Settings) -> None:
    public = urlsplit(settings.base_url)
    origin = (public.scheme, public.netloc.encode()) if settings.base_url else None

    def hang(inner: App) -> Door:
        door = app.extensions["door"] = Door(inner, app.extensions["freshness"], app.extensions["stamps"], origin)
        return door

    wrap(app, hang)

    @app.while_serving
    async def lifetime() -> AsyncGenerator[None, None]:
        door: Door = app.extensions["door"]
        tasks = [asyncio.create_task(door.tend()), asyncio.create_task(door.compress())]
        yield
        await end(tasks)
        await door.close()
