"""Live delivery: who is listening, what they are told, and how this process hears of what others committed."""

import asyncio
from collections.abc import AsyncGenerator

from quart import Quart

from .. import metrics
from ..asgi import wrap
from ..config import Settings
from ..database import Database
from ..ending import end
from .freshness import freshness_of
from .hub import Hub
from .index import Indexes
from .past import Past
from .purge import Purge
from .rights import Rights
from .stream import Streams
from .teller import Teller
from .wake import wake_for


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
        purge = app.extensions["purge"] = Purge(
            database, undo_days=settings.undo_days, keep_days=settings.keep_removed_days
        )
        work = (teller.run(), wake.watch(), hub.beat(), rights.watch(), metrics.watch(hub))
        tasks = [asyncio.create_task(each) for each in work]
        purging = asyncio.create_task(purge.run())
        yield
        hub.close()
        purge.stop()
        await asyncio.gather(purging, return_exceptions=True)
        await end(tasks)
        await teller.close()
        await past.close()
        await freshness.close()
