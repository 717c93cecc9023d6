"""Live delivery: who is listening, what they are told, and how this process hears of what others committed."""

import asyncio
from collections.abc import AsyncGenerator

from quart import Quart

from ..web import metrics
from ..web.state import state_of
from ..web.tasks import cancel_all
from .access import StreamAccess


def init_app(app: Quart) -> None:
    state = state_of(app)

    @app.while_serving
    async def lifetime() -> AsyncGenerator[None, None]:
        access = StreamAccess(state.database, state.hub)
        work = (
            state.broadcaster.run(),
            state.broadcaster.watcher.watch(),
            state.hub.heartbeat(),
            access.watch(),
            metrics.watch(state.hub),
        )
        tasks = [asyncio.create_task(each) for each in work]
        yield
        state.hub.close()
        await cancel_all(tasks)
        await state.broadcaster.close()
        await state.catch_up_cache.close()
        await state.wall_versions.close()
