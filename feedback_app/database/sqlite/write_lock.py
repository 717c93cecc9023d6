"""Turns: processes that write into the same SQLite file do it one after the other, instead of by chance."""

import asyncio
import fcntl
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

PATIENCE_SECONDS = 1.0


class WriteLock:
    """A lock on a file beside the database, held while a batch is written.

    Who finds SQLite locked looks again after pauses that grow, and may be overtaken for seconds; who waits for this
    lock gets it at once. It is a courtesy and no more: the system takes it from a process that dies, who waits too
    long (somebody has it and does not get on) writes without it, and SQLite's own lock decides in any case.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        # A lock that a thread waits for, and whether somebody here still waits for the thread.
        self._coming: asyncio.Future[int | None] | None = None
        self._is_awaited = False

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        lock = await self._take()
        try:
            yield
        finally:
            _give_back(lock)

    async def _take(self) -> int | None:
        """The open file that has the lock until it is closed; None for going on without it."""
        if self._coming is None:
            try:
                return self._lock(fcntl.LOCK_NB)
            except BlockingIOError:
                self._coming = self._wait_in_a_thread()
            except OSError:  # The folder cannot be written to, or its file system knows no such locks.
                return None
        coming = self._coming
        self._is_awaited = True
        done, _ = await asyncio.wait({coming}, timeout=PATIENCE_SECONDS)
        self._is_awaited = False
        if done:
            self._coming = None
            return coming.result()
        coming.add_done_callback(self._come_too_late)
        return None

    def _lock(self, how: int = 0) -> int:
        file = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | how)
        except OSError:
            os.close(file)
            raise
        return file

    def _wait_in_a_thread(self) -> "asyncio.Future[int | None]":
        """The event loop is not kept waiting, and a thread that waits for ever does not keep the process alive."""
        loop = asyncio.get_running_loop()
        coming: asyncio.Future[int | None] = loop.create_future()

        def wait() -> None:
            lock = None
            with suppress(OSError):
                lock = self._lock()
            try:
                loop.call_soon_threadsafe(coming.set_result, lock)
            except RuntimeError:  # The loop is closed, and nobody waits any more.
                _give_back(lock)

        threading.Thread(target=wait, name="turn", daemon=True).start()
        return coming

    def _come_too_late(self, coming: "asyncio.Future[int | None]") -> None:
        if self._coming is coming and not self._is_awaited:
            self._coming = None
            _give_back(coming.result())


def _give_back(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)
