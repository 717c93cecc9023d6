"""Cancelling background tasks at shutdown."""

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN_SECONDS = 0.5


async def cancel_all(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel the tasks, repeatedly, until all have ended; their exceptions are dropped.

    Once is not always enough: a database driver may turn a cancelled query into a connection error (seen with
    asyncmy). The task would handle that like any other error and go on for ever.
    """
    every = set(tasks)
    pending = {task for task in every if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN_SECONDS)
    await asyncio.gather(*every, return_exceptions=True)
