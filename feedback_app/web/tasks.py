"""Ending tasks that would run for ever, when the server stops."""

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN_SECONDS = 0.5


async def cancel_all(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel them until they have ended, whatever with: once is not always enough.

    A database's driver whose question is cancelled may say that its connection broke (seen with asyncmy). To whoever
    asked that is a fault like any other: they go on as after any other, and the server would wait for them for ever.
    """
    ending = set(tasks)
    left = {task for task in ending if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_SECONDS)
    await asyncio.gather(*ending, return_exceptions=True)
