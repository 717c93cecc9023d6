"""The supervisor: one process that holds the socket and keeps several workers serving on it.

It answers no request itself. A worker is this same program started afresh, so that a new one brings new code with it.
"""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Sequence

from .. import metrics
from .line import Line
from .place import Place
from .worker import Worker

__all__ = ["Line", "run"]

logger = logging.getLogger(__name__)


class Supervisor:
    def __init__(self, count: int, listening: socket.socket) -> None:
        self._listening = listening
        self._places = [Place(self._start) for _ in range(count)]
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
