"""Live delivery: who is listening, what they are told, and how this process hears of what others committed."""

import asyncio
from collections.abc import AsyncGenerator

from quart import Quart

from ..config import Settings
from ..database import Database
from ..walls.versions import wall_versions_for
from ..web import metrics
from ..web.middleware.asgi import wrap
from ..web.tasks import cancel_all
from .access import StreamAccess
from .broadcaster import Broadcaster
from .catch_up import CatchUpCache
from .commit_watch import commit_watcher_for
from .hub import Hub
from .streams import StreamMiddleware
from .wall_index import WallIndexMiddleware


def init_app(app: Quart, settings: Settings, database: Database) -> None:
    hub = Hub(most=settings.streams, most_per_address=settings.streams_per_address)
    wall_versions = wall_versions_for(database)
    catch_up_cache = CatchUpCache(database, wall_versions)
    app.extensions.update(hub=hub, wall_versions=wall_versions, catch_up_cache=catch_up_cache)
    wrap(app, lambda inner: StreamMiddleware(inner, hub, database, catch_up_cache, settings.base_url))
    wrap(app, lambda inner: WallIndexMiddleware(inner, hub, database, settings.base_url))

    @app.while_serving
    async def lifetime() -> AsyncGenerator[None, None]:
        wake = commit_watcher_for(database, hub.has_listeners)
        broadcaster = app.extensions["broadcaster"] = Broadcaster(database, hub, wake)
        rights = StreamAccess(database, hub)
        work = (broadcaster.run(), wake.watch(), hub.heartbeat(), rights.watch(), metrics.watch(hub))
        tasks = [asyncio.create_task(each) for each in work]
        yield
        hub.close()
        await cancel_all(tasks)
        await broadcaster.close()
        await catch_up_cache.close()
        await wall_versions.close()
