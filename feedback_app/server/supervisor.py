"""The supervisor: one process that holds the socket and keeps several workers serving on it.

It answers no request itself. A worker is this same program started afresh, so that a new one brings new code with it.
"""

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Sequence

from ..web import metrics
from .worker import Heartbeat, Worker

__all__ = ["Heartbeat", "run"]

logger = logging.getLogger(__name__)


class Supervisor:
    def __init__(self, count: int, listening: socket.socket) -> None:
        self._listening = listening
        self._places = [Slot(self._start) for _ in range(count)]
        self._workers: list[Worker] = []
        self._stop, self._renew = asyncio.Event(), asyncio.Event()
        # Whoever starts us with `nohup` wants the end of the terminal to mean nothing.
        self._had_terminal = _has_terminal() and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN

    async def run(self, on_start: Callable[[], None]) -> int:
        """Serve until SIGTERM or SIGINT; gives the exit code. SIGHUP renews the workers one after the other."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stop_all)
        loop.add_signal_handler(signal.SIGINT, self._stop_all)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)

        stop = asyncio.create_task(self._stop.wait())
        work = asyncio.create_task(self._work(on_start))
        await asyncio.wait((stop, work), return_when=asyncio.FIRST_COMPLETED)
        for task in (stop, work):
            task.cancel()
        await asyncio.wait((stop, work))

        stopped = await asyncio.gather(*(worker.stop() for worker in self._living()))
        if not work.cancelled():
            return work.result()
        return 0 if all(stopped) else 1

    async def _work(self, on_start: Callable[[], None]) -> int:
        """Comes to an end only when not one worker comes up, having said why itself."""
        if not any(await asyncio.gather(*(place.fill() for place in self._places))):
            return 1
        on_start()
        async with asyncio.TaskGroup() as group:
            for place in self._places:
                group.create_task(place.keep())
            group.create_task(self._renew_when_told())
        return 1

    async def _start(self) -> Worker:
        worker = await Worker.start(self._listening)
        self._workers = [*self._living(), worker]
        return worker

    def _living(self) -> Sequence[Worker]:
        return [worker for worker in self._workers if worker.process.returncode is None]

    async def _renew_when_told(self) -> None:
        while await self._renew.wait():
            self._renew.clear()
            for place in self._places:
                if not await place.renew():
                    logger.error("The new worker did not come up, so those that serve go on as they are.")
                    break

    def _stop_all(self) -> None:
        """Patiently the first time; when told again, the workers let go of what they are doing."""
        if self._stop.is_set():
            for worker in self._living():
                worker.tell(signal.SIGINT)
        self._stop.set()

    def _hang_up(self) -> None:
        """Somebody wants new workers, or the terminal from which we were started was closed."""
        if self._had_terminal and not _has_terminal():
            self._stop.set()
        else:
            self._renew.set()


def run(count: int, listening: socket.socket, on_start: Callable[[], None]) -> int:
    """Keep `count` workers serving on the socket until we are told to stop; gives the exit code."""

    async def supervise() -> int:
        return await Supervisor(count, listening).run(on_start)

    # Whichever worker is asked for numbers answers with those of all.
    with metrics.shared_folder():
        return asyncio.run(supervise())


def _has_terminal() -> bool:
    try:
        os.close(os.open(os.ctermid(), os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


# Who dies sooner than this again and again is replaced later each time, so that what cannot live keeps no core busy.
YOUNG_SECONDS = 15
MOST_WAIT_SECONDS = 2.0
MOST_WAIT_SECONDS_UNSERVED = 10.0


class Slot:
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
