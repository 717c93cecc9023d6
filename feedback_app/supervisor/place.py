"""A place in which one worker is to be: filled, filled again when the worker dies, and renewed."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from .worker import Worker

logger = logging.getLogger(__name__)

# Who dies sooner than this again and again is replaced later each time, so that what cannot live keeps no core busy.
YOUNG_SECONDS = 15
MOST_WAIT_SECONDS = 2.0
MOST_WAIT_SECONDS_UNSERVED = 10.0


class Place:
    def __init__(self, start: Callable[[], Awaitable[Worker]]) -> None:
        self._start = start
        self._lock = asyncio.Lock()
        self._worker: Worker | None = None
        self._since = 0.0
        self._young_deaths = 0

    async def fill(self) -> bool:
        """Start a worker; False when it ended before it served, having said why itself."""
        self._since = time.monotonic()
        self._worker = await self._try_to_start()
        return self._worker is not None and await self._worker.serves()

    async def keep(self) -> None:
        """Have another worker start whenever the one here ends. Cancelled when everything stops."""
        while True:
            worker = self._worker
            has_served = worker is not None and await worker.end()
            if worker is not self._worker:
                continue
            wait = self._wait(MOST_WAIT_SECONDS if has_served else MOST_WAIT_SECONDS_UNSERVED)
            if worker is not None:
                logger.warning("%s; another one takes its place%s.", worker.ending(), f" in {wait:g} s" if wait else "")
            await asyncio.sleep(wait)
            async with self._lock:
                if worker is self._worker:
                    await self.fill()

    async def renew(self) -> bool:
        """Have a new worker serve before the old one is told to stop; False when the new one does not come up."""
        async with self._lock:
            successor = await self._try_to_start()
            if successor is None or not await successor.serves():
                return False
            old, self._worker, self._since = self._worker, successor, time.monotonic()
        if old is not None:
            await old.stop()
        return True

    async def _try_to_start(self) -> Worker | None:
        try:
            return await self._start()
        except OSError as error:
            logger.error("A worker cannot be started: %s.", error)
            return None

    def _wait(self, most: float) -> float:
        """How long the place stays empty: not at all, unless workers die young again and again."""
        is_young = time.monotonic() - self._since < YOUNG_SECONDS
        self._young_deaths = self._young_deaths + 1 if is_young else 0
        return min(0.25 * 2**self._young_deaths, most) if self._young_deaths > 1 else 0
