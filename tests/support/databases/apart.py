"""Runs coroutines in an event loop of a thread, beside the test's own."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any

SECONDS = 120


class _Loop:
    """An event loop in a thread, for fixtures that are not coroutines."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="databases of tests", daemon=True).start()

    def start(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(work, self.loop)


_loop: _Loop | None = None


def start_apart(work: Coroutine[Any, Any, Any]) -> Future[Any]:
    global _loop
    _loop = _loop or _Loop()
    return _loop.start(work)


def run_apart(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine in the thread's loop, and give its result."""
    return start_apart(work).result(SECONDS)
