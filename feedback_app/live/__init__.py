"""Live delivery: server-sent events, from a commit in any process to every open page.

Start with `broadcaster.py`, then `hub.py`, `changes.py` and `streams.py`. The room may import `moderation` and the
rooms before it. The tests are in `tests/live/`, and `tests/browser/walls/test_live.py`.
"""

import asyncio
from collections.abc import AsyncGenerator

from quart import Quart

from ..web import metrics
from ..web.state import state_of
from ..web.tasks import cancel_all
from .access import StreamAccess


def init_app(app: Quart) -> None:
    """Run the tasks of live delivery while the app serves."""
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
