"""Live delivery: who is listening, what they are told, and how this process hears of what others committed."""

import asyncio
from collections.abc import AsyncGenerator

from quart import Quart

from ..config import Settings
from ..database import Database
from ..walls.versions import freshness_of
from ..web import metrics
from ..web.middleware.asgi import wrap
from ..web.tasks import end
from .access import Rights
from .broadcaster import Teller
from .catch_up import Past
from .commit_watch import wake_for
from .hub import Hub
from .streams import Streams
from .wall_index import Indexes


def init_app(app: Quart, settings: Settings, database: Database) -> None:
    hub = Hub(most=settings.streams, most_per_address=settings.streams_per_address)
    freshness = freshness_of(database)
    past = Past(database, freshness)
    app.extensions.update(hub=hub, freshness=freshness, past=past)
    wrap(app, lambda inner: Streams(inner, hub, database, past, settings.base_url))
    wrap(app, lambda inner: Indexes(inner, hub, database, settings.base_url))

    @app.while_serving
    async def lifetime() -> AsyncGenerator[None, None]:
        wake = wake_for(database, hub.hears_of)
        teller = app.extensions["teller"] = Teller(database, hub, wake)
        rights = Rights(database, hub)
        work = (teller.run(), wake.watch(), hub.beat(), rights.watch(), metrics.watch(hub))
        tasks = [asyncio.create_task(each) for each in work]
        yield
        hub.close()
        await end(tasks)
        await teller.close()
        await past.close()
        await freshness.close()
