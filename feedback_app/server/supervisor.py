"""The supervisor: owns the socket, starts workers that serve on it, and replaces those that die.

It answers no requests. A worker is a new process of this program, so renewing the workers loads new code.
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
    """Runs `count` workers until a signal stops it."""

    def __init__(self, count: int, listening: socket.socket) -> None:
        self._listening = listening
        self._slots = [Slot(self._start) for _ in range(count)]
        self._workers: list[Worker] = []
        self._stop, self._renew = asyncio.Event(), asyncio.Event()
        # Under `nohup`, the end of the terminal must not stop the server.
        self._had_terminal = _has_terminal() and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN

    async def run(self, on_start: Callable[[], None]) -> int:
        """Serve until SIGTERM or SIGINT; gives the exit code. SIGHUP renews the workers one by one."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stop_all)
        loop.add_signal_handler(signal.SIGINT, self._stop_all)
        loop.add_signal_handler(signal.SIGHUP, self._on_hangup)

        stop = asyncio.create_task(self._stop.wait())
        running = asyncio.create_task(self._run_slots(on_start))
        await asyncio.wait((stop, running), return_when=asyncio.FIRST_COMPLETED)
        for task in (stop, running):
            task.cancel()
        await asyncio.wait((stop, running))

        stopped = await asyncio.gather(*(worker.stop() for worker in self._living()))
        if not running.cancelled():
            return running.result()
        return 0 if all(stopped) else 1

    async def _run_slots(self, on_start: Callable[[], None]) -> int:
        """Returns only if no worker starts; each has logged the reason."""
        if not any(await asyncio.gather(*(slot.fill() for slot in self._slots))):
            return 1
        on_start()
        async with asyncio.TaskGroup() as group:
            for slot in self._slots:
                group.create_task(slot.keep_filled())
            group.create_task(self._renew_on_request())
        return 1

    async def _start(self) -> Worker:
        worker = await Worker.start(self._listening)
        self._workers = [*self._living(), worker]
        return worker

    def _living(self) -> Sequence[Worker]:
        return [worker for worker in self._workers if worker.process.returncode is None]

    async def _renew_on_request(self) -> None:
        while await self._renew.wait():
            self._renew.clear()
            for slot in self._slots:
                if not await slot.renew():
                    logger.error("The new worker did not start. The current workers continue.")
                    break

    def _stop_all(self) -> None:
        """Stop gracefully; the second time, interrupt the workers."""
        if self._stop.is_set():
            for worker in self._living():
                worker.send_signal(signal.SIGINT)
        self._stop.set()

    def _on_hangup(self) -> None:
        """SIGHUP: stop if our terminal was closed, else renew the workers."""
        if self._had_terminal and not _has_terminal():
            self._stop.set()
        else:
            self._renew.set()


def run(count: int, listening: socket.socket, on_start: Callable[[], None]) -> int:
    """Serve with `count` workers until a signal stops us; gives the exit code."""

    async def supervise() -> int:
        return await Supervisor(count, listening).run(on_start)

    # Every worker answers `/metrics` for all of them.
    with metrics.shared_folder():
        return asyncio.run(supervise())


def _has_terminal() -> bool:
    try:
        os.close(os.open(os.ctermid(), os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


# Backoff: workers that die younger than this are replaced after a growing pause.
YOUNG_SECONDS = 15
MOST_WAIT_SECONDS = 2.0
MOST_WAIT_SECONDS_UNSERVED = 10.0


class Slot:
    """A slot for one worker, which is replaced when it dies."""

    def __init__(self, start: Callable[[], Awaitable[Worker]]) -> None:
        self._start = start
        self._lock = asyncio.Lock()
        self._worker: Worker | None = None
        self._since = 0.0
        self._young_deaths = 0

    async def fill(self) -> bool:
        """Start a worker; False if it ended before it served, after it has logged the reason."""
        self._since = time.monotonic()
        self._worker = await self._try_to_start()
        return self._worker is not None and await self._worker.wait_until_serving()

    async def keep_filled(self) -> None:
        """Replace the worker whenever it ends; cancelled when the supervisor stops."""
        while True:
            worker = self._worker
            has_served = worker is not None and await worker.wait_until_ended()
            if worker is not self._worker:
                continue
            pause = self._backoff(MOST_WAIT_SECONDS if has_served else MOST_WAIT_SECONDS_UNSERVED)
            if worker is not None:
                logger.warning("%s. It is replaced%s.", worker.exit_description(), f" in {pause:g} s" if pause else "")
            await asyncio.sleep(pause)
            async with self._lock:
                if worker is self._worker:
                    await self.fill()

    async def renew(self) -> bool:
        """Start a new worker, then stop the old one; False if the new one does not start."""
        async with self._lock:
            successor = await self._try_to_start()
            if successor is None or not await successor.wait_until_serving():
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

    def _backoff(self, most: float) -> float:
        """Seconds until a replacement starts: zero, unless workers die young repeatedly."""
        is_young = time.monotonic() - self._since < YOUNG_SECONDS
        self._young_deaths = self._young_deaths + 1 if is_young else 0
        return min(0.25 * 2**self._young_deaths, most) if self._young_deaths > 1 else 0
