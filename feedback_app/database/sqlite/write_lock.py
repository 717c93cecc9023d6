"""Write lock: an advisory file lock (flock) that queues processes writing to the same SQLite file."""

import asyncio
import fcntl
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

PATIENCE_SECONDS = 1.0


class WriteLock:
    """A lock on a file beside the database, acquired for each batch.

    SQLite polls its own lock with growing pauses, so a process can be overtaken for seconds. A waiter for this lock
    gets it immediately. It is only advisory: the system releases it when a process dies, a waiter proceeds without it
    after `PATIENCE_SECONDS`, and SQLite's own lock decides.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        # The lock that a thread waits for, and whether this process's writer still awaits it.
        self._pending: asyncio.Future[int | None] | None = None
        self._is_awaited = False

    @asynccontextmanager
    async def acquired(self) -> AsyncIterator[None]:
        """Hold the lock, or proceed without it after `PATIENCE_SECONDS`."""
        lock = await self._acquire()
        try:
            yield
        finally:
            _release(lock)

    async def _acquire(self) -> int | None:
        """A file descriptor that holds the lock until it is closed; None to proceed without it."""
        if self._pending is None:
            try:
                return self._lock(fcntl.LOCK_NB)
            except BlockingIOError:
                self._pending = self._wait_in_a_thread()
            except OSError:  # The folder is not writable, or its file system does not support flock.
                return None
        pending = self._pending
        self._is_awaited = True
        done, _ = await asyncio.wait({pending}, timeout=PATIENCE_SECONDS)
        self._is_awaited = False
        if done:
            self._pending = None
            return pending.result()
        pending.add_done_callback(self._release_late)
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
        """Wait in a daemon thread: it does not block the event loop and does not keep the process alive."""
        loop = asyncio.get_running_loop()
        pending: asyncio.Future[int | None] = loop.create_future()

        def wait() -> None:
            lock = None
            with suppress(OSError):
                lock = self._lock()
            try:
                loop.call_soon_threadsafe(pending.set_result, lock)
            except RuntimeError:  # The event loop is closed.
                _release(lock)

        threading.Thread(target=wait, name="write-lock", daemon=True).start()
        return pending

    def _release_late(self, pending: "asyncio.Future[int | None]") -> None:
        """Release a lock that arrived after the timeout, unless a later batch awaits it."""
        if self._pending is pending and not self._is_awaited:
            self._pending = None
            _release(pending.result())


def _release(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)
